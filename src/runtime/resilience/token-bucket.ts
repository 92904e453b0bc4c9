import type { Clock } from "../context/index.js";
import { inRange } from "./range.js";
import { createLru } from "./lru.js";
import { elapsed } from "./time.js";

/** How many of something may happen. */
export interface Rate {
  /** Tokens that come in each second. */
  readonly rate: number;
  /** Tokens that are kept at most: what may happen at once after a pause. At least 1; one second's worth by default. */
  readonly burst?: number | undefined;
}

/** A rate with all of its numbers. */
export interface CheckedRate {
  readonly rate: number;
  readonly burst: number;
}

/** @throws {RangeError} for a rate that is not above 0, or a burst below 1. */
export function checkRate({ rate, burst }: Rate): CheckedRate {
  inRange("rate", rate, { above: 0 });
  return { rate, burst: inRange("burst", burst ?? Math.max(1, rate), { least: 1 }) };
}

/** A token bucket: `tokens = min(burst, tokens + Δt · rate)`, and what asks for more than there are gets none. */
export interface TokenBucket {
  /** What is in it now. */
  readonly tokens: number;
  /**
   * Takes so many tokens, one by default, and gives 0; or takes none and gives the milliseconds until there are as
   * many. So a server refuses, and a consumer pauses for that long. Infinity for more than it can ever hold.
   */
  take(count?: number): number;
}

/** @example const waitMs = createTokenBucket({ rate: 100, burst: 20 }).take(); */
export function createTokenBucket({ clock, ...limit }: Rate & { readonly clock?: Clock | undefined }): TokenBucket {
  const rate = checkRate(limit);
  const now = elapsed(clock);
  const level: Level = { tokens: rate.burst, at: now() };
  return {
    get tokens() {
      refill(level, rate, now());
      return level.tokens;
    },
    take(count = 1) {
      refill(level, rate, now());
      return takeFrom(level, rate, count);
    },
  };
}

/** Buckets by key, here or elsewhere. */
export interface TokenBuckets {
  /** As {@link TokenBucket.take} of the key's bucket; a promise where that is not in this process. Never rejects. */
  take(key: string, rate: CheckedRate, count?: number): number | Promise<number>;
}

/** Settings of {@link createLocalBuckets}. */
export interface LocalBucketsOptions {
  /**
   * Keys that are kept; 10,000 by default. Of more, those that were longest not asked for start again with a full
   * bucket.
   */
  readonly maxKeys?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Token buckets of this process, the ones in use of a bounded number of keys. */
export interface LocalBuckets extends TokenBuckets {
  readonly size: number;
  take(key: string, rate: CheckedRate, count?: number): number;
}

/**
 * @throws {RangeError} when `maxKeys` is below 1.
 * @example createLocalBuckets({ maxKeys: 1_000 }).take("tenant 7", { rate: 10, burst: 5 });
 */
export function createLocalBuckets({ maxKeys = 10_000, clock }: LocalBucketsOptions = {}): LocalBuckets {
  const now = elapsed(clock);
  const levels = createLru<Level>(maxKeys, () => ({ tokens: Number.POSITIVE_INFINITY, at: now() }));
  return {
    get size() {
      return levels.size;
    },
    take(key, rate, count = 1) {
      const level = levels.get(key);
      refill(level, rate, now());
      return takeFrom(level, rate, count);
    },
  };
}

interface Level {
  tokens: number;
  at: number;
}

/** A clock that was set back fills nothing. */
function refill(level: Level, { rate, burst }: CheckedRate, time: number): void {
  level.tokens = Math.min(burst, level.tokens + (Math.max(0, time - level.at) * rate) / 1_000);
  level.at = time;
}

/** Sums of fractions may fall short of a whole token by a few bits. */
const tolerance = 1e-9;

function takeFrom(level: Level, { rate, burst }: CheckedRate, count: number): number {
  if (level.tokens + tolerance >= count) {
    level.tokens = Math.max(0, level.tokens - count);
    return 0;
  }
  return count > burst ? Number.POSITIVE_INFINITY : ((count - level.tokens) * 1_000) / rate;
}
