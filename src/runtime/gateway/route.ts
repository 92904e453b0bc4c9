import type { Chain, LayerList, MethodImplementation, ServiceInfo } from "../rpc/index.js";
import { clientMethods, implementService } from "../rpc/index.js";
import type { JsonValue } from "../wire/index.js";

/**
 * How the text of a path segment or query parameter becomes JSON: `text` for all that ProtoJSON takes as a string
 * (numbers, bytes, Timestamp and the other types written as strings included); `opaque` has no form in a URL.
 */
export type FieldKind = "text" | "bool" | "enum" | "mask" | "message" | "opaque";

/** A field of a request message as URLs see it. */
export interface RequestField {
  /** The name in the contract, `page_size`. */
  readonly name: string;
  /** The name in JSON, `pageSize`; URLs may use either. */
  readonly json: string;
  readonly kind: FieldKind;
  readonly repeated?: boolean;
  /** The fields of a nested message; a function because messages may be recursive. */
  readonly fields?: () => readonly RequestField[];
}

/** A variable of a path template: the segments from `start` up to, not including, `end`. */
export interface PathVariable {
  /** Contract names from the request message down. */
  readonly field: readonly string[];
  /** The same in JSON. */
  readonly json: readonly string[];
  readonly kind: FieldKind;
  readonly start: number;
  readonly end: number;
}

/** The part of the request message that the body holds. */
export interface RouteBody {
  /** The field's contract name; `*` for the whole message. */
  readonly name: string;
  readonly json: string;
  /** A `google.api.HttpBody`: bytes of any content type. */
  readonly raw?: boolean;
}

/** The part of the response message that the body holds, where it is not the message as JSON. */
export interface RouteResponseBody {
  /** The field's JSON name; `*` for the whole message. */
  readonly json: string;
  /** What stands for the field when ProtoJSON leaves it out. */
  readonly empty: JsonValue;
  /** Where in the message the `google.api.HttpBody` is, when it is one. */
  readonly raw?: readonly string[];
}

/** One HTTP binding of a method. Emitted as data, so that a diff of generated code shows what changed. */
export interface HttpRoute {
  /** The method's name in the contract, `GetUser`. */
  readonly method: string;
  /** Upper case; `*` takes any verb. */
  readonly verb: string;
  /** The template as the contract has it; in spans and messages. */
  readonly path: string;
  /** Literals, `*` for one segment, `**` for any number of them. */
  readonly segments: readonly string[];
  /** The verb after the path's colon, `/v1/books/1:move`. */
  readonly customVerb?: string;
  readonly variables: readonly PathVariable[];
  /** Fields that query parameters may set. */
  readonly query: readonly RequestField[];
  readonly body?: RouteBody;
  readonly responseBody?: RouteResponseBody;
  /** Status of success; 200 by default. */
  readonly status?: number;
  /** The `Location` header of success: texts and JSON paths into the response in turns. */
  readonly location?: readonly (string | readonly string[])[];
}

/** The routes of one service with what answers them; made by the generated `userServiceRoutes(backend)`. */
export interface RouteSet {
  readonly service: ServiceInfo;
  readonly routes: readonly HttpRoute[];
  readonly methods: ReadonlyMap<string, MethodImplementation>;
}

/** Settings of a service behind the gateway. */
export interface RouteOptions {
  /** Interceptors around a handler, the same as for gRPC. A client brings its own. */
  readonly chain?: LayerList | undefined;
}

/** The same for a handler whose context the interceptors must fill. */
export interface ChainedRouteOptions<C> {
  readonly chain: Chain<C>;
}

/**
 * Joins a service's routes with its backend: a generated client, or a handler in this process, which then runs
 * behind the same chain as under gRPC.
 */
export function routeSet(
  service: ServiceInfo,
  routes: readonly HttpRoute[],
  backend: object,
  options: RouteOptions = {},
): RouteSet {
  const methods = clientMethods(backend) ?? implementService(service, backend, options);
  return { service, routes, methods };
}
