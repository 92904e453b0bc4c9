import type { Chain, LayerList, MethodImplementation, ServiceInfo } from "../rpc/index.js";
import { clientMethods, implementService } from "../rpc/index.js";
import type { JsonValue } from "../wire/index.js";
import type { FieldKind, RequestFields } from "./fields.js";

/** A variable of a path template about which the template does not say all. */
export interface PathVariable {
  /** Contract names from the request message down. */
  readonly field: readonly string[];
  /** The same in JSON. */
  readonly json: readonly string[];
  readonly kind: FieldKind;
}

/** The part of the request message that the body holds, where its name does not say all. */
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
  /** The template as the contract has it, `/v1/{name=books/*}:move`. */
  readonly path: string;
  /** The variables of the template that are no texts, or have a JSON name of their own. */
  readonly variables?: readonly PathVariable[];
  /** Fields that query parameters may set; none by default. */
  readonly query?: RequestFields;
  /** The field that the body holds, by its contract name; `*` for the whole message. */
  readonly body?: string | RouteBody;
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
