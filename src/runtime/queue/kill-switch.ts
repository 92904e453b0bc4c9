import type { Clock } from "../context/index.js";

/**
 * When a consumer stops fetching for a while, so that an outage does not fill the dead letters.
 *
 * @example
 * // half of at least 20 attempts within 10 seconds: the database is away, ask again in half a minute
 * const killSwitch: KillSwitchOptions = { minimum: 20, ratio: 0.5, windowMs: 10_000, pauseMs: 30_000 };
 */
export interface KillSwitchOptions {
  /** Attempts that must have been seen in the window; 100 by default. */
  readonly minimum?: number;
  /** Share of them that failed; 0.1 by default. */
  readonly ratio?: number;
  /** 60,000 by default. */
  readonly windowMs?: number;
  /** 60,000 by default. */
  readonly pauseMs?: number;
}

export interface KillSwitch {
  readonly pauseMs: number;
  /** Counts an attempt; true when this one trips the switch, which then starts counting anew. */
  record(failed: boolean): boolean;
}

const bucketCount = 60;

/** A failure ratio over a rolling window of buckets. */
export function createKillSwitch(clock: Clock, options: KillSwitchOptions = {}): KillSwitch {
  const { minimum = 100, ratio = 0.1, windowMs = 60_000, pauseMs = 60_000 } = options;
  const bucketMs = Math.max(1, windowMs / bucketCount);
  let buckets: { readonly index: number; total: number; failed: number }[] = [];
  return {
    pauseMs,
    record(failed) {
      const index = Math.floor(clock.now() / bucketMs);
      if (buckets[0] !== undefined && buckets[0].index <= index - bucketCount) {
        buckets = buckets.filter((bucket) => bucket.index > index - bucketCount);
      }
      let last = buckets.at(-1);
      if (last?.index !== index) buckets.push((last = { index, total: 0, failed: 0 }));
      last.total++;
      if (!failed) return false;
      last.failed++;
      let total = 0;
      let failures = 0;
      for (const bucket of buckets) {
        total += bucket.total;
        failures += bucket.failed;
      }
      if (total < minimum || failures < ratio * total) return false;
      buckets = [];
      return true;
    },
  };
}
