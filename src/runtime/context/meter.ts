import type { Attributes } from "./trace.js";

/** Where measurements go: a part of OpenTelemetry's `Meter`, so that one of those fits. */
export interface Meter {
  createHistogram(name: string, options?: InstrumentOptions): Histogram;
  createCounter(name: string, options?: InstrumentOptions): Counter;
  createUpDownCounter(name: string, options?: InstrumentOptions): Counter;
}

/** What an instrument is about. */
export interface InstrumentOptions {
  readonly description?: string;
  /** UCUM: `s`, `By`, `{call}`. */
  readonly unit?: string;
  readonly advice?: { readonly explicitBucketBoundaries?: number[] };
}

/** Distributions. */
export interface Histogram {
  record(value: number, attributes?: Attributes): void;
}

/** Sums. */
export interface Counter {
  add(value: number, attributes?: Attributes): void;
}
