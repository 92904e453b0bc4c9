import { ambient, traceHeaders } from "../context/index.js";
import { createCall, lifetimeOf } from "./call.js";
import { composeChain } from "./chain.js";
import { errorOfStatus, RpcError } from "./error.js";
import { isUnaryInput, isUnaryOutput } from "./kinds.js";
import { earliest } from "./lifetime.js";
import { messagesOf, oneMessage } from "./messages.js";
import { appendMetadata, createMetadata, type Metadata } from "./metadata.js";
import { failedReply, untilAborted } from "./replies.js";
import { Code } from "./status.js";
import type {
  Call,
  CallOptions,
  ClientOptions,
  Messages,
  MessagesInput,
  MethodImplementation,
  MethodInfo,
  Reply,
  ServiceInfo,
  Transport,
} from "./types.js";

const methodsOfClients = new WeakMap<object, ReadonlyMap<string, MethodImplementation>>();

/**
 * A client of a service; behind every generated `createXClient`. `T` is the generated interface.
 *
 * @example const users = createServiceClient<UserServiceClient>(UserService, transport, { timeoutMs: 2_000 });
 */
export function createServiceClient<T extends object>(
  service: ServiceInfo,
  transport: Transport,
  options: ClientOptions = {},
): T {
  const methods = new Map<string, MethodImplementation>();
  const client: Record<string, unknown> = {};
  for (const key of Object.keys(service.methods)) {
    const method = service.methods[key];
    if (method === undefined) continue;
    const implementation = createImplementation(method, transport, options, timeoutOf(key, method, options));
    methods.set(method.name, implementation);
    const value = createFunction(method, implementation);
    Object.defineProperty(client, key, { value, enumerable: true, writable: true, configurable: true });
  }
  methodsOfClients.set(client, methods);
  // sound because the generated interface has a function per method, of the shape its kind gives
  return client as T;
}

/** The calls behind a generated client with its chain, by name in the contract; undefined for other objects. */
export function clientMethods(client: object): ReadonlyMap<string, MethodImplementation> | undefined {
  return methodsOfClients.get(client);
}

/** A method through chain and transport, with what it inherits from the handler around it. */
function createImplementation(
  method: MethodInfo,
  transport: Transport,
  { chain, metadata: own }: ClientOptions,
  timeout: number | undefined,
): MethodImplementation {
  const composed = composeChain(chain?.layers ?? [], method, (call) => transport.call(call));
  return async (call) => {
    try {
      const inner = inherit(call, timeout, own);
      return conclude(await untilAborted(lifetimeOf(inner), () => composed(inner)), call);
    } catch (error) {
      return failedReply(error);
    }
  };
}

/** The nearer of what the contract and the client's options say. */
function timeoutOf(key: string, { policy }: MethodInfo, { timeoutMs }: ClientOptions): number | undefined {
  const own = typeof timeoutMs === "object" ? timeoutMs[key] : timeoutMs;
  return earliest(own, policy.timeoutMs);
}

/** The call with the nearest deadline, the signal and the trace of what is around it. */
function inherit<I, O>(
  call: Call<I, O, {}>,
  timeout: number | undefined,
  own: ClientOptions["metadata"],
): Call<I, O, {}> {
  const outer = ambient();
  const { clock } = lifetimeOf(call);
  const deadline = earliest(outer.deadline, timeout === undefined ? undefined : clock.now() + timeout);
  const { trace } = outer;
  let metadata: Metadata | undefined;
  if (own !== undefined) {
    metadata = createMetadata(own);
    for (const [key] of call.context.metadata) metadata.delete(key);
    appendMetadata(metadata, call.context.metadata);
  }
  if (trace !== undefined && !call.context.metadata.has("traceparent")) {
    metadata ??= call.context.metadata.clone();
    const headers = traceHeaders(trace);
    for (const key of Object.keys(headers)) setIfValid(metadata, key, headers[key] ?? "");
  }
  return call.change({ deadline, signal: outer.signal, metadata, side: "client" });
}

/** Trace headers came from outside: one that cannot travel as metadata must not fail the call. */
function setIfValid(metadata: Metadata, key: string, value: string): void {
  try {
    metadata.set(key, value);
  } catch {
    metadata.delete(key);
  }
}

