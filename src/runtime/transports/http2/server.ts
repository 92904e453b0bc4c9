import {
  createServer,
  type Http2Server as NodeServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, ListenOptions, Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import { systemClock, type Clock } from "../../context/index.js";
import { createConnectProtocol, createCors, createGrpcWebProtocol, type CorsOptions } from "../../connect/index.js";
import {
  createGrpcProtocol,
  createMethodTable,
  dispatch,
  type HttpFields,
  type HttpProtocol,
  type HttpServerStream,
  type MessageOptions,
} from "../../grpc/index.js";
import { afterGrace, checkOneOf, printFailure, type FailureListener, type ServiceRegistry } from "../../rpc/index.js";
import type { TypeRegistry } from "../../wire/index.js";
import { createHttp1Service } from "../http1/server.js";
import { certificateOf } from "./peer-certificate.js";
import { peerOf, sessionReason, watchHandshakes, type ConnectionFailureListener } from "./failures.js";
import type { KeepAliveOptions } from "./keep-alive.js";
import { createListener } from "./listener.js";
import { connectionRules, sayGoodbye, tendConnection, type Connection } from "./server-connection.js";
import {
  checkWhole,
  commonSettings,
  connectionWindow,
  maxHeaderListPairs,
  maxSendHeaderBlockLength,
} from "./settings.js";
import { NodeServerStream } from "./stream.js";
import { checkServerTls, createTlsSource, type Certificates } from "./tls.js";

/**
 * Settings of a server.
 *
 * @example
 * const server = createHttp2Server({
 *   tls: { cert: "/etc/certs/server.pem", key: "/etc/certs/server.key" },
 *   maxReceiveBytes: 16 * 1024 * 1024,
 *   onFailure: (cause, method) => logger.error({ err: cause }, method.path),
 * });
 */
export interface Http2ServerOptions extends MessageOptions {
  /**
   * `cert` and `key`, as values or files, and whatever else `tls.createServer` takes; plain text without. With
   * `ca` and `requestCert: true` clients must show a certificate of these authorities.
   */
  readonly tls?: ServerTls | undefined;
  /** Hears of what handlers threw, unless a `recovery` layer did before; prints to stderr by default. */
  readonly onFailure?: FailureListener | undefined;
  /**
   * Hears of connections that failed: handshakes of TLS, clients without the certificate that they need, what is no
   * HTTP/2. Nobody does by default, for whoever reaches the port can make them.
   */
  readonly onConnectionFailure?: ConnectionFailureListener | undefined;
  /**
   * Calls under way on one connection; 1,000 by default. A client with more makes them wait; over HTTP/1.1, where it
   * may send requests before it has its responses, the server reads no more of them.
   */
  readonly maxConcurrentCalls?: number | undefined;
  /**
   * Pings to clients from which nothing comes: `intervalMs` is two hours by default, whether or not there are calls.
   * There are none in HTTP/1.1: there a request of which nothing comes for `intervalMs` and `timeoutMs` together (up to
   * twice that interval) is given up with its connection, and the system probes for clients that are gone (keepalive
   * of TCP) after `intervalMs`.
   */
  readonly keepAlive?: KeepAliveOptions | undefined;
  /**
   * Milliseconds between two pings of a client, 10,000 by default. Who pings more often, and again, without calls in
   * between, is sent away.
   */
  readonly minPingIntervalMs?: number | undefined;
  /**
   * Milliseconds, give or take a tenth, after which a connection takes no more calls and the client opens another, so
   * that clients find servers that were added; never by default. Calls under way end in their own time.
   */
  readonly maxConnectionAgeMs?: number | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  /** What is spoken: all by default, on one port. `grpc` alone leaves HTTP/1.1 out. */
  readonly protocols?: readonly ServedProtocol[] | undefined;
  /** The types that `google.protobuf.Any` may hold where messages are JSON. */
  readonly registry?: TypeRegistry | undefined;
  /** Lets pages of other origins call; none by default. */
  readonly cors?: CorsOptions | undefined;
}

/** Settings of TLS of a server: `ca`, `cert` and `key` as values or files, and what else `tls.createServer` takes. */
export type ServerTls = Omit<SecureServerOptions, keyof Certificates> & Certificates;

/** What a server speaks. */
export type ServedProtocol = "grpc" | "grpc-web" | "connect";

/**
 * A gRPC server.
 *
 * @example
 * const { port } = await server.listen("127.0.0.1:0");
 * process.once("SIGTERM", () => server.close(5_000));
 */
export interface Http2Server extends ServiceRegistry {
  /** Starts to listen: `127.0.0.1:50051`, `[::]:50051`, `unix:/run/users.sock`; port 0 takes a free one. */
  listen(address: string): Promise<{ readonly port: number; readonly address: string }>;
  /**
   * Takes no new calls and resolves when those under way are done, at the latest after that time (10 s by default),
   * when they are cancelled.
   */
  close(withinMs?: number): Promise<void>;
  /**
   * Reads the certificates from their files again, for handshakes from now on; it happens by itself, too, some seconds
   * after a file changed. Connections that are open stay.
   *
   * @throws {Error} when a file is missing or certificate and key do not fit; what was there before stays.
   */
  reloadTls(): void;
}

const servedProtocols: readonly ServedProtocol[] = ["grpc", "grpc-web", "connect"];

/** What a setting of HTTP/2 can say. */
const mostStreams = 2 ** 32 - 1;

/** A connection that has not said hello by then is none of a client's. */
const helloTimeoutMs = 20_000;

/**
 * A server over HTTP/2 as Node has it.
 *
 * @example
 * const server = createHttp2Server();
 * registerUserService(server, handler, { chain: userServiceChain().use(logging()) });
 * const { port } = await server.listen("0.0.0.0:50051");
 * @throws {RangeError} for a number that cannot be one of its setting, {@link TypeError} for a name that is none, and
 * what Node says of certificates that cannot be read.
 */
export function createHttp2Server(options: Http2ServerOptions = {}): Http2Server {
  const { onFailure = printFailure, protocols: wanted = servedProtocols, registry } = options;
  const { clock = systemClock, maxConcurrentCalls = 1_000 } = options;
  checkWhole({ maxConcurrentCalls });
  for (const name of wanted) checkOneOf("protocols", name, servedProtocols);
  if (wanted.length === 0) throw new RangeError("protocols is empty: name one, or leave it out for all of them");
  const rules = connectionRules(options, clock);
  const methods = createMethodTable(options);
  const create: Readonly<Record<ServedProtocol, () => HttpProtocol>> = {
    grpc: () => createGrpcProtocol(methods, onFailure, registry),
    "grpc-web": () => createGrpcWebProtocol(methods, onFailure, registry),
    connect: () => createConnectProtocol(methods, onFailure, registry),
  };
  const protocols = wanted.map((name) => create[name]());
  // gRPC needs trailers, which HTTP/1.1 has and nobody reads
  const withoutTrailers = wanted.filter((name) => name !== "grpc").map((name) => create[name]());
  const cors = options.cors === undefined ? undefined : createCors(options.cors);
  const give = (stream: HttpServerStream, to: readonly HttpProtocol[]): void => {
    if (cors === undefined) dispatch(stream, to);
    else if (!cors.preflight(stream)) dispatch(cors.allow(stream), to);
  };
  const http2 = createNodeServer(maxConcurrentCalls);
  const http1 =
    withoutTrailers.length === 0
      ? undefined
      : createHttp1Service({ maxConcurrentCalls, keepAlive: rules.keepAlive, clock }, (stream) =>
          give(stream, withoutTrailers),
        );
  const takers = { http2: (socket: Socket) => http2.emit("connection", socket), http1: http1?.serve };
  if (options.tls !== undefined) checkServerTls(options.tls);
  const certificates =
    options.tls && createTlsSource(options.tls, { clock, onChange: (current) => secure?.setSecureContext(current) });
  const { server, silent } = createListener(certificates?.current, takers, { helloTimeoutMs, clock });
  const secure = server instanceof TlsServer ? server : undefined;
  const sessions = new Map<ServerHttp2Session, Connection>();
  const sockets = new Set<Socket>();
  let closing = false;

  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  http2.on("session", (session: ServerHttp2Session) => {
    const connection: Connection = {
      peer: peerOf(session.socket),
      certificate: certificateOf(session.socket),
      streams: 0,
    };
    sessions.set(session, connection);
    const cancel = clock.after(helloTimeoutMs, () => session.destroy());
    session.once("remoteSettings", cancel);
    session.once("close", () => {
      cancel();
      sessions.delete(session);
    });
    session.setLocalWindowSize(connectionWindow);
    tendConnection(session, connection, rules);
    if (closing) session.close();
  });
  const failed: ConnectionFailureListener = (failure) => {
    try {
      options.onConnectionFailure?.(failure);
    } catch {
      // a logger that fails must not end the process
    }
  };
  if (secure !== undefined && options.onConnectionFailure !== undefined) watchHandshakes(secure, failed);
  http2.on("sessionError", (cause: Error, session: ServerHttp2Session) => {
    const reason = sessionReason(cause);
    if (reason !== undefined) failed({ peer: sessions.get(session)?.peer ?? "", reason, cause });
  });
  http2.on("stream", (stream: ServerHttp2Stream, _headers: IncomingHttpHeaders, _flags: number, raw: HttpFields) => {
    const connection = sessions.get(stream.session as ServerHttp2Session);
    if (connection === undefined) return;
    connection.streams++;
    stream.once("close", () => connection.streams--);
    give(new NodeServerStream(stream, raw, connection), protocols);
  });

  return {
    register: (service, implementations) => methods.register(service, implementations),
    registered: (typeName) => methods.registered(typeName),
    listen: (address) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(listenOptions(address), () => {
          server.off("error", reject);
          const bound: AddressInfo | string | null = server.address();
          const port = typeof bound === "object" && bound !== null ? bound.port : 0;
          resolve({ port, address: address.startsWith("unix:") ? address : address.replace(/:\d+$/, `:${port}`) });
        });
      }),
    async close(withinMs = 10_000) {
      closing = true;
      certificates?.close();
      const stopped = server.listening
        ? new Promise<void>((resolve) => server.close(() => resolve()))
        : Promise.resolve();
      const cancel = afterGrace(withinMs, () => {
        for (const session of sessions.keys()) session.destroy();
        // a peer that does not end its side would keep the socket
        setImmediate(() => sockets.forEach((socket) => socket.destroy()));
      });
      http1?.close();
      for (const socket of silent) socket.destroy();
      await Promise.all([...sessions.keys()].map(sayGoodbye));
      await stopped;
      cancel();
    },
    reloadTls: () => certificates?.reload(),
  };
}

function createNodeServer(maxConcurrentCalls: number): NodeServer {
  return createServer({
    settings: { ...commonSettings, maxConcurrentStreams: Math.min(maxConcurrentCalls, mostStreams) },
    maxHeaderListPairs,
    maxSendHeaderBlockLength,
    maxSessionMemory: 100,
  });
}

function listenOptions(address: string): ListenOptions {
  if (address.startsWith("unix:")) return { path: address.slice("unix:".length) };
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(address);
  if (match === null)
    throw new TypeError(`${JSON.stringify(address)} is no address to listen on: host:port or unix:path`);
  const host = match[1] ?? match[2] ?? "";
  return { port: Number(match[3]), ...(host === "" ? {} : { host }) };
}
