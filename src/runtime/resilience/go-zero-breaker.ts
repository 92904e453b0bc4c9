import type { Breaker, BreakerBasics, BreakerState } from "./breaker.js";
import { RollingWindow } from "./rolling-window.js";
import { elapsed } from "./time.js";

const windowMs = 10_000;
const buckets = 40;
const multiplier = 1.5;
const leastMultiplier = 1.1;
/** Calls that may fail without any consequence. */
const protection = 5;
const forcePassMs = 1_000;

/** What go-zero's breaker sees in its window. */
export interface GoZeroWindow {
  /** All calls, refused ones included. */
  readonly total: number;
  readonly accepted: number;
  /** Slices at the end of the window in which calls failed and none succeeded. */
  readonly failingBuckets: number;
  /** Slices at the end of the window in which calls succeeded and none failed. */
  readonly workingBuckets: number;
}

/** The share of calls to refuse. */
export function goZeroDropShare({ total, accepted, failingBuckets, workingBuckets }: GoZeroWindow): number {
  const weight = Math.max(leastMultiplier, multiplier - ((multiplier - leastMultiplier) * failingBuckets) / buckets);
  const share = (total - protection - weight * accepted) / (total + 1);
  return Math.max(0, (share * (buckets - workingBuckets)) / buckets);
}

/**
 * Throttling after Google's SRE book as go-zero does it: ten seconds in forty slices, the stricter the longer calls have
 * failed; once a second a call passes in any case.
 *
 * @example const breaker = createGoZeroBreaker();
 */
export function createGoZeroBreaker(options: BreakerBasics = {}): Breaker {
  const random = options.random ?? Math.random;
  const now = elapsed(options.clock);
  const window = new RollingWindow({ windowMs, buckets, now });
  let state: BreakerState = "closed";
  let lastPass: number | undefined;

  function become(next: BreakerState): void {
    if (next === state) return;
    const from = state;
    state = next;
    options.onStateChange?.(next, from);
  }

  function look(): GoZeroWindow {
    let failingBuckets = 0;
    let workingBuckets = 0;
    let total = 0;
    let accepted = 0;
    for (const { success, failure, dropped } of window.slices()) {
      total += success + failure + dropped;
      accepted += success;
      if (failure > 0) workingBuckets = 0;
      else if (success > 0) workingBuckets++;
      if (success > 0) failingBuckets = 0;
      else if (failure > 0) failingBuckets++;
    }
    return { total, accepted, failingBuckets, workingBuckets };
  }

  return {
    get state() {
      return state;
    },
    enter() {
      // most windows hold no failure, and then the sums are enough
      const { failure, dropped } = window.counts;
      const share = failure + dropped === 0 ? 0 : goZeroDropShare(look());
      become(share > 0 ? "open" : "closed");
      if (share === 0) return 0;
      const time = now();
      const forced = lastPass !== undefined && time - lastPass > forcePassMs;
      if (!forced && random() < share) {
        window.add("dropped");
        return undefined;
      }
      lastPass = time;
      return 0;
    },
    leave(_ticket, outcome) {
      if (outcome !== "ignored") window.add(outcome);
    },
    retryAfterMs: () => 0,
  };
}