/** Shows what was received in the call's context, and ends its lifetime with it. */
function conclude<I, O>(reply: Reply<O>, call: Call<I, O, {}>): Reply<O> {
  const lifetime = lifetimeOf(call);
  appendMetadata(call.context.header, reply.header);
  reply.done.then(
    (status) => {
      lifetime.end(status);
      appendMetadata(call.context.trailer, status.trailer);
    },
    (error: unknown) => lifetime.abort(RpcError.from(error)),
  );
  return reply;
}

/** The function of a generated client, of the shape that its kind gives. */
function createFunction(method: MethodInfo, implementation: MethodImplementation): unknown {
  const requestsOf = (input: unknown): Messages<unknown> =>
    isUnaryInput(method.kind) ? oneMessage(input) : messagesOf(input as MessagesInput<unknown>);
  return isUnaryOutput(method.kind)
    ? (input: unknown, options?: CallOptions) => callForOne(method, implementation, requestsOf(input), options)
    : (input: unknown, options?: CallOptions) => callForMany(method, implementation, requestsOf(input), options);
}

function start(method: MethodInfo, requests: Messages<unknown>, options: CallOptions): Call<unknown, unknown, {}> {
  const { timeoutMs, signal, metadata } = options;
  const deadline = timeoutMs === undefined ? undefined : Date.now() + timeoutMs;
  return createCall<unknown, unknown>({ method, requests, metadata, deadline, signal, side: "client" });
}

async function callForOne(
  method: MethodInfo,
  implementation: MethodImplementation,
  requests: Messages<unknown>,
  options: CallOptions = {},
): Promise<unknown> {
  const call = start(method, requests, options);
  try {
    const reply = await implementation(call);
    if (reply.failed === undefined) options.onHeader?.(reply.header);
    const message = await reply.messages.one();
    const status = await reply.done;
    if (status.code !== Code.OK) throw errorOfStatus(status);
    options.onTrailer?.(status.trailer);
    return message;
  } catch (error) {
    const failure = RpcError.from(error);
    lifetimeOf(call).abort(failure);
    if (failure === error) options.onTrailer?.(failure.metadata);
    throw failure;
  }
}

/** Starts the call when the iteration begins; leaving the iteration early cancels it. */
function callForMany(
  method: MethodInfo,
  implementation: MethodImplementation,
  requests: Messages<unknown>,
  options: CallOptions = {},
): AsyncIterable<unknown> {
  let started = false;
  return {
    [Symbol.asyncIterator]() {
      if (started) throw new RpcError(Code.INTERNAL, `the messages of ${method.name} can be read only once`);
      started = true;
      const call = start(method, requests, options);
      return iterate(call, implementation(call), options);
    },
  };
}

function iterate(
  call: Call<unknown, unknown, {}>,
  pending: Promise<Reply<unknown>>,
  options: CallOptions,
): AsyncIterator<unknown, undefined, undefined> {
  const lifetime = lifetimeOf(call);
  let iterator: AsyncIterator<unknown> | undefined;
  let over = false;
  let left = false;
  const begin = async (): Promise<AsyncIterator<unknown>> => {
    const reply = await pending;
    if (iterator === undefined) {
      iterator = reply.messages[Symbol.asyncIterator]();
      if (reply.failed === undefined) options.onHeader?.(reply.header);
    }
    return iterator;
  };
  return {
    async next() {
      if (over) return { done: true, value: undefined };
      try {
        const step = await (iterator ?? (await begin())).next();
        if (step.done !== true) return step;
        over = true;
        const status = await (await pending).done;
        if (status.code !== Code.OK) throw errorOfStatus(status);
        options.onTrailer?.(status.trailer);
        return { done: true, value: undefined };
      } catch (error) {
        over = true;
        // who leaves while a step is under way does not ask what becomes of it
        if (left) return { done: true, value: undefined };
        const failure = RpcError.from(error);
        lifetime.abort(failure);
        if (failure === error) options.onTrailer?.(failure.metadata);
        throw failure;
      }
    },
    async return() {
      if (!over) {
        over = left = true;
        lifetime.abort(new RpcError(Code.CANCELLED, "the reader left"));
        await iterator?.return?.();
      }
      return { done: true, value: undefined };
    },
  };
}
