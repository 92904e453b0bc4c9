import { ambient, captureContext, systemClock, traceHeaders, type Clock } from "../context/index.js";
import {
  failedAnswer,
  implementationOf,
  knownStart,
  settle,
  untilAborted,
  type Answer,
  type Give,
  type Start,
} from "./answer.js";
import { createCall, lifetimeOf, underMethod } from "./call.js";
import { composeStart } from "./chain.js";
import { errorOfStatus, RpcError } from "./error.js";
import { isUnaryInput, isUnaryOutput } from "./kinds.js";
import { earliest } from "./lifetime.js";
import { messagesOf, oneMessage, readMessage } from "./messages.js";
import { appendFitting, appendMetadata, createMetadata, type Metadata } from "./metadata.js";
import { Code, type RpcStatus } from "./status.js";
import { transportOf } from "./target.js";
import { checkTimeout, deadlineAfter } from "./timeout.js";
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
    const method = options.policies?.get(key) ?? service.methods[key];
    if (method === undefined) continue;
    const start = createStart(method, transport, options, timeoutOf(key, method, options));
    methods.set(method.name, implementationOf(start));
    const value = createFunction(method, start, { clock: options.clock, peer: transport.target });
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
function createStart(
  method: MethodInfo,
  transport: Transport,
  { chain, metadata: own, policies }: ClientOptions,
  timeout: number | undefined,
): Start {
  const core: Start = (call, give) => {
    const chosen = transportOf(call.context) ?? transport;
    // a transport may be wrapped, or have another `call` one day
    const start = knownStart(chosen.call);
    if (start === undefined) settle(() => chosen.call(call), give);
    else start(call, give);
  };
  const composed = composeStart(chain?.layers ?? [], method, core, transport);
  return <I, O>(call: Call<I, O, {}>, give: Give<O>): void => {
    let inner: Call<I, O, {}>;
    try {
      // who calls through the gateway brings the method as the contract has it
      inner = inherit(policies === undefined ? call : underMethod(call, method), timeout, own, transport.target);
    } catch (error) {
      return give(failedAnswer(error));
    }
    untilAborted<O>(
      lifetimeOf(inner),
      (answer) => give(conclude(answer, call)),
      (within) => composed(inner, within),
    );
  };
}

/** What the client's options say, else the contract. */
function timeoutOf(key: string, { policy }: MethodInfo, { timeoutMs }: ClientOptions): number | undefined {
  const own = typeof timeoutMs === "object" ? timeoutMs[key] : timeoutMs;
  return own === undefined ? policy.timeoutMs : checkTimeout(own);
}

/** The call with the nearest deadline, the signal and the trace of what is around it. */
function inherit<I, O>(
  call: Call<I, O, {}>,
  timeout: number | undefined,
  own: ClientOptions["metadata"],
  peer = "",
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
  return call.change({ deadline, signal: outer.signal, metadata, side: "client", peer });
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
function conclude<I, O>(answer: Answer<O>, call: Call<I, O, {}>): Answer<O> {
  const { header, trailer } = call.context;
  try {
    appendMetadata(header, answer.header);
  } catch (error) {
    return failedAnswer(error);
  }
  answer.ending.when((status) => {
    lifetimeOf(call).end(status);
    appendFitting(trailer, status.trailer);
  });
  return answer;
}

/** What all calls of a client have in common. */
interface Origin {
  readonly clock: Clock | undefined;
  /** Where they go. */
  readonly peer: string | undefined;
}

/** The function of a generated client, of the shape that its kind gives. */
function createFunction(method: MethodInfo, start: Start, origin: Origin): unknown {
  const requestsOf = (input: unknown): Messages<unknown> =>
    isUnaryInput(method.kind) ? oneMessage(input) : messagesOf(input as MessagesInput<unknown>);
  return isUnaryOutput(method.kind)
    ? (input: unknown, options?: CallOptions) => callForOne(method, start, requestsOf(input), options, origin)
    : (input: unknown, options?: CallOptions) => callForMany(method, start, requestsOf(input), options, origin);
}

function begin(
  method: MethodInfo,
  requests: Messages<unknown>,
  options: CallOptions,
  { clock, peer }: Origin,
): Call<unknown, unknown, {}> {
  const { timeoutMs, signal, metadata } = options;
  const deadline = timeoutMs === undefined ? undefined : deadlineAfter(timeoutMs, (clock ?? systemClock).now());
  return createCall<unknown, unknown>({ method, requests, metadata, deadline, signal, peer, side: "client", clock });
}

/** With the one promise that its caller waits for. */
function callForOne(
  method: MethodInfo,
  start: Start,
  requests: Messages<unknown>,
  options: CallOptions = {},
  origin: Origin,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = begin(method, requests, options, origin);
    const { onHeader, onTrailer } = inContext(options);
    const fail = (error: unknown): void => {
      const failure = RpcError.from(error);
      lifetimeOf(call).abort(failure);
      try {
        if (failure === error) onTrailer?.(failure.metadata);
        reject(failure);
      } catch (thrown) {
        reject(thrown);
      }
    };
    const conclude = (status: RpcStatus, message: unknown): void => {
      if (status.code !== Code.OK) return fail(errorOfStatus(status));
      try {
        onTrailer?.(status.trailer);
      } catch (error) {
        return fail(error);
      }
      resolve(message);
    };
    start(call, (answer) => {
      try {
        if (hasHeader(answer)) onHeader?.(answer.header);
      } catch (error) {
        return fail(error);
      }
      readMessage(answer.messages, (message) => answer.ending.when((status) => conclude(status, message)), fail);
    });
  });
}

/** The functions of options in the context of here and now: what is received comes in another. */
function inContext(options: CallOptions): Pick<CallOptions, "onHeader" | "onTrailer"> {
  const { onHeader, onTrailer } = options;
  if (onHeader === undefined && onTrailer === undefined) return options;
  const run = captureContext();
  return {
    onHeader: onHeader && ((header) => run(() => onHeader(header))),
    onTrailer: onTrailer && ((trailer) => run(() => onTrailer(trailer))),
  };
}

/** Starts the call when the iteration begins; leaving the iteration early cancels it. */
function callForMany(
  method: MethodInfo,
  start: Start,
  requests: Messages<unknown>,
  options: CallOptions = {},
  origin: Origin,
): AsyncIterable<unknown> {
  let started = false;
  return {
    [Symbol.asyncIterator]() {
      if (started) throw new RpcError(Code.INTERNAL, `the messages of ${method.name} can be read only once`);
      started = true;
      const call = begin(method, requests, options, origin);
      return iterate(call, new Promise((resolve) => start(call, resolve)), options);
    },
  };
}

function iterate(
  call: Call<unknown, unknown, {}>,
  pending: Promise<Answer<unknown>>,
  options: CallOptions,
): AsyncIterator<unknown, undefined, undefined> {
  const lifetime = lifetimeOf(call);
  let iterator: AsyncIterator<unknown> | undefined;
  let over = false;
  let left = false;
  const open = async (): Promise<AsyncIterator<unknown>> => {
    const reply = await pending;
    if (iterator === undefined) {
      iterator = reply.messages[Symbol.asyncIterator]();
      if (hasHeader(reply)) options.onHeader?.(reply.header);
    }
    return iterator;
  };
  return {
    async next() {
      if (over) return { done: true, value: undefined };
      try {
        const step = await (iterator ?? (await open())).next();
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

/** True when headers came in, be it before a failure. */
function hasHeader({ failed, header }: Reply<unknown>): boolean {
  return failed === undefined || header.size > 0;
}
