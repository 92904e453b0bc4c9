import { captureContext, withAmbient } from "../context/index.js";
import {
  attemptOf,
  Code,
  createCall,
  createIncomingReply,
  decodeRequest,
  failedReply,
  lifetimeOf,
  mapMessages,
  okStatus,
  Pipe,
  printFailure,
  RpcError,
  sendRequests,
  serveCall,
  statusOfError,
  trackCalls,
  type Call,
  type CallsUnderWay,
  type FailureListener,
  type MethodImplementation,
  type MethodInfo,
  type Reply,
  type RpcStatus,
  type ServiceRegistry,
  type Transport,
} from "../rpc/index.js";

/**
 * Settings of a memory transport.
 *
 * @example createMemoryTransport({ onFailure: (cause, method) => logger.error({ err: cause }, method.path) });
 */
export interface MemoryTransportOptions {
  /** Hears of what handlers threw, unless a `recovery` layer did before; prints to stderr by default. */
  readonly onFailure?: FailureListener | undefined;
}

/** Client and server in one process. */
export interface MemoryTransport extends Transport, ServiceRegistry {}

/**
 * Calls inside one process, with everything a wire has: all four kinds, deadline, cancellation, metadata, trailers,
 * back-pressure. Messages are encoded and decoded, so that either side has its own, whole one, and what could not
 * travel fails here as well; neither side's ambient context reaches the other.
 *
 * @example
 * const transport = createMemoryTransport();
 * registerUserService(transport, handler);
 * const users = createUserServiceClient(transport);
 */
export function createMemoryTransport({ onFailure = printFailure }: MemoryTransportOptions = {}): MemoryTransport {
  const served = new Map<string, Served>();
  const names = new Set<string>();
  const underWay = trackCalls();
  let closed = false;

  return {
    id: "memory",
    register(service, methods) {
      // handlers run in the context of their registration, as those of a server run in that of its start
      const outside = captureContext();
      for (const method of Object.values(service.methods)) {
        const implementation = methods.get(method.name);
        if (implementation === undefined) continue;
        if (served.has(method.path)) throw new Error(`${method.path} is registered already`);
        const run: MethodImplementation = (call) => outside(() => withAmbient({}, () => implementation(call)));
        served.set(method.path, { method, implementation: run });
      }
      names.add(service.typeName);
    },
    registered: (typeName) => names.has(typeName),
    async call(call) {
      if (closed) return failedReply(new RpcError(Code.UNAVAILABLE, "the transport is closed"));
      const { method } = call;
      return connect(call, served.get(method.path) ?? unserved(method), underWay, onFailure);
    },
    close(withinMs = 10_000) {
      closed = true;
      return underWay.drain(withinMs);
    },
  };
}

/** A method as the server knows it, whose contract may be another version than the caller's. */
interface Served {
  readonly method: MethodInfo;
  readonly implementation: MethodImplementation;
}

function unserved(method: MethodInfo): Served {
  const failure = new RpcError(Code.UNIMPLEMENTED, `nobody implements ${method.path}`);
  return { method, implementation: async () => failedReply(failure) };
}

function connect<I, O>(
  call: Call<I, O, {}>,
  { method: servedMethod, implementation }: Served,
  underWay: CallsUnderWay,
  onFailure: FailureListener,
): Promise<Reply<O>> {
  const lifetime = attemptOf(call);
  if (lifetime.over)
    return Promise.resolve(failedReply(lifetime.reason ?? new RpcError(Code.CANCELLED, "the call is over")));
  underWay.add(lifetime);
  const { method, context } = call;

  const requests = new Pipe<Uint8Array>();
  const inner = createCall<unknown, unknown>({
    method: servedMethod,
    requests: mapMessages(requests, (bytes) => decodeRequest(servedMethod, bytes)),
    metadata: context.metadata.clone(),
    deadline: lifetime.deadline,
    clock: lifetime.clock,
  });
  const serverLifetime = lifetimeOf(inner);
  serverLifetime.onAbort((reason) => {
    requests.drop();
    requests.close({ value: reason });
  });

  const incoming = createIncomingReply<O>({ method, cancel: (reason) => lifetime.abort(reason) });
  lifetime.onAbort((reason) => {
    incoming.status(statusOfError(reason), { drop: true });
    // the peer hears that the call is over, not why
    serverLifetime.abort(
      reason.code === Code.DEADLINE_EXCEEDED
        ? new RpcError(Code.DEADLINE_EXCEEDED, "the deadline is over")
        : new RpcError(Code.CANCELLED, "the caller cancelled the call"),
    );
  });

  sendRequests(call, lifetime, {
    message: (bytes) => requests.write(bytes),
    room: () => requests.room(),
    end: () => requests.close(),
  });
  serveCall(
    implementation,
    inner,
    {
      header: (metadata) => incoming.header(metadata.clone()),
      message: (bytes) => incoming.message(bytes),
      room: () => incoming.room(),
      status(status) {
        const received = travel(status);
        incoming.status(received);
        lifetime.end(received);
      },
    },
    onFailure,
  );
  return incoming.reply;
}

/** A status as the other side sees it: no cause, metadata of its own. */
function travel({ code, message, details, trailer }: RpcStatus): RpcStatus {
  return code === Code.OK ? okStatus(trailer.clone()) : { code, message, details, trailer: trailer.clone() };
}
