import type { Breaker, BreakerBasics, BreakerState } from "./breaker.js";
import { inRange } from "./range.js";
import { RollingWindow } from "./rolling-window.js";
import { elapsed } from "./time.js";

/** Settings of {@link createClassicBreaker}. */
export interface ClassicBreakerOptions extends BreakerBasics {
  /** Milliseconds that are looked at, in ten slices; 1,000 by default. With 10,000 an outage goes on for seconds. */
  readonly windowMs?: number | undefined;
  /** Calls in the window below which the ratio says nothing; 10 by default. */
  readonly minCalls?: number | undefined;
  /** Share of failures in the window that opens it, above 0 to 1; 0.5 by default. */
  readonly failureRatio?: number | undefined;
  /**
   * Opens after more failures in a row than that, too, whatever the ratio. Off by default: where three calls of ten
   * fail all the time, ten in a row do so every few minutes.
   */
  readonly consecutiveFailures?: number | undefined;
  /**
   * Milliseconds until calls may try; 1,000 by default. A list is for the first, second, … time in a row, its last
   * for all after: `[1_000, 5_000, 10_000, 15_000, 30_000, 60_000]`.
   */
  readonly openMs?: number | readonly number[] | undefined;
  /** Calls that may try at a time, and successes that close it; 1 by default. */
  readonly maxProbes?: number | undefined;
}

/**
 * The textbook breaker: closed, open, half-open. While half-open it admits exactly `maxProbes` calls at a time; when as
 * many have succeeded it closes, on the first failure it opens again. Where none of them ends within another `openMs`,
 * their places are given to the next calls, and what they tell later counts for nothing.
 *
 * @throws {RangeError} for a setting that makes no sense.
 * @example const breaker = createClassicBreaker({ consecutiveFailures: 5, openMs: 60_000 }); // as gobreaker
 */
export function createClassicBreaker(options: ClassicBreakerOptions = {}): Breaker {
  const windowMs = inRange("windowMs", options.windowMs ?? 1_000, { above: 0 });
  const minCalls = inRange("minCalls", options.minCalls ?? 10, { least: 1, whole: true });
  const failureRatio = inRange("failureRatio", options.failureRatio ?? 0.5, { above: 0, most: 1 });
  const maxProbes = inRange("maxProbes", options.maxProbes ?? 1, { least: 1, whole: true });
  const inARow =
    options.consecutiveFailures === undefined
      ? Number.POSITIVE_INFINITY
      : inRange("consecutiveFailures", options.consecutiveFailures, { least: 0, whole: true });
  const pauses = typeof options.openMs === "object" ? options.openMs : [options.openMs ?? 1_000];
  for (const pause of pauses) inRange("openMs", pause, { above: 0 });
  if (pauses.length === 0) throw new RangeError("openMs must be a number or a list of at least one");
  const now = elapsed(options.clock);
  const window = new RollingWindow({ windowMs, buckets: 10, now });

  let state: BreakerState = "closed";
  /** Every change of state begins a new one; outcomes of calls that an older one admitted are ignored. */
  let generation = 0;
  let openUntil = 0;
  let pauseMs = 0;
  /** When a half-open breaker no longer waits for those that try. */
  let probesUntil = 0;
  /** How often it has opened since it was last closed. */
  let opened = 0;
  let failedInARow = 0;
  let probing = 0;
  let succeeded = 0;

  function become(next: BreakerState): void {
    const from = state;
    generation++;
    state = next;
    options.onStateChange?.(next, from);
  }

  function open(): void {
    pauseMs = pauses[Math.min(opened, pauses.length - 1)] ?? 0;
    openUntil = now() + pauseMs;
    opened++;
    become("open");
  }

  function close(): void {
    opened = failedInARow = 0;
    window.reset();
    become("closed");
  }

  function leaveHalfOpen(outcome: "success" | "failure" | "ignored"): void {
    probing--;
    if (outcome === "failure") open();
    else if (outcome === "success" && ++succeeded >= maxProbes) close();
  }

  return {
    get state() {
      return state;
    },
    enter() {
      if (state === "closed") return generation;
      if (state === "open") {
        if (now() < openUntil) return undefined;
        probing = succeeded = 0;
        become("half-open");
      }
      if (probing + succeeded >= maxProbes) {
        if (now() < probesUntil) return undefined;
        // a call without a deadline may never end, and would keep it half-open for ever
        generation++;
        probing = 0;
      }
      probing++;
      probesUntil = now() + pauseMs;
      return generation;
    },
    leave(ticket, outcome) {
      if (ticket !== generation) return;
      if (state === "half-open") return leaveHalfOpen(outcome);
      if (outcome === "ignored") return;
      window.add(outcome);
      if (outcome === "success") {
        failedInARow = 0;
        return;
      }
      failedInARow++;
      const { success, failure } = window.counts;
      const total = success + failure;
      if (failedInARow > inARow || (total >= minCalls && failure >= failureRatio * total)) open();
    },
    retryAfterMs() {
      return state === "open" ? Math.max(0, openUntil - now()) : 0;
    },
  };
}
