import type { Breaker, BreakerBasics, BreakerState } from "./breaker.js";
import { inRange } from "./range.js";
import { RollingWindow } from "./rolling-window.js";
import { elapsed } from "./time.js";

/** Settings of {@link createAegisBreaker}. */
export interface AegisBreakerOptions extends BreakerBasics {
  /** Milliseconds that are looked at, in ten slices; 3,000 by default. */
  readonly windowMs?: number | undefined;
  /** Calls in the window below which none is refused; 100 by default. */
  readonly minCalls?: number | undefined;
  /** How many calls a success pays for, at least 1; 1/0.6 by default, so that 40 % may fail. */
  readonly multiplier?: number | undefined;
}

/** The share of calls to refuse, of all in the window, refused ones included, and those that succeeded. */
export function aegisDropShare(total: number, accepted: number, multiplier: number = 1 / 0.6, minCalls = 100): number {
  if (total < minCalls) return 0;
  return Math.max(0, (total - multiplier * accepted) / (total + 1));
}

/**
 * Client-side throttling of Google's SRE book with the numbers of kratos' aegis. It refuses by lot, the more the more
 * fail. It never cuts off a target that half works; after an outage it takes tens of seconds to come back.
 *
 * @throws {RangeError} for a setting that makes no sense.
 * @example const breaker = createAegisBreaker({ minCalls: 20 });
 */
export function createAegisBreaker(options: AegisBreakerOptions = {}): Breaker {
  const windowMs = inRange("windowMs", options.windowMs ?? 3_000, { above: 0 });
  const minCalls = inRange("minCalls", options.minCalls ?? 100, { least: 0, whole: true });
  const multiplier = inRange("multiplier", options.multiplier ?? 1 / 0.6, { least: 1 });
  const random = options.random ?? Math.random;
  const window = new RollingWindow({ windowMs, buckets: 10, now: elapsed(options.clock) });
  let state: BreakerState = "closed";

  return {
    get state() {
      return state;
    },
    enter() {
      const { success, failure, dropped } = window.counts;
      const share = aegisDropShare(success + failure + dropped, success, multiplier, minCalls);
      const next = share > 0 ? "open" : "closed";
      if (next !== state) {
        const from = state;
        state = next;
        options.onStateChange?.(next, from);
      }
      if (share === 0 || random() >= share) return 0;
      window.add("dropped");
      return undefined;
    },
    leave(_ticket, outcome) {
      if (outcome !== "ignored") window.add(outcome);
    },
    // it goes by lot: the next call may pass
    retryAfterMs: () => 0,
  };
}
