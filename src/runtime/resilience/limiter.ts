/** One call that is over, as a limiter sees it. */
export interface LimiterSample {
  /** Milliseconds that it took. */
  readonly rttMs: number;
  /** Calls under way when it began, itself included. */
  readonly inFlight: number;
  /** True when the target refused it or did not answer in time. */
  readonly dropped: boolean;
}

/** Finds out how many calls at a time a target takes, from how long they take. */
export interface ConcurrencyLimiter {
  /** Calls that may be under way, with fractions: what is admitted is the whole part. */
  readonly limit: number;
  sample(sample: LimiterSample): void;
}

/** What the limits of all kinds lie between. */
export interface LimiterBounds {
  /** What it starts with; 20 by default. */
  readonly initialLimit?: number | undefined;
  /** The least it comes down to; 20 by default. */
  readonly minLimit?: number | undefined;
  /** The most it grows to; 200 by default. */
  readonly maxLimit?: number | undefined;
}
