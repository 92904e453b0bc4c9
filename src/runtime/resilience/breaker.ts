import type { Clock, Random } from "../context/index.js";

/**
 * What a circuit breaker does: `closed` lets every call pass, `open` none but probes, `half-open` a few that try,
 * `ramping` a growing share.
 */
export type BreakerState = "closed" | "open" | "half-open" | "ramping";

/** What a call told of its target; `ignored` for nothing, as when the caller went away. */
export type Outcome = "success" | "failure" | "ignored";

/**
 * Decides which calls are worth making. Knows nothing of calls: who makes them asks before and tells the outcome.
 *
 * @example
 * const ticket = breaker.enter();
 * if (ticket === undefined) throw new Error("down");
 * breaker.leave(ticket, (await works()) ? "success" : "failure");
 */
export interface Breaker {
  readonly state: BreakerState;
  /** Admits one call with a ticket; undefined when it must not be made. */
  enter(): number | undefined;
  /** The outcome of an admitted call, once. One from before the last change of state counts for nothing. */
  leave(ticket: number, outcome: Outcome): void;
  /** Milliseconds until a call may be admitted again, as far as that is known; 0 for at once. */
  retryAfterMs(): number;
}

/** Settings that all breakers have. */
export interface BreakerBasics {
  readonly clock?: Clock | undefined;
  /** Uniform numbers in [0, 1); `Math.random` by default. */
  readonly random?: Random | undefined;
  /** Hears of changes of state as they happen: with a call or its outcome, for nothing here has a timer. */
  readonly onStateChange?: ((to: BreakerState, from: BreakerState) => void) | undefined;
}
