import type { Random } from "../context/index.js";
import { queueDefaults, queueDelayMs } from "../policy/index.js";

/**
 * How often and when a failed message is tried again.
 *
 * @example
 * // at once, again after about 50 ms, after 5 seconds, after a minute, after another minute, then the dead letters
 * const retry: RetryPolicy = { maxAttempts: 5, quick: 2, delaysMs: [5_000, 60_000] };
 */
export interface RetryPolicy {
  /** Counts the first attempt. */
  readonly maxAttempts: number;
  /** Attempts inside the process before the broker delays; counts in `maxAttempts`. */
  readonly quick: number;
  /** Delays of the attempts after those, milliseconds; the last one holds for all further attempts. One second. */
  readonly delaysMs?: readonly number[] | undefined;
}

/** The same with everything said. */
export interface Retries extends RetryPolicy {
  readonly delaysMs: readonly number[];
}

/** What holds where the contract is silent. */
export const defaultRetry: Retries = queueDefaults.retry;

export type RetryStep =
  | { readonly kind: "quick"; readonly delayMs: number }
  | { readonly kind: "delayed"; readonly delayMs: number }
  | { readonly kind: "exhausted" };

/** What follows after that attempt (1 for the first) has failed. Depends on nothing else, so hooks cannot shift it. */
export function nextStep(policy: RetryPolicy, attempt: number, random: Random): RetryStep {
  if (attempt >= policy.maxAttempts) return { kind: "exhausted" };
  const delayMs = queueDelayMs(policy, attempt);
  return attempt < policy.quick
    ? { kind: "quick", delayMs: delayMs * (0.8 + 0.4 * random()) }
    : { kind: "delayed", delayMs };
}
