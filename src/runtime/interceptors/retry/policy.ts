import type { Random } from "../../context/index.js";
import {
  Code,
  codeName,
  createSelector,
  type HedgePolicy,
  type MethodInfo,
  type MethodSelector,
  type RetryPolicy,
} from "../../rpc/index.js";
import { backoffMs, type Jitter } from "./backoff.js";

/** What `retry` and `hedge` may be told of a policy; what is left out comes from the contract, then from the defaults. */
export type Override<P> = { readonly [K in keyof P]?: P[K] | undefined };

/** When a call of a method is made again, with all that is needed to say so. */
export interface RetryPlan {
  /** 1 for methods that are sent again only when no server has seen them. */
  readonly maxAttempts: number;
  readonly codes: ReadonlySet<Code>;
  readonly attemptTimeoutMs: number | undefined;
  /** Milliseconds before a retry, 1 for the first, after such a failure. */
  delayMs(retry: number, code: Code): number;
}

/** Smithy's longer base for servers that have too much to do. */
const throttledBackoffMs = 500;

const defaults = {
  proportional: { maxAttempts: 3, initialBackoffMs: 100, backoffMultiplier: 2, maxBackoffMs: 1_000 },
  full: { maxAttempts: 3, initialBackoffMs: 100, backoffMultiplier: 2, maxBackoffMs: 20_000 },
} as const;

/** gRPC takes no larger number for more than this. */
const mostAttempts = 5;

/**
 * The plan of a method. One that may not be repeated, or is hedged, has a single attempt.
 *
 * @throws {RangeError} for what is no policy.
 */
export function planRetries(
  { policy }: Pick<MethodInfo, "policy">,
  given: Override<RetryPolicy>,
  { once, jitter, random }: { readonly once: boolean; readonly jitter: Jitter; readonly random: Random },
): RetryPlan {
  const from = { codes: [Code.UNAVAILABLE], ...defaults[jitter], ...policy.retry, ...defined(given) };
  checkAttempts("retry", from.maxAttempts);
  checkCodes("retry", "codes", from.codes);
  if (from.codes.length === 0) throw new RangeError("retry: codes is empty, so that nothing would be tried again");
  check("retry", "initialBackoffMs", from.initialBackoffMs, "above 0", (value) => value > 0);
  check("retry", "maxBackoffMs", from.maxBackoffMs, "above 0", (value) => value > 0);
  check("retry", "backoffMultiplier", from.backoffMultiplier, "at least 1", (value) => value >= 1);
  checkAttemptTimeout(from.attemptTimeoutMs);
  const throttled = { ...from, initialBackoffMs: Math.max(from.initialBackoffMs, throttledBackoffMs) };
  return {
    maxAttempts: once ? 1 : Math.min(from.maxAttempts, mostAttempts),
    codes: new Set(from.codes),
    attemptTimeoutMs: given.attemptTimeoutMs,
    delayMs(retry, code) {
      const rule = jitter === "full" && code === Code.RESOURCE_EXHAUSTED ? throttled : from;
      return backoffMs(rule, retry, jitter, random);
    },
  };
}

/** When copies of a call of a method are sent. */
export interface HedgePlan {
  readonly maxAttempts: number;
  readonly delayMs: number;
  readonly nonFatalCodes: ReadonlySet<Code>;
}

/**
 * The plan of a method; undefined for one that neither the contract nor the program wants hedged.
 *
 * @throws {RangeError} for what is no policy.
 */
export function planHedges(
  { policy }: Pick<MethodInfo, "policy">,
  given: Override<HedgePolicy>,
): HedgePlan | undefined {
  const from = { maxAttempts: 2, nonFatalCodes: [Code.UNAVAILABLE], ...policy.hedge, ...defined(given) };
  checkAttempts("hedge", from.maxAttempts);
  checkCodes("hedge", "nonFatalCodes", from.nonFatalCodes);
  const { delayMs } = from;
  if (delayMs === undefined) return undefined;
  check("hedge", "delayMs", delayMs, "at least 0", (value) => value >= 0);
  return {
    maxAttempts: Math.min(from.maxAttempts, mostAttempts),
    delayMs,
    nonFatalCodes: new Set(from.nonFatalCodes),
  };
}

/**
 * Which calls of a method a server may be asked twice. `keyed`: those that come with a key, by which it knows them again;
 * one without is another intent each time.
 */
export type Repeats = "always" | "keyed" | "never";

/** What the contract says of a method's calls, or the program does. */
export function mayRepeat(widened: MethodSelector | undefined): (method: MethodInfo) => Repeats {
  const more = widened === undefined ? () => false : createSelector(widened);
  return (method) => {
    if (method.idempotency !== "unknown" || more(method)) return "always";
    // streams are not answered from the store, so a key makes nothing of them
    return method.kind === "unary" && method.policy.idempotencyKey !== undefined ? "keyed" : "never";
  };
}

/** @throws {RangeError} */
export function checkAttemptTimeout(value: number | undefined): void {
  if (value !== undefined) check("attempt", "timeout", value, "above 0 milliseconds", (ms) => ms > 0);
}

/** The fields that are set: one that is `undefined` says nothing. */
function defined<T extends object>(values: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  // sound because only fields without a value are taken out
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function checkAttempts(layer: string, value: number): void {
  check(layer, "maxAttempts", value, "an integer from 1 up", (number) => Number.isSafeInteger(number) && number >= 1);
}

function checkCodes(layer: string, name: string, codes: readonly Code[]): void {
  for (const code of codes) {
    if (code === Code.OK) throw new RangeError(`${layer}: ${name} has OK, which is no failure`);
    if (codeName(code).startsWith("CODE_")) throw new RangeError(`${layer}: ${name} has ${code}, which is no code`);
  }
}

function check(layer: string, name: string, value: number, wanted: string, valid: (value: number) => boolean): void {
  if (!valid(value)) throw new RangeError(`${layer}: ${name} is ${value}, where it must be ${wanted}`);
}
