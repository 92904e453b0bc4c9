export type { BodySource, RequestBody } from "./body.js";
export type { Documents } from "./documents.js";
export { boolField, enumField, maskField, messageField, opaqueField, repeatedField, textField } from "./fields.js";
export type { FieldKind, FieldOptions, RequestField, RequestFieldInfo, RequestFields } from "./fields.js";
export { createGateway } from "./gateway.js";
export type { Gateway, GatewayOptions, GatewayRequest, GatewayResponse } from "./gateway.js";
export type { RequestHeaders } from "./headers.js";
export { toNodeListener } from "./node.js";
export { routeSet } from "./route.js";
export type {
  ChainedRouteOptions,
  HttpRoute,
  PathVariable,
  RouteBody,
  RouteOptions,
  RouteResponseBody,
  RouteSet,
} from "./route.js";
export { createRouter } from "./router.js";
export type { Match, RoutePattern, Router } from "./router.js";
export type { GatewaySocketOptions } from "./sockets.js";
