import { ambient, type Clock } from "../context/index.js";
import { checkRate, createLocalBuckets, type CheckedRate, type TokenBuckets } from "../resilience/index.js";
import {
  Code,
  createMethodLayer,
  lifetimeOf,
  type CallContext,
  type Interceptor,
  type LimitPolicy,
  type MethodInfo,
  type RpcStatus,
} from "../rpc/index.js";
import { refusal } from "./refusal.js";

/** Whose calls are counted together. */
export type RateKey = NonNullable<LimitPolicy["key"]> | ((context: CallContext) => string);

/** Settings of {@link rateLimit}. What is not given is as the contract says. */
export interface RateLimitOptions {
  /** Calls a second in the long run, above 0. Methods for which neither this nor the contract has one are not limited. */
  readonly rate?: number | undefined;
  /** Calls at once after a pause, at least 1; as many as one second has by default. */
  readonly burst?: number | undefined;
  /**
   * Whose calls are counted together: `method` (the default) for all of a method, `peer` for those from one address,
   * `{ claim }` for those of callers whose token has the same value there; who has none counts by address. Each
   * method is limited for itself; not so with a function, whose result is the whole key.
   */
  readonly key?: RateKey | undefined;
  /**
   * Which of the methods this layer is for. `admission`: all but those limited by a claim, to stand before auth;
   * `identity`: only those, to stand behind it. Both by default.
   */
  readonly stage?: "admission" | "identity" | undefined;
  /** Where buckets are; in this process by default, else what `createRedisBuckets` makes. */
  readonly buckets?: TokenBuckets | undefined;
  /** Keys of buckets in this process, of all methods; 10,000 by default. */
  readonly maxKeys?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Refuses calls beyond a rate with `RESOURCE_EXHAUSTED`, and tells when the next one may pass: `google.rpc.RetryInfo`,
 * behind a gateway 429 with `Retry-After`.
 *
 * @throws {RangeError} when the chain is put together, for numbers that make no sense.
 * @example chain().use(rateLimit({ rate: 100, burst: 20, key: "peer" }))
 */
export function rateLimit(options: RateLimitOptions = {}): Interceptor {
  const { stage, buckets = createLocalBuckets({ maxKeys: options.maxKeys, clock: options.clock }) } = options;
  return createMethodLayer((method) => {
    const limit = limitOf(method, options);
    if (limit === undefined) return (call) => ({ call });
    const { rate, key } = limit;
    const byClaim = typeof key === "object";
    // what a function goes by nobody knows: it counts where it is put
    const elsewhere = stage !== undefined && typeof key !== "function" && (stage === "identity") !== byClaim;
    if (elsewhere) return (call) => ({ call });
    return (call) => {
      const waitMs = buckets.take(keyOf(key, call.context), rate);
      if (typeof waitMs === "number") {
        if (waitMs > 0) throw tooMany(method, waitMs);
        return { call };
      }
      const wait = (go: () => void, fail: (error: unknown) => void): void => {
        const forget = lifetimeOf(call).onAbort(fail);
        const settle = (ms: number): void => {
          forget();
          if (ms > 0) fail(tooMany(method, ms));
          else go();
        };
        waitMs.then(settle, fail);
      };
      return { call, wait };
    };
  });
}

/** What holds for a method: options over the contract, field by field. */
function limitOf(
  { policy }: MethodInfo,
  options: RateLimitOptions,
): { readonly rate: CheckedRate; readonly key: RateKey } | undefined {
  const rate = options.rate ?? policy.limit?.rate;
  if (rate === undefined) return undefined;
  // the contract's burst belongs to its rate
  const burst = options.burst ?? (options.rate === undefined ? policy.limit?.burst : undefined);
  return { rate: checkRate({ rate, burst }), key: options.key ?? policy.limit?.key ?? "method" };
}

function tooMany({ path }: MethodInfo, waitMs: number): RpcStatus {
  return refusal(Code.RESOURCE_EXHAUSTED, `too many calls of ${path}`, waitMs);
}

function keyOf(key: RateKey, context: CallContext): string {
  if (typeof key === "function") return bounded(key(context));
  const { path } = context.method;
  if (key === "method") return path;
  const claim = key === "peer" ? undefined : claimOf(key.claim);
  // a prefix each, so that no claim can be taken for somebody's address
  return claim === undefined ? `${path} peer ${hostOf(context.peer)}` : `${path} claim ${bounded(claim)}`;
}

/** A claim of who calls, as an auth layer has established it: the claims themselves, or an object that has them. */
function claimOf(name: string): string | undefined {
  const { identity } = ambient();
  const value = ownOf(identity, name) ?? ownOf(ownOf(identity, "claims"), name);
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function ownOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

/** An address without its port, of which every connection has another, and without the brackets of IPv6. */
function hostOf(peer: string): string {
  return peer.replace(/:[0-9]+$/, "").replace(/^\[(.*)\]$/, "$1");
}

const longest = 200;

/** Keys come from strangers: a long one is cut, and told from others by its length and two hashes of it. */
function bounded(key: string): string {
  if (key.length <= longest) return key;
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x5bd1e995) ^ (b >>> 15);
  }
  return `${key.slice(0, longest)} ${key.length} ${(a >>> 0).toString(16)}${(b >>> 0).toString(16)}`;
}
