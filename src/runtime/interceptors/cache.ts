import { ambient } from "../context/index.js";
import {
  Code,
  createWrapper,
  failedReply,
  implementationOf,
  oneMessage,
  printFailure,
  reportFailure,
  RpcError,
  settle,
  statusOfError,
  type CachePolicy,
  type Call,
  type CallContext,
  type FailureListener,
  type Interceptor,
  type MethodInfo,
  type Next,
  type Reply,
} from "../rpc/index.js";
import { createMemoryCache, type CacheRead, type CacheStore } from "../stores/index.js";
import { createFlights } from "./cache-flights.js";
import { createCachePlans, keyOf, type AbsentGuard, type CachePlan } from "./cache-plan.js";
import { callerOf } from "./caller.js";
import { sendsCredentials } from "./credentials.js";
import { noteNames } from "./method-names.js";
import { decodeReply } from "./stored-reply.js";

/**
 * Settings of {@link cache}.
 *
 * @example cache({ methods: { getUser: { ttlMs: 5_000 } }, shared: (method) => method.name === "ListCountries" })
 */
export interface CacheOptions {
  /** Where answers are kept; 64 MiB of this process's memory by default. */
  readonly store?: CacheStore | undefined;
  /**
   * By name (`getUser`, or `GetUser` as in the contract) or by path: what holds in place of what the contract says, field
   * by field. `clientChain` and `serverChain` refuse names that their service does not have. `ttlMs: 0`
   * keeps nothing, but lets callers who ask the same at once share one call; `false` leaves the method alone.
   */
  readonly methods?: Readonly<Record<string, Partial<CachePolicy> | false>> | undefined;
  /**
   * The answers of these methods do not depend on who asks. For the others each caller has answers of their own, which
   * is the default.
   */
  readonly shared?: boolean | ((method: MethodInfo) => boolean) | undefined;
  /**
   * Tells callers apart; by default by what the auth layer has found out, else by the `authorization` that a call comes
   * with. Clients whose chain sends credentials from further inside have to state it, or `shared`.
   */
  readonly caller?: ((context: CallContext, identity: unknown) => string) | undefined;
  /** By name or path, as `methods`: what is known not to exist is `NOT_FOUND` without a call. */
  readonly guards?: Readonly<Record<string, AbsentGuard>> | undefined;
  /** Hears of every lookup, for metrics: `joined` is one that waited for the call of another. */
  readonly onLookup?: ((result: "hit" | "miss" | "joined" | "absent", method: MethodInfo) => void) | undefined;
  /** Hears that the store failed; calls go on without it. Prints to stderr by default. */
  readonly onError?: FailureListener | undefined;
}

/** A cache as a layer, whose answers can be made stale. */
export interface CacheLayer extends Interceptor {
  /** An event has happened: answers of methods that it invalidates are stale from now on. */
  invalidate(event: string): Promise<void>;
  /** The same as a handler for a consumer of that event. */
  invalidator(event: string): () => Promise<void>;
}

/**
 * Keeps answers of unary methods for a while, on a client or a server. Callers who ask the same while the first is
 * waiting wait for the same call; it goes on when the first leaves, as long as anybody waits. Failures are not kept.
 * Every caller gets a message of their own. Each caller has answers of their own, too, unless the method is `shared`: a
 * client that cannot tell who asks does not guess.
 *
 * @example
 * const answers = cache({ store: createRedisCache({ redis }), shared: true });
 * const users = createUserServiceClient(transport, { chain: chain().use(answers) });
 * await consumeUserUpdated(broker, answers.invalidator("user.updated"));
 * @throws {TypeError} when a client is made whose chain sends credentials inside of the cache, unless `shared` or `caller`
 * says whose the answers are.
 * @throws {RangeError | TypeError} for a `ttlMs` below 0, or options that are none.
 */
