import { inRange } from "./range.js";

/** Who waits to be let in. The same object is given to leave the queue. */
export interface Waiter {
  /** Called once, when it is let in: from then on it counts as in. */
  admit(): void;
}

/** Settings of {@link createBulkhead}. */
export interface BulkheadOptions {
  /** How many may be in, as it is when asked; fractions are cut off. */
  readonly limit: () => number;
  /** How many may wait; 0 by default. */
  readonly maxQueue?: number | undefined;
}

/** So many at a time, so many that wait in line, and no more. */
export interface Bulkhead {
  readonly inFlight: number;
  readonly waiting: number;
  /** `in` at once; `waiting` until `admit` is called; or `full`, and nothing further happens. */
  enter(waiter: Waiter): "in" | "waiting" | "full";
  /** One that was in has finished: the first in line gets in, before this returns. */
  leave(): void;
  /** Takes one out of the line. False when it is not in it. */
  withdraw(waiter: Waiter): boolean;
}

/**
 * @throws {RangeError} when `maxQueue` is no whole number of at least 0.
 * @example const pool = createBulkhead({ limit: () => 8, maxQueue: 100 });
 */
export function createBulkhead({ limit, maxQueue = 0 }: BulkheadOptions): Bulkhead {
  inRange("maxQueue", maxQueue, { least: 0, whole: true });
  // keeps order, and gives up one in the middle at no cost
  const line = new Set<Waiter>();
  let inFlight = 0;
  let admitting = false;

  /** A loop, not a recursion: who is admitted may be done at once, and a long line would overflow the stack. */
  function admitNext(): void {
    if (admitting) return;
    admitting = true;
    try {
      for (const waiter of line) {
        if (inFlight >= Math.floor(limit())) break;
        line.delete(waiter);
        inFlight++;
        waiter.admit();
      }
    } finally {
      admitting = false;
    }
  }

  return {
    get inFlight() {
      return inFlight;
    },
    get waiting() {
      return line.size;
    },
    enter(waiter) {
      // nobody overtakes those who wait, also where the limit has just grown
      if (line.size > 0) admitNext();
      if (line.size === 0 && inFlight < Math.floor(limit())) {
        inFlight++;
        return "in";
      }
      if (line.size >= maxQueue) return "full";
      line.add(waiter);
      return "waiting";
    },
    leave() {
      inFlight--;
      admitNext();
    },
    withdraw: (waiter) => line.delete(waiter),
  };
}
