import type { ChannelRoute } from "../channels/index.js";
import { type Span, type Tracer, passiveTracer } from "../context/index.js";
import {
  Code,
  type FailureListener,
  type MethodInfo,
  RpcError,
  isRpcError,
  messagesOf,
  oneMessage,
  printFailure,
  reportFailure,
  statusOfError,
} from "../rpc/index.js";
import type { JsonOptions, TypeRegistry } from "../wire/index.js";
import type { RequestBody } from "./body.js";
import { readHead, startCall } from "./calls.js";
import { createCompress, type CompressionOptions } from "./compression.js";
import { type Documents, createDocumentServer } from "./documents.js";
import { HttpError, invalid } from "./errors.js";
import { type RequestHeaders, headerOf, mediaType, passedHeaders, traceOf } from "./headers.js";
import { type PreparedRoute, prepareRoute } from "./prepare.js";
import { streamResponse, unaryResponse } from "./reply.js";
import { readRequest, readRequests } from "./requests.js";
import type { RouteSet } from "./route.js";
import { createRouter } from "./router.js";
import { type GatewaySocketOptions, createSockets } from "./sockets.js";
import { errorResponse } from "./status.js";
import { splitTarget } from "./target.js";

/** A request as any HTTP server can give it. */
export interface GatewayRequest {
  /** Upper case. */
  readonly method: string;
  /** The request target, `/users/42?name=x`. */
  readonly url: string;
  readonly headers: RequestHeaders;
  readonly body: RequestBody;
  /** Aborts when the client has gone; the call is cancelled then. */
  readonly signal?: AbortSignal | undefined;
  /** The client's address. */
  readonly peer?: string | undefined;
}

/** A response as any HTTP server can send it. */
export interface GatewayResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | AsyncIterable<string | Uint8Array>;
}

/** HTTP onto methods. Framework-neutral: adapters turn a server's requests into calls of `handle`. */
export interface Gateway {
  /** Answers a request. Never rejects. */
  handle(request: GatewayRequest): Promise<GatewayResponse>;
  /**
   * The methods that stream both ways, as WebSockets, for a channel server: beside the HTTP server that the gateway is
   * behind.
   *
   * @example
   * const server = http.createServer(toNodeListener(gateway)).listen(8080);
   * const sockets = await createChannelServer({ server });
   * sockets.add(gateway.sockets);
   */
  readonly sockets: ChannelRoute;
}

/**
 * Settings of a gateway.
 *
 * @example
 * const gateway = createGateway({
 *   routes: [userServiceRoutes(client)],
 *   documents: { "/openapi.yaml": openapi },
 * });
 * http.createServer(toNodeListener(gateway)).listen(8080);
 */
export interface GatewayOptions extends CompressionOptions {
  readonly routes: readonly RouteSet[];
  /** Texts served as they are: `{ "/docs": html }`. They come before routes. */
  readonly documents?: Documents | undefined;
  /** Where the span of each request goes; nowhere by default, trace ids are passed on all the same. */
  readonly tracer?: Tracer | undefined;
  /** The most bytes of a body, or of one message of a streamed body; 4 MiB by default, what gRPC servers take. */
  readonly maxBodyBytes?: number | undefined;
  /** Levels of nesting in JSON; 100 by default. */
  readonly maxJsonDepth?: number | undefined;
  /** Skips JSON fields that the contract does not know instead of answering 400, for clients of a newer contract. */
  readonly ignoreUnknownFields?: boolean | undefined;
  /** Likewise for query parameters. */
  readonly ignoreUnknownQuery?: boolean | undefined;
  /** The types that `google.protobuf.Any` and error details may hold. */
  readonly registry?: TypeRegistry | undefined;
  /**
   * Request headers that go on as metadata under their own names, `["x-request-id", "x-api-key"]`, beside
   * `authorization`, `idempotency-key` and the trace, which always do.
   */
  readonly passHeaders?: readonly string[] | undefined;
  /** Who may open WebSockets, how many, and how they are watched. */
  readonly sockets?: GatewaySocketOptions | undefined;
  /** Hears of faults that the client only sees as 500; by default they go to stderr. */
  readonly onFailure?: FailureListener | undefined;
}

const maxTarget = 65_536;