export function cache(options: CacheOptions = {}): CacheLayer {
  const { store = createMemoryCache(), shared = false, caller, onError = printFailure } = options;
  const { onLookup = () => {} } = options;
  const planOf = createCachePlans(options);
  const flights = createFlights();
  const isShared = typeof shared === "function" ? shared : () => shared;

  const layer: Interceptor = createWrapper((next, { method, layers }) => {
    const plan = planOf(method);
    if (plan === undefined) return next;
    const within = layers.slice(layers.indexOf(layer) + 1);
    if (caller === undefined && !isShared(method) && within.some(sendsCredentials)) {
      throw new TypeError(`the cache is outside of the layer with the credentials, ${asksWho(method)}`);
    }
    const inner = implementationOf(next);
    return (call, give) => settle(() => answer(plan, call, inner), give);
  });

  function whoAsks(context: CallContext, method: MethodInfo): string {
    const { identity } = ambient();
    if (caller !== undefined) return caller(context, identity);
    const who = callerOf(context, identity);
    // credentials may be added further inside, by layers or transports that nobody knows of here
    if (who === "" && context.side === "client") throw new TypeError(`nothing says who asks, ${asksWho(method)}`);
    return who;
  }

  async function answer<I, O, C>(plan: CachePlan, call: Call<I, O, C>, next: Next<I, O, C>): Promise<Reply<O>> {
    const { method, context } = call;
    const given = await call.requests.one();
    const request = context.side === "client" ? snapshotOf(method, given) : given;
    // what cannot be sent fails where it is to be sent
    if (request === undefined) return next(call.change({ requests: oneMessage(given) }));
    if (plan.isAbsent(request)) {
      onLookup("absent", method);
      throw new RpcError(Code.NOT_FOUND, `nothing has this ${plan.guarded}`);
    }
    const who = isShared(method) ? "" : whoAsks(context, method);
    const key = await keyOf(method, who, plan.keyOf(request));
    const known = await look(key, plan, method);
    if (known.value !== undefined) {
      onLookup("hit", method);
      return decodeReply(method, known.value);
    }
    let result: "miss" | "joined" = "joined";
    const counted: typeof next = (inner) => {
      result = "miss";
      return next(inner);
    };
    // who comes after an event must not be given what was asked before it
    const outcome = await flights.join(
      `${key} ${known.marks ?? ""}`,
      call.change({ requests: oneMessage(request) }),
      counted,
      async (ended) => {
        if (ended.kind === "failure" || known.marks === undefined || plan.ttlMs === 0) return;
        await tried(method, () =>
          store.write(key, ended.bytes, { ttlMs: plan.ttlMs, tags: plan.tags, marks: known.marks ?? "" }),
        );
      },
    );
    onLookup(result, method);
    return outcome.kind === "reply" ? decodeReply(method, outcome.bytes) : failedReply(outcome.status);
  }

  /** Without marks where the store cannot be reached: nothing is kept then. */
  async function look(key: string, { tags }: CachePlan, method: MethodInfo): Promise<Partial<CacheRead>> {
    return (await tried(method, () => store.read(key, tags))) ?? {};
  }

  async function tried<T>(method: MethodInfo, run: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (cause) {
      reportFailure({ ...statusOfError(cause), code: Code.INTERNAL, cause }, method, onError);
      return undefined;
    }
  }

  const invalidate = async (event: string): Promise<void> => {
    await store.invalidate(event);
  };
  const namesIn = (entries: object = {}): readonly string[] => Object.keys(entries);
  noteNames(layer, { "cache: methods": namesIn(options.methods), "cache: guards": namesIn(options.guards) });
  return Object.assign(layer, { invalidate, invalidator: (event: string) => () => invalidate(event) });
}

function asksWho({ name }: MethodInfo): string {
  return `so that one caller could get the answers to ${name} of another: state the option caller, or shared`;
}

/**
 * A whole message of the cache's own: what a client hands in may lack fields, and its owner may change it while the
 * cache is asked, so that the answer would be kept under the name of another request.
 */
function snapshotOf<I>(method: MethodInfo, request: I): I | undefined {
  try {
    // sound because a request is of its method's type, or cannot be encoded
    return method.input.decode(method.input.encode(request as never).slice()) as I;
  } catch {
    return undefined;
  }
}
