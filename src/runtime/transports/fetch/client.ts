import { createConnectClient, createGrpcWebClient, type ConnectClientOptions } from "../../connect/index.js";
import { checkClientMessages, type ClientMessageOptions } from "../../grpc/index.js";
import { Code, failedReply, RpcError, type Transport } from "../../rpc/index.js";
import { createFetchSessions, type FetchOptions } from "./sessions.js";

/**
 * Settings of a client of Connect over `fetch`.
 *
 * @example
 * const transport = createConnectTransport({
 *   baseUrl: "https://api.example.com",
 *   fetch: (url, init) => fetch(url, { ...init, credentials: "include" }),
 * });
 */
export interface FetchConnectOptions extends FetchOptions, ConnectClientOptions {}

/** Settings of a client of gRPC-Web over `fetch`. */
export interface FetchGrpcWebOptions extends FetchOptions, ClientMessageOptions {}

/**
 * Connect over `fetch`: browsers, workers, Node. Requests that are streams are collected before they are sent, and
 * methods of two streams fail with `UNIMPLEMENTED`, for browsers cannot send while they read.
 *
 * @example const users = createUserServiceClient(createConnectTransport("https://api.example.com"));
 * @throws {RangeError} for a limit that is no number of bytes, {@link TypeError} for a name that is none.
 */
export function createConnectTransport(to: string | FetchConnectOptions): Transport {
  const options: FetchConnectOptions = typeof to === "string" ? { baseUrl: to } : to;
  checkClientMessages(options);
  return oneWay(createConnectClient("connect", createFetchSessions(options), options), options.baseUrl);
}

/**
 * gRPC-Web over `fetch`, otherwise as {@link createConnectTransport}.
 *
 * @example const users = createUserServiceClient(createGrpcWebTransport("https://api.example.com"));
 * @throws {RangeError} for a limit that is no number of bytes, {@link TypeError} for a name that is none.
 */
export function createGrpcWebTransport(to: string | FetchGrpcWebOptions): Transport {
  const options: FetchGrpcWebOptions = typeof to === "string" ? { baseUrl: to } : to;
  checkClientMessages(options);
  return oneWay(createGrpcWebClient("grpc-web", createFetchSessions(options), options), options.baseUrl);
}

/** Without methods of two streams: one that waits for an answer before it says more would wait for ever. */
function oneWay(transport: Transport, target: string): Transport {
  return {
    ...transport,
    // a password in a URL is nobody's business
    target: target.replace(/\/\/[^/@]*@/, "//"),
    call(call) {
      if (call.method.kind !== "bidi_streaming") return transport.call(call);
      const text = `${call.method.path} streams both ways, which fetch cannot do`;
      return Promise.resolve(failedReply(new RpcError(Code.UNIMPLEMENTED, text)));
    },
  };
}