/** Joins services behind one HTTP surface. @throws when two routes match the same requests. */
export function createGateway(options: GatewayOptions): Gateway {
  const { tracer = passiveTracer, maxBodyBytes = 4 * 1024 * 1024, registry, onFailure = printFailure } = options;
  const json: JsonOptions = {
    registry,
    maxDepth: options.maxJsonDepth ?? 100,
    ignoreUnknownFields: options.ignoreUnknownFields ?? false,
  };
  const prepared = options.routes.flatMap((set) =>
    set.routes.map((route) => prepareRoute(set, route, json, options.ignoreUnknownQuery ?? false)),
  );
  const passed = passedHeaders(options.passHeaders ?? []);
  const compress = createCompress(options);
  const streamsBothWays = ({ info }: PreparedRoute): boolean => info.kind === "bidi_streaming";
  const router = createRouter(prepared.filter((route) => !streamsBothWays(route)));
  const sockets = createSockets({
    routes: prepared.filter(streamsBothWays),
    passed,
    tracer,
    registry,
    limit: maxBodyBytes,
    onFailure,
    refuse,
    options: options.sockets ?? {},
  });
  const documents = createDocumentServer(options.documents ?? {});

  return {
    sockets: sockets.route,
    async handle(request) {
      let span: Span | undefined;
      let route: PreparedRoute | undefined;
      try {
        const { path, query } = splitTarget(request.url);
        const document = documents(request.method, path);
        if (document !== undefined)
          return compress === undefined ? document : await compress(document, request.headers);
        const found = findRoute(request, path);
        route = found.route;
        span = tracer.start(`${request.method} ${route.path}`, {
          kind: "server",
          parent: traceOf(request.headers),
          attributes: { "http.request.method": request.method, "http.route": route.path, "url.path": path },
        });
        const response = await serve(route, request, found.segments, query, span);
        return finish(span, compress === undefined ? response : await compress(response, request.headers));
      } catch (error) {
        const response = refuse(error, route?.info);
        return span === undefined ? response : finish(span, response, error);
      }
    },
  };

  function findRoute(request: GatewayRequest, path: string): { route: PreparedRoute; segments: readonly string[] } {
    if (request.url.length > maxTarget) throw new HttpError(414, Code.INVALID_ARGUMENT, "the URL is too long");
    const match = matchPath(request.method, path);
    if (match.kind === "found") return match;
    if (match.kind === "none") {
      if (!sockets.has(path)) throw new HttpError(404, Code.NOT_FOUND, `nothing is at ${path}`);
      const headers = { upgrade: "websocket", connection: "upgrade" };
      throw new HttpError(426, Code.UNIMPLEMENTED, `${path} streams both ways: open a WebSocket`, headers);
    }
    const allow = match.allow.join(", ");
    throw new HttpError(405, Code.UNIMPLEMENTED, `${path} takes ${allow}, not ${request.method}`, { allow });
  }

  function matchPath(verb: string, path: string): ReturnType<typeof router.match> {
    try {
      return router.match(verb, path);
    } catch (error) {
      if (error instanceof URIError) throw invalid("malformed percent-encoding in the URL");
      throw error;
    }
  }

  async function serve(
    route: PreparedRoute,
    request: GatewayRequest,
    segments: readonly string[],
    query: string,
    span: Span,
  ): Promise<GatewayResponse> {
    const { info } = route;
    const { headers, body, signal, peer } = request;
    const { trace } = span;
    let inputError: unknown;
    const head = readHead(info, headers, trace, passed);
    const matched = { route, read: route.read, segments, query, headers, body, limit: maxBodyBytes };
    const requests =
      info.kind === "client_streaming"
        ? messagesOf(readRequests(matched, (error) => (inputError = error)))
        : oneMessage(await readRequest(matched));
    const { pending } = startCall(route, { ...head, requests, signal, peer, trace, onFailure });
    try {
      if (info.kind !== "server_streaming") return await unaryResponse(route.reply, await pending);
      const wantsEvents = accepts(headers, "text/event-stream");
      return await streamResponse(route.reply, pending, wantsEvents ? "sse" : "ndjson");
    } catch (error) {
      // what was wrong with the request is what the client must hear, whatever became of the call
      throw inputError ?? error;
    }
  }

  function refuse(error: unknown, method: MethodInfo | undefined): GatewayResponse & { readonly body: string } {
    if (error instanceof HttpError) return errorResponse(error, registry);
    // failures of calls were reported with their status
    if (!isRpcError(error) && method !== undefined) reportFailure(statusOfError(error), method, onFailure);
    return errorResponse(RpcError.from(error), registry);
  }
}

function finish(span: Span, response: GatewayResponse, error?: unknown): GatewayResponse {
  span.set({ "http.response.status_code": response.status });
  const { body } = response;
  if (typeof body === "string" || body instanceof Uint8Array) {
    span.end(response.status >= 500 ? (error ?? new Error(`HTTP status ${response.status}`)) : undefined);
    return response;
  }
  return { ...response, body: endingWith(body, (failure) => span.end(failure)) };
}

/** The same pieces, and a call when they are over. */
async function* endingWith<T>(
  source: AsyncIterable<T>,
  end: (error?: unknown) => void,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* source;
  } catch (error) {
    end(error);
    throw error;
  } finally {
    end();
  }
}

function accepts(headers: RequestHeaders, type: string): boolean {
  const accept = headerOf(headers, "accept");
  return accept !== undefined && accept.split(",").some((part) => mediaType(part) === type);
}
