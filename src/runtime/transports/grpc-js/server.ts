import { X509Certificate } from "node:crypto";
import { EventEmitter } from "node:events";
import {
  Server,
  ServerCredentials,
  type ChannelOptions,
  type ServerDuplexStream,
  type ServerErrorResponse,
} from "@grpc/grpc-js";
import { withAmbient } from "../../context/index.js";
import { afterTurns } from "../../grpc/index.js";
import {
  afterGrace,
  Code,
  createCall,
  decodeRequest,
  failedReply,
  isUnaryInput,
  lifetimeOf,
  mapMessages,
  parseTimeout,
  Pipe,
  printFailure,
  RpcError,
  serveCall,
  type Call,
  type FailureListener,
  type Lifetime,
  type MethodImplementation,
  type MethodInfo,
  type PeerCertificate,
  type ReplySink,
  type ServiceRegistry,
} from "../../rpc/index.js";
import { bufferOf, sizeOptions } from "./client.js";
import { fromGrpcMetadata, messageOf, toGrpcMetadata, trailersOf } from "./metadata.js";

/**
 * Settings of a server.
 *
 * @example
 * const server = createGrpcJsServer({
 *   credentials: ServerCredentials.createSsl(null, [{ private_key, cert_chain }]),
 *   maxReceiveBytes: 16 * 1024 * 1024,
 *   onFailure: (cause, method) => logger.error({ err: cause }, method.path),
 * });
 */
export interface GrpcJsServerOptions {
  /** Plain text by default. */
  readonly credentials?: ServerCredentials | undefined;
  /** Largest request message; 4 MiB by default. */
  readonly maxReceiveBytes?: number | undefined;
  /** Largest response message; unlimited by default. */
  readonly maxSendBytes?: number | undefined;
  /** Hears of what handlers threw, unless a `recovery` layer did before; prints to stderr by default. */
  readonly onFailure?: FailureListener | undefined;
  /** Anything else grpc-js takes: keepalive, limits of connections. */
  readonly serverOptions?: ChannelOptions | undefined;
}

/**
 * A gRPC server.
 *
 * @example
 * const { port } = await server.listen("127.0.0.1:0");
 * process.once("SIGTERM", () => server.close(5_000));
 */
export interface GrpcJsServer extends ServiceRegistry {
  /** Starts to listen, `127.0.0.1:50051`; port 0 takes a free one. */
  listen(address: string): Promise<{ readonly port: number; readonly address: string }>;
  /**
   * Takes no new calls and resolves when those under way are done, at the latest after that time (10 s by default),
   * when they are cancelled.
   */
  close(withinMs?: number): Promise<void>;
}

type WireCall = ServerDuplexStream<Buffer, Buffer>;

/**
 * A server over `@grpc/grpc-js`.
 *
 * @example
 * const server = createGrpcJsServer();
 * registerUserService(server, handler, { chain: userServiceChain().use(logging()) });
 * const { port } = await server.listen("0.0.0.0:50051");
 */
export function createGrpcJsServer(options: GrpcJsServerOptions = {}): GrpcJsServer {
  const { onFailure = printFailure } = options;
  const server = new Server({ ...options.serverOptions, ...sizeOptions(options) });
  const names = new Set<string>();

  return {
    register(service, methods) {
      for (const method of Object.values(service.methods)) {
        const implementation = methods.get(method.name);
        if (implementation === undefined) continue;
        const handle = (stream: WireCall): void => handleCall(method, implementation, stream, onFailure);
        // one way for all four kinds: how many messages a side may send is checked where they are read
        if (!server.register(method.path, handle, same, same, "bidi")) {
          throw new Error(`${method.path} is registered already`);
        }
      }
      names.add(service.typeName);
    },
    registered: (typeName) => names.has(typeName),
    listen(address) {
      return new Promise((resolve, reject) => {
        server.bindAsync(address, options.credentials ?? ServerCredentials.createInsecure(), (error, port) => {
          if (error !== null) return reject(error);
          takeDeadlines(server);
          resolve({ port, address: address.replace(/:\d+$/, `:${port}`) });
        });
      });
    },
    close(withinMs = 10_000) {
      return new Promise((resolve) => {
        const cancel = afterGrace(withinMs, () => server.forceShutdown());
        server.tryShutdown(() => {
          cancel();
          resolve();
        });
      });
    },
  };
}

const same = (bytes: Buffer): Buffer => bytes;

/** The caller's time limit on its way past grpc-js to us. */
const timeoutKey = "wirespan-timeout";

