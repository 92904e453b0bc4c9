import type { ConcurrencyLimiter, LimiterBounds } from "./limiter.js";
import { inRange } from "./range.js";

/** Settings of {@link createAimdLimiter}. */
export interface AimdOptions extends LimiterBounds {
  /** What is left of the limit after a call that was dropped, above 0, below 1; 0.9 by default. */
  readonly backoffRatio?: number | undefined;
  /** Milliseconds after which an answer counts as dropped; 5,000 by default. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Additive increase, multiplicative decrease, as TCP does it: one more after a call that went well while at least half
 * of the limit was in use, a tenth less after one that was dropped.
 *
 * @throws {RangeError} for a setting that makes no sense.
 * @example const limiter = createAimdLimiter({ timeoutMs: 500 });
 */
export function createAimdLimiter(options: AimdOptions = {}): ConcurrencyLimiter {
  const minLimit = inRange("minLimit", options.minLimit ?? 20, { least: 1 });
  const maxLimit = inRange("maxLimit", options.maxLimit ?? 200, { least: minLimit });
  const backoffRatio = inRange("backoffRatio", options.backoffRatio ?? 0.9, { above: 0, most: 0.999 });
  const timeoutMs = inRange("timeoutMs", options.timeoutMs ?? 5_000, { above: 0 });
  let limit = inRange("initialLimit", options.initialLimit ?? Math.min(maxLimit, Math.max(minLimit, 20)), {
    least: minLimit,
    most: maxLimit,
  });
  return {
    get limit() {
      return limit;
    },
    sample({ rttMs, inFlight, dropped }) {
      let next = limit;
      if (dropped || rttMs > timeoutMs) next = Math.floor(limit * backoffRatio);
      else if (2 * inFlight >= limit) next = limit + 1;
      limit = Math.min(maxLimit, Math.max(minLimit, next));
    },
  };
}
