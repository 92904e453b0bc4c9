import type { Clock } from "../context/index.js";
import type { ConcurrencyLimiter, LimiterBounds } from "./limiter.js";
import { inRange } from "./range.js";
import { elapsed } from "./time.js";

/** Settings of {@link createGradientLimiter}; the defaults are those of Netflix's Gradient2. */
export interface GradientOptions extends LimiterBounds {
  /** Calls that may wait at the target without the limit coming down; 4 by default. */
  readonly queueSize?: number | undefined;
  /** Weight of a new limit against the one before, above 0 to 1; 0.2 by default. */
  readonly smoothing?: number | undefined;
  /** How many times the usual duration is still no sign of load; 1.5 by default. */
  readonly tolerance?: number | undefined;
  /** Samples over which the usual duration is averaged; 600 by default. */
  readonly longWindow?: number | undefined;
  /**
   * Milliseconds of calls that make a sample, their mean; 100 by default, 0 for each call its own. With the latter a
   * busy client takes the durations of an overload for the usual ones after a second.
   */
  readonly sampleMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Numbers of one step of {@link nextGradientLimit}. */
export interface GradientStep {
  readonly limit: number;
  /** Milliseconds that calls took last. */
  readonly shortMs: number;
  /** Milliseconds that calls usually take. */
  readonly longMs: number;
  readonly tolerance: number;
  readonly smoothing: number;
  readonly queueSize: number;
}

/** The limit after one sample: it comes down, to half at most, as calls take longer than usual, and else grows slowly. */
export function nextGradientLimit(step: GradientStep): number {
  const { limit, shortMs, longMs, tolerance, smoothing, queueSize } = step;
  const gradient = Math.min(1, Math.max(0.5, (tolerance * longMs) / shortMs));
  return (1 - smoothing) * limit + smoothing * (limit * gradient + queueSize);
}

const warmUp = 10;
/** Durations that no clock can tell from none. */
const leastMs = 0.001;

/**
 * Netflix's Gradient2: compares how long calls took last with how long they took in the long run.
 *
 * @throws {RangeError} for a setting that makes no sense.
 * @example const limiter = createGradientLimiter({ maxLimit: 500 });
 */
export function createGradientLimiter(options: GradientOptions = {}): ConcurrencyLimiter {
  const minLimit = inRange("minLimit", options.minLimit ?? 20, { least: 1 });
  const maxLimit = inRange("maxLimit", options.maxLimit ?? 200, { least: minLimit });
  let limit = inRange("initialLimit", options.initialLimit ?? Math.min(maxLimit, Math.max(minLimit, 20)), {
    least: minLimit,
    most: maxLimit,
  });
  const queueSize = inRange("queueSize", options.queueSize ?? 4, { least: 0 });
  const smoothing = inRange("smoothing", options.smoothing ?? 0.2, { above: 0, most: 1 });
  const tolerance = inRange("tolerance", options.tolerance ?? 1.5, { least: 1 });
  const longWindow = inRange("longWindow", options.longWindow ?? 600, { least: 1 });
  const sampleMs = inRange("sampleMs", options.sampleMs ?? 100, { least: 0 });
  const now = elapsed(options.clock);
  let longMs = 0;
  let samples = 0;
  const pending = { since: now(), calls: 0, sumMs: 0, inFlight: 0 };

  /** The plain mean of the first few samples, an exponential one from then on. */
  function average(shortMs: number): void {
    samples++;
    const weight = samples <= warmUp ? 1 / samples : 2 / (longWindow + 1);
    longMs += (shortMs - longMs) * weight;
  }

  function learn(shortMs: number, inFlight: number): void {
    average(shortMs);
    // after a load that has gone the usual duration is too long, and would hide the next one
    if (longMs / shortMs > 2) longMs *= 0.95;
    // who does not use what is admitted learns nothing of how much that could be
    if (inFlight < limit / 2) return;
    const next = nextGradientLimit({ limit, shortMs, longMs, tolerance, smoothing, queueSize });
    limit = Math.min(maxLimit, Math.max(minLimit, next));
  }

  return {
    get limit() {
      return limit;
    },
    sample({ rttMs, inFlight }) {
      pending.calls++;
      pending.sumMs += rttMs;
      pending.inFlight = Math.max(pending.inFlight, inFlight);
      const time = now();
      if (time - pending.since < sampleMs) return;
      learn(Math.max(leastMs, pending.sumMs / pending.calls), pending.inFlight);
      pending.since = time;
      pending.calls = pending.sumMs = pending.inFlight = 0;
    },
  };
}