/**
 * grpc-js keeps the deadlines of a server itself and fails calls whose `grpc-timeout` is longer than 24 days at once.
 * So the header is renamed before grpc-js sees it, and the deadline is ours. A header that is malformed stays, and
 * grpc-js refuses the call. Should its servers not be found, grpc-js goes on as it does.
 */
function takeDeadlines(server: Server): void {
  const servers: unknown = server["http2Servers"];
  if (!(servers instanceof Map)) return;
  for (const http2Server of servers.keys()) {
    if (!(http2Server instanceof EventEmitter) || taken.has(http2Server)) continue;
    taken.add(http2Server);
    http2Server.prependListener("stream", (_stream: unknown, headers: Record<string, unknown>) => {
      delete headers[timeoutKey];
      const timeout = headers["grpc-timeout"];
      if (typeof timeout !== "string" || parseTimeout(timeout) === undefined) return;
      headers[timeoutKey] = timeout;
      delete headers["grpc-timeout"];
    });
  }
}

const taken = new WeakSet<EventEmitter>();

function handleCall(
  method: MethodInfo,
  implementation: MethodImplementation,
  stream: WireCall,
  onFailure: FailureListener,
): void {
  const requests = new Pipe<Buffer>({
    onWant: () => stream.resume(),
    // what a handler does not want to hear is read and forgotten, until it has answered
    onLeave: () => stream.resume(),
  });
  let call: Call<unknown, unknown, {}>;
  let serve = implementation;
  const init = { method, requests: mapMessages(requests, (bytes) => decodeRequest(method, bytes)) };
  try {
    const metadata = fromGrpcMetadata(stream.metadata);
    metadata.delete(timeoutKey);
    const origin = { peer: stream.getPeer(), peerCertificate: certificateReader(stream) };
    call = createCall<unknown, unknown>({ ...init, ...origin, metadata, deadline: deadlineOf(stream) });
  } catch (error) {
    call = createCall<unknown, unknown>(init);
    serve = async () => failedReply(error);
  }
  const lifetime = lifetimeOf(call);

  stream.on("data", (bytes: Buffer) => {
    requests.write(bytes);
    if (requests.room() !== undefined) stream.pause();
  });
  const ended = (): void => requests.close();
  stream.on("end", isUnaryInput(method.kind) ? ended : () => afterTurns(3, ended));
  // a listener for data starts the flow; it waits until somebody reads
  stream.pause();
  // grpc-js says this also after the end of every call, when it has no effect
  stream.on("cancelled", () => lifetime.abort(new RpcError(Code.CANCELLED, "the caller cancelled the call")));
  lifetime.onAbort((reason) => {
    requests.drop();
    requests.close({ value: reason });
  });

  // what the server was started in is nothing that calls should see
  withAmbient({}, () => serveCall(serve, call, createSink(stream, lifetime), onFailure));
}

/** grpc-js tells of certificates that were verified; each time it makes a new object, so ours is kept for the call. */
function certificateReader(stream: WireCall): () => PeerCertificate | undefined {
  let certificate: PeerCertificate | undefined;
  return () => {
    if (certificate !== undefined) return certificate;
    const raw = stream.getAuthContext().sslPeerCertificate?.raw;
    return raw && (certificate = new X509Certificate(raw));
  };
}

function deadlineOf(stream: WireCall): number | undefined {
  const [header] = stream.metadata.get(timeoutKey);
  if (typeof header === "string") {
    const timeout = parseTimeout(header);
    if (timeout !== undefined) return Date.now() + timeout;
  }
  const deadline = Number(stream.getDeadline());
  return Number.isFinite(deadline) ? deadline : undefined;
}

function createSink(stream: WireCall, lifetime: Lifetime): ReplySink {
  return {
    header(metadata) {
      if (!stream.destroyed) stream.sendMetadata(toGrpcMetadata(metadata));
    },
    message(bytes) {
      if (!stream.destroyed) stream.write(bufferOf(bytes));
    },
    room() {
      if (!stream.writableNeedDrain) return undefined;
      return new Promise((resolve) => {
        const forget = lifetime.onOver(resolve);
        stream.once("drain", () => {
          forget();
          resolve();
        });
      });
    },
    status(status) {
      if (stream.destroyed) return;
      const end: Omit<ServerErrorResponse, "name" | "message"> = {
        code: status.code,
        details: messageOf(status),
        metadata: trailersOf(status),
      };
      // this is how grpc-js takes a status; ending the stream instead sends a message, "OK", with that of success
      stream.emit("error", end);
    },
  };
}
