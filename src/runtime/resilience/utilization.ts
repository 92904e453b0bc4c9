import type { Clock } from "../context/index.js";
import { inRange } from "./range.js";
import { elapsed } from "./time.js";

/** Settings of {@link createUtilization}. */
export interface UtilizationOptions {
  /**
   * The share of time, 0 to 1, in which this process was busy since the last time of asking; that of the event loop by
   * default.
   */
  readonly measure?: (() => number) | undefined;
  /** Milliseconds between measurements; 25 by default. */
  readonly sampleMs?: number | undefined;
  /**
   * Weight of the past at each, at least 0, below 1; 0.95 by default, which with 25 ms is a time constant of 500 ms: a
   * process that has more than it can do is noticed after 1.2 s.
   */
  readonly decay?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * How busy this process is, 0 to 1, smoothed. Measures when asked, so that nothing runs while nobody asks; what was
 * missed in between counts as if it had been measured in time. Go's servers smooth the load of the machine over ten
 * seconds, and refuse what comes meanwhile on other threads; here it would wait in the event loop, and be answered when
 * its caller has long gone.
 *
 * @throws {RangeError} for a setting that makes no sense.
 * @example const utilization = createUtilization({ sampleMs: 100 }); // ignores peaks of less than 4.5 s
 */
export function createUtilization(options: UtilizationOptions = {}): () => number {
  const { measure = createLoopMeter() } = options;
  const sampleMs = inRange("sampleMs", options.sampleMs ?? 25, { above: 0 });
  const decay = inRange("decay", options.decay ?? 0.95, { least: 0, most: 0.9999 });
  const now = elapsed(options.clock);
  let sampledAt = now();
  let average = 0;
  return () => {
    const periods = Math.floor((now() - sampledAt) / sampleMs);
    if (periods < 1) return average;
    sampledAt += periods * sampleMs;
    const past = decay ** periods;
    average = average * past + Math.min(1, Math.max(0, measure())) * (1 - past);
    return average;
  };
}

/** The event loop's utilisation since the last call. In browsers, which do not tell, it is 0. */
function createLoopMeter(): () => number {
  const loop: LoopPerformance = globalThis.performance;
  if (loop.eventLoopUtilization === undefined) return () => 0;
  let last = loop.eventLoopUtilization();
  return () => {
    const current = loop.eventLoopUtilization?.() ?? last;
    const active = current.active - last.active;
    const idle = current.idle - last.idle;
    last = current;
    return active + idle > 0 ? active / (active + idle) : 0;
  };
}

interface LoopPerformance {
  readonly eventLoopUtilization?: () => { readonly active: number; readonly idle: number };
}
