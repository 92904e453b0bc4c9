import { drainAll } from "../channels/drain.js";
import type { ChannelRoute, UpgradeAnswer, UpgradeRequest } from "../channels/index.js";
import { joinPath } from "../channels/path.js";
import type { ServeOptions } from "../channels/server-types.js";
import type { ConnectionOptions } from "../channels/types.js";
import { isAllowedOrigin } from "../channels/upgrade.js";
import { type Tracer, systemClock } from "../context/index.js";
import { Code, type FailureListener, type MethodInfo, reportFailure, statusOfError } from "../rpc/index.js";
import type { TypeRegistry } from "../wire/index.js";
import { readHead, startCall } from "./calls.js";
import { HttpError, invalid } from "./errors.js";
import type { GatewayResponse } from "./gateway.js";
import { type RequestHeaders, traceOf } from "./headers.js";
import { peerText } from "./peer.js";
import type { PreparedRoute } from "./prepare.js";
import { type Match, createRouter } from "./router.js";
import { type SocketCall, serveSocketCall } from "./socket-call.js";
import { httpStatusOfError } from "./status.js";
import { splitTarget } from "./target.js";

/**
 * Settings of the WebSockets of a gateway; they mean what they mean for channels.
 *
 * @example createGateway({ routes, sockets: { origins: ["https://app.example.com"] } });
 */
export interface GatewaySocketOptions
  extends
    Pick<ServeOptions, "basePath" | "origins" | "maxConnections">,
    Pick<ConnectionOptions, "heartbeat" | "receiveBuffer" | "highWaterBytes"> {}

/** What the WebSockets of a gateway share with its other requests. */
export interface SocketsInit {
  /** Those of methods that stream both ways. */
  readonly routes: readonly PreparedRoute[];
  readonly passed: ReadonlySet<string>;
  readonly tracer: Tracer;
  readonly registry: TypeRegistry | undefined;
  readonly limit: number;
  readonly onFailure: FailureListener;
  /** The response of a failure before the upgrade. */
  readonly refuse: (error: unknown, method: MethodInfo | undefined) => GatewayResponse & { readonly body: string };
  readonly options: GatewaySocketOptions;
}

/** The WebSockets of a gateway. */
export interface Sockets {
  readonly route: ChannelRoute;
  /** True for the path of one, below no base path. @throws {URIError} when a percent-encoding is malformed. */
  has(path: string): boolean;
}

/** Methods that stream both ways, as WebSockets. @throws when two take the same path. */
export function createSockets(init: SocketsInit): Sockets {
  const { tracer, registry, options } = init;
  const { origins, maxConnections = 10_000, basePath = "" } = options;
  const base = joinPath("", basePath).replace(/\/$/, "");
  const router = createRouter(onePerMethod(init.routes).map((route) => ({ ...route, verb: "GET" })));
  const open = new Set<SocketCall>();
  let draining = false;

  function find(path: string): Match<PreparedRoute> | "malformed" {
    try {
      return path.startsWith(`${base}/`) ? router.match("GET", path.slice(base.length)) : { kind: "none" };
    } catch (error) {
      if (error instanceof URIError) return "malformed";
      throw error;
    }
  }

  function refuse(error: unknown, method?: MethodInfo): UpgradeAnswer & { readonly accept: false } {
    const { status, headers, body } = init.refuse(error, method);
    return { accept: false, status, headers, reason: body };
  }

  async function answer(
    request: UpgradeRequest,
    route: PreparedRoute,
    segments: readonly string[],
  ): Promise<UpgradeAnswer> {
    const { path, query } = splitTarget(request.url);
    const headers = requestHeaders(request);
    const span = tracer.start(`GET ${route.path}`, {
      kind: "server",
      parent: traceOf(headers),
      attributes: { "http.request.method": "GET", "http.route": route.path, "url.path": path },
    });
    try {
      if (draining) throw new HttpError(503, Code.UNAVAILABLE, "the server is going away");
      if (open.size >= maxConnections) throw new HttpError(503, Code.UNAVAILABLE, "too many connections");
      if (!isAllowedOrigin(request, origins)) {
        throw new HttpError(403, Code.PERMISSION_DENIED, "this origin may not connect");
      }
      // what no message can make right
      route.read({ segments, query, text: undefined, raw: undefined, partial: true });
      const head = readHead(route.info, headers, span.trace, init.passed);
      const peer = peerText(request.remoteAddress, request.remotePort);
      return {
        accept: true,
        subprotocol: bearerToken(request) === undefined ? undefined : request.subprotocols[0],
        open(socket) {
          span.set({ "http.response.status_code": 101 });
          const call = serveSocketCall(socket, {
            channel: route.info.path,
            read: (text) => route.read({ segments, query, text, raw: undefined }),
            start: (requests) =>
              startCall(route, { ...head, requests, peer, trace: span.trace, onFailure: init.onFailure }),
            report: (error) => reportFailure(statusOfError(error), route.info, init.onFailure),
            reply: route.reply,
            registry,
            limit: init.limit,
            options,
          });
          open.add(call);
          void call.closed.then(() => open.delete(call));
          void call.ended.then((failure) => {
            span.end(failure !== undefined && httpStatusOfError(failure) >= 500 ? failure : undefined);
          });
        },
      };
    } catch (error) {
      const refused = refuse(error, route.info);
      span.set({ "http.response.status_code": refused.status });
      span.end(refused.status >= 500 ? error : undefined);
      return refused;
    }
  }

  return {
    has: (path) => router.match("GET", path).kind === "found",
    route: {
      id: "gateway",
      answer(request) {
        const match = find(splitTarget(request.url).path);
        if (match === "malformed") return Promise.resolve(refuse(invalid("malformed percent-encoding in the URL")));
        return match.kind === "found" ? answer(request, match.route, match.segments) : undefined;
      },
      async drain(withinMs) {
        draining = true;
        await drainAll(systemClock, [...open], withinMs);
      },
    },
  };
}

/** Several bindings of a method may differ in their verbs alone, which do not matter here: the first one counts. */
function onePerMethod(routes: readonly PreparedRoute[]): readonly PreparedRoute[] {
  const seen = new Set<string>();
  return routes.filter(({ info, segments, customVerb }) => {
    const key = `${info.path} ${segments.join("/")}:${customVerb}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Browsers send no headers of a program's with a WebSocket; a token may come as the subprotocol behind `bearer`. */
function requestHeaders(request: UpgradeRequest): RequestHeaders {
  const token = bearerToken(request);
  const { headers } = request;
  if (token === undefined || headers["authorization"] !== undefined) return headers;
  return { ...headers, authorization: `Bearer ${token}` };
}

function bearerToken({ subprotocols }: UpgradeRequest): string | undefined {
  const [scheme, token] = subprotocols;
  return scheme?.toLowerCase() === "bearer" ? token : undefined;
}
