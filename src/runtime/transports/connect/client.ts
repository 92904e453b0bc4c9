import { createConnectClient, createGrpcWebClient, type ConnectClientOptions } from "../../connect/index.js";
import { checkClientMessages, type ClientMessageOptions, type HttpSessions } from "../../grpc/index.js";
import { checkOneOf, type Transport } from "../../rpc/index.js";
import { createHttp1Sessions } from "../http1/sessions.js";
import { createConnections, type ConnectionOptions } from "../http2/connections.js";
import { nameOfTarget, optionsOf, type TargetInput } from "../http2/target.js";

/** How a client in Node reaches its server. */
interface NodeConnectionOptions extends ConnectionOptions {
  /**
   * The version of HTTP; 2 by default. With 1.1 each call has a connection to itself, to a target of one address, a
   * method of two streams cannot take turns with the server, and of the settings of connections only `tls` counts.
   */
  readonly httpVersion?: "1.1" | "2" | undefined;
}

/**
 * Settings of a client of Connect.
 *
 * @example
 * const transport = createConnectTransport({
 *   target: "https://users.internal",
 *   codec: "json",
 *   get: true,
 *   compression: "gzip",
 * });
 */
export interface ConnectTransportOptions extends NodeConnectionOptions, ConnectClientOptions {}

/** Settings of a client of gRPC-Web. */
export interface GrpcWebTransportOptions extends NodeConnectionOptions, ClientMessageOptions {}

/**
 * Connect over `node:http2`, or `node:http`. In browsers and workers take the same of
 * `@wirespan/runtime/transports/fetch`.
 *
 * @example const users = createUserServiceClient(createConnectTransport("localhost:8080"));
 * @throws {TypeError} for what is no target, {@link RangeError} for a number that cannot be one of its setting.
 */
export function createConnectTransport(to: TargetInput | ConnectTransportOptions): Transport {
  const options: ConnectTransportOptions = optionsOf(to);
  const client = createConnectClient("connect", sessionsOf(options), {
    userAgent: "connect-node-wirespan",
    ...options,
  });
  return { ...client, target: nameOfTarget(options.target) };
}

/**
 * gRPC-Web over `node:http2`, or `node:http`: for servers and proxies that do not take gRPC itself.
 *
 * @example const users = createUserServiceClient(createGrpcWebTransport({ target: "localhost:8080", httpVersion: "1.1" }));
 * @throws {TypeError} for what is no target, {@link RangeError} for a number that cannot be one of its setting.
 */
export function createGrpcWebTransport(to: TargetInput | GrpcWebTransportOptions): Transport {
  const options: GrpcWebTransportOptions = optionsOf(to);
  return { ...createGrpcWebClient("grpc-web", sessionsOf(options), options), target: nameOfTarget(options.target) };
}

function sessionsOf(options: NodeConnectionOptions & ClientMessageOptions): HttpSessions {
  checkClientMessages(options);
  checkOneOf("httpVersion", options.httpVersion, ["1.1", "2"]);
  return options.httpVersion === "1.1" ? createHttp1Sessions(options) : createConnections(options);
}
