import { checkClientMessages, createGrpcClient, type ClientMessageOptions } from "../../grpc/index.js";
import type { Transport } from "../../rpc/index.js";
import { createConnections, type ConnectionOptions } from "./connections.js";
import { nameOfTarget, optionsOf, type TargetInput } from "./target.js";

/**
 * Settings of a client.
 *
 * @example
 * const transport = createHttp2Transport({
 *   target: "https://users.internal",
 *   tls: { ca: "/etc/certs/ca.pem" },
 *   maxReceiveBytes: 16 * 1024 * 1024,
 *   compression: "gzip",
 *   methods: { "/acme.users.v1.UserService/Export": { maxReceiveBytes: 256 * 1024 * 1024 } },
 * });
 */
export interface Http2TransportOptions extends ClientMessageOptions, ConnectionOptions {}

/** A client's side of gRPC over HTTP/2. */
export interface Http2Transport extends Transport {
  /**
   * Reads the certificates from their files again, for connections opened from now on; it happens by itself, too, some
   * seconds after a file changed.
   *
   * @throws {Error} when a file is missing or certificate and key do not fit; what was there before stays.
   */
  reloadTls(): void;
}

/**
 * gRPC over HTTP/2 as Node has it. All calls share a connection, or a few; they are opened by the first calls and
 * opened again when they were lost. A call that the server has not looked at is sent once more by itself.
 *
 * @example const users = createUserServiceClient(createHttp2Transport("localhost:50051"));
 * @throws {TypeError} for what is no target, {@link RangeError} for a number that cannot be one of its setting, and
 * what Node says of certificates that cannot be read.
 */
export function createHttp2Transport(to: TargetInput | Http2TransportOptions): Http2Transport {
  const options: Http2TransportOptions = optionsOf(to);
  checkClientMessages(options);
  const connections = createConnections(options);
  const client = createGrpcClient("http2", connections, options);
  return { ...client, target: nameOfTarget(options.target), reloadTls: connections.reloadTls };
}
