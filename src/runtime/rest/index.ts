export { createRestClient } from "./client.js";
export type {
  Fetch,
  FetchReader,
  FetchResponse,
  RestCallOptions,
  RestClient,
  RestClientOptions,
  RestHeaders,
  RestResponseHead,
} from "./client.js";
export { isRestError, RestCode, RestError } from "./error.js";
export type { ErrorInfo, RestErrorOptions } from "./error.js";
export { createRestSocketClient } from "./socket-client.js";
export type { RestSocketClient } from "./socket-client.js";
export { messageField, opaqueField } from "./route.js";
export type { PathPart, RestField, RestFieldInfo, RestFields, RestRoute, RestVariable } from "./route.js";
