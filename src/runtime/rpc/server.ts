import {
  ambient,
  ambientOf,
  bindIterable,
  captureContext,
  parseTrace,
  withAmbient,
  type Ambient,
  type TraceContext,
} from "../context/index.js";
import {
  failedAnswer,
  implementationOf,
  okAnswer,
  untilAborted,
  type Answer,
  type Give,
  type Start,
} from "./answer.js";
import { encoderOf, lifetimeOf, underMethod } from "./call.js";
import { composeStart } from "./chain.js";
import { RpcError } from "./error.js";
import { isUnaryInput, isUnaryOutput } from "./kinds.js";
import { earliest } from "./lifetime.js";
import { readMessage } from "./messages.js";
import { streamAnswer } from "./replies.js";
import { Code, type RpcStatus } from "./status.js";
import type {
  Call,
  CallContext,
  LayerList,
  MethodImplementation,
  MethodInfo,
  OwnMethods,
  ServiceInfo,
} from "./types.js";

/** How a service is put together. */
export interface ImplementOptions {
  /** Layers around every method, the first is the outermost. */
  readonly chain?: LayerList | undefined;
  /** As in {@link ServeOptions}. */
  readonly policies?: OwnMethods | undefined;
}

/**
 * The methods of a service behind one function each, by name in the contract: chain, handler, deadline and ambient
 * context. What servers register and the gateway calls in process.
 *
 * @example
 * const methods = implementService(UserService, handler, { chain: userServiceChain().use(logging()) });
 * const reply = await methods.get("GetUser")?.(createCall({ method, requests: oneMessage({ id: "1" }) }));
 */
export function implementService(
  service: ServiceInfo,
  handler: object,
  options: ImplementOptions = {},
): ReadonlyMap<string, MethodImplementation> {
  const layers = options.chain?.layers ?? [];
  const methods = new Map<string, MethodImplementation>();
  for (const key of Object.keys(service.methods)) {
    const own = options.policies?.get(key);
    const method = own ?? service.methods[key];
    if (method === undefined) continue;
    const composed = composeStart(layers, method, createCore(method, handler, key));
    const start: Start = (call, give) => {
      serve(own === undefined ? call : underMethod(call, own), composed, give);
    };
    methods.set(method.name, implementationOf(start));
  }
  return methods;
}

const underWay = new Set<CallContext>();

/** The calls that this process serves and that are not over: what a shutdown waits for. In the order they came in. */
export function servedCalls(): readonly CallContext[] {
  return [...underWay];
}

/** Runs a call inside its ambient context and ends its lifetime with it. */
function serve<I, O>(call: Call<I, O, {}>, composed: Start, give: Give<O>): void {
  const lifetime = lifetimeOf(call);
  const { context } = call;
  underWay.add(context);
  const end = (status: RpcStatus): void => {
    underWay.delete(context);
    lifetime.end(status);
  };
  const giveAndEnd = (answer: Answer<O>): void => {
    give(answer);
    answer.ending.when(end);
  };
  untilAborted(lifetime, giveAndEnd, (inner) => withAmbient(surroundings(context), () => composed(call, inner)));
}

/** What flows into everything the call does: nearer limits win, and a trace from the wire goes on. */
function surroundings(context: CallContext): Ambient {
  const outer = ambient();
  const { metadata } = context;
  const deadline = earliest(outer.deadline, context.deadline);
  return ambientOf({ deadline, trace: outer.trace ?? traceOf(context), identity: outer.identity, metadata }, context);
}

/** The trace that came with the call. */
function traceOf(context: CallContext): TraceContext | undefined {
  const traceparent = context.metadata.get("traceparent");
  if (traceparent === undefined) return undefined;
  return parseTrace({
    traceparent,
    tracestate: joined(context, "tracestate"),
    baggage: joined(context, "baggage"),
  });
}

/** Both headers are lists, and a list may come in several lines. */
function joined(context: CallContext, key: string): string | undefined {
  return context.metadata.has(key) ? context.metadata.getAll(key).join(",") : undefined;
}

/** The innermost function of a method: calls the handler. */
function createCore(method: MethodInfo, handler: object, key: string): Start {
  return (call, give) => {
    const lifetime = lifetimeOf(call);
    if (!lifetime.narrowed) return untilAborted(lifetime, give, (inner) => handle(method, handler, key, call, inner));
    // layers have set nearer limits since the call came in
    const { context } = call;
    const outer = ambient();
    const { trace, identity, metadata } = outer;
    const deadline = earliest(outer.deadline, context.deadline);
    const around = ambientOf({ deadline, trace, identity, metadata }, context);
    untilAborted(lifetime, give, (inner) => withAmbient(around, () => handle(method, handler, key, call, inner)));
  };
}

/** Gives the handler what came in, and what it answers to `give`. */
function handle<I, O>(method: MethodInfo, handler: object, key: string, call: Call<I, O, {}>, give: Give<O>): void {
  const { context, requests } = call;
  const fail = (error: unknown): void => give(failedAnswer(error, context));
  const found: unknown = Reflect.get(handler, key);
  if (typeof found !== "function") {
    return fail(new RpcError(Code.UNIMPLEMENTED, `${method.service}/${method.name} is not implemented`));
  }
  const succeed = (message: O): void => {
    let bytes: Uint8Array | undefined;
    try {
      bytes = encoderOf(call)?.(message);
    } catch (error) {
      return fail(error);
    }
    give(okAnswer(message, context, bytes));
  };
  const run = (input: I | AsyncIterable<I>): void => {
    try {
      // sound because the generated handler interface has typed it; `this` stays for classes
      const result = (found as Handler<I, O>).call(handler, input, context);
      if (!isUnaryOutput(method.kind)) return give(stream(method, result, call));
      if (!isThenable(result)) return succeed(result as O);
      Promise.resolve(result).then(succeed, fail);
    } catch (error) {
      fail(error);
    }
  };
  if (!isUnaryInput(method.kind)) return run(requests);
  let settled = false;
  let resume: (<R>(step: () => R) => R) | undefined;
  const continued =
    <T>(step: (value: T) => void) =>
    (value: T): void => {
      settled = true;
      if (resume === undefined) step(value);
      else resume(() => step(value));
    };
  readMessage(requests, continued(run), continued(fail));
  // who has the message later is in another context, which the handler must not notice
  if (!settled) resume = captureContext();
}

type Handler<I, O> = (input: I | AsyncIterable<I>, context: CallContext) => O | PromiseLike<O> | AsyncIterable<O>;

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    "then" in value &&
    typeof value.then === "function"
  );
}

function stream<I, O>(method: MethodInfo, source: unknown, call: Call<I, O, {}>): Answer<O> {
  if (!isIterable<O>(source)) throw new TypeError(`the handler of ${method.name} returned no iterable`);
  const { header, trailer } = call.context;
  // a generator's body runs in the context of whoever pulls, which is the transport
  return streamAnswer({ source: bindIterable(source), header, trailer, lifetime: lifetimeOf(call) });
}

function isIterable<T>(value: unknown): value is AsyncIterable<T> | Iterable<T> {
  return typeof value === "object" && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}
