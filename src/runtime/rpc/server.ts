import { ambient, bindIterable, parseTrace, withAmbient, type Ambient } from "../context/index.js";
import { lifetimeOf } from "./call.js";
import { composeChain } from "./chain.js";
import { RpcError, statusOfError } from "./error.js";
import { earliest, type Lifetime } from "./lifetime.js";
import { failedReply, okReply, streamReply, untilAborted } from "./replies.js";
import { Code } from "./status.js";
import type { Call, CallContext, LayerList, MethodImplementation, MethodInfo, Reply, ServiceInfo } from "./types.js";

/** How a service is put together. */
export interface ImplementOptions {
  /** Layers around every method, the first is the outermost. */
  readonly chain?: LayerList | undefined;
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
    const method = service.methods[key];
    if (method === undefined) continue;
    const composed = composeChain(layers, method, createCore(method, handler, key));
    methods.set(method.name, (call) => serve(call, composed));
  }
  return methods;
}

/** Runs a call inside its ambient context and ends its lifetime with it. */
async function serve<I, O>(call: Call<I, O, {}>, composed: MethodImplementation): Promise<Reply<O>> {
  const lifetime = lifetimeOf(call);
  const reply = await untilAborted(lifetime, () => withAmbient(surroundings(call.context), () => composed(call)));
  reply.done.then(
    (status) => lifetime.end(status),
    (error: unknown) => lifetime.end(statusOfError(error)),
  );
  return reply;
}

/** What flows into everything the call does: nearer limits win, and a trace from the wire goes on. */
function surroundings(context: CallContext): Ambient {
  const outer = ambient();
  return {
    identity: outer.identity,
    deadline: earliest(outer.deadline, context.deadline),
    // a getter, for most handlers never ask
    get signal() {
      return context.signal;
    },
    trace:
      outer.trace ??
      parseTrace({
        traceparent: context.metadata.get("traceparent"),
        tracestate: joined(context, "tracestate"),
        baggage: joined(context, "baggage"),
      }),
  };
}

/** Both headers are lists, and a list may come in several lines. */
function joined(context: CallContext, key: string): string | undefined {
  const values = context.metadata.getAll(key);
  return values.length === 0 ? undefined : values.join(",");
}

/** The innermost function of a method: calls the handler. Never rejects. */
function createCore(method: MethodInfo, handler: object, key: string): MethodImplementation {
  return async <I, O>(call: Call<I, O, {}>): Promise<Reply<O>> => {
    const { context } = call;
    const lifetime = lifetimeOf(call);
    const run = async (): Promise<Reply<O>> => {
      try {
        const found = handlerOf<I, O>(handler, key);
        if (found === undefined) {
          throw new RpcError(Code.UNIMPLEMENTED, `${method.service}/${method.name} is not implemented`);
        }
        return await answer(method, found, call, lifetime);
      } catch (error) {
        return failedReply<O>(error, context);
      }
    };
    if (!lifetime.narrowed) return untilAborted(lifetime, run);
    // layers have set nearer limits since the call came in
    const outer = ambient();
    const inner = { ...outer, deadline: earliest(outer.deadline, context.deadline), signal: context.signal };
    return untilAborted(lifetime, () => withAmbient(inner, run));
  };
}

type Handler<I, O> = (input: I | AsyncIterable<I>, context: CallContext) => O | Promise<O> | AsyncIterable<O>;

/** The function behind a method, looked up at every call so that one can be replaced; `this` stays for classes. */
function handlerOf<I, O>(handler: object, key: string): Handler<I, O> | undefined {
  const found: unknown = Reflect.get(handler, key);
  if (typeof found !== "function") return undefined;
  // sound because the generated handler interface has typed it
  return (found as Handler<I, O>).bind(handler);
}

async function answer<I, O>(
  method: MethodInfo,
  handler: Handler<I, O>,
  call: Call<I, O, {}>,
  lifetime: Lifetime,
): Promise<Reply<O>> {
  const { context } = call;
  switch (method.kind) {
    case "unary":
      return okReply((await handler(await call.requests.one(), context)) as O, context);
    case "client_streaming":
      return okReply((await handler(call.requests, context)) as O, context);
    case "server_streaming":
      return stream(handler(await call.requests.one(), context));
    case "bidi_streaming":
      return stream(handler(call.requests, context));
  }

  function stream(source: unknown): Reply<O> {
    if (!isIterable<O>(source)) throw new TypeError(`the handler of ${method.name} returned no iterable`);
    const { header, trailer } = context;
    // a generator's body runs in the context of whoever pulls, which is the transport
    return streamReply({ source: bindIterable(source), header, trailer, lifetime });
  }
}

function isIterable<T>(value: unknown): value is AsyncIterable<T> | Iterable<T> {
  return typeof value === "object" && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}
