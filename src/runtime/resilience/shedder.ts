import type { Clock } from "../context/index.js";
import { inRange } from "./range.js";
import { elapsed } from "./time.js";

/** Which calls go first when there are too many: `sheddable` before the others, `critical` last. */
export type Criticality = "critical" | "default" | "sheddable";

/** Settings of {@link createShedder}. */
export interface ShedderOptions {
  /** How busy this process is, 0 to 1: what {@link createUtilization} makes. */
  readonly utilization: () => number;
  /** From where on it is overloaded, above 0, below 1; 0.9 by default. */
  readonly threshold?: number | undefined;
  /**
   * Which calls are too many: more than the best throughput of the last while needs at the shortest duration.
   * `go-zero`, the default: of five seconds, fewer the busier the process is, and only when the average says so, too.
   * `bbr`, as kratos' aegis: of ten seconds. Under an overload that lasts, durations grow and its limit with them.
   */
  readonly kind?: "bbr" | "go-zero" | undefined;
  /** Milliseconds after it last refused a call in which it does not look at utilisation; 1,000 by default. */
  readonly coolMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Refuses what an overloaded process could not finish in time. */
export interface Shedder {
  readonly inFlight: number;
  /** Calls that it lets in while it is overloaded. */
  readonly maxInFlight: number;
  /** Lets a call in with a ticket; undefined when it must be refused. */
  enter(criticality?: Criticality): number | undefined;
  /** That call is over. Only what was `passed` says how much this process can do, and how fast. */
  leave(ticket: number, passed: boolean): void;
}

const sliceMs = 100;
const slicesOf = { bbr: 100, "go-zero": 50 } as const;
const flyingDecay = 0.9;
/** How many times as many calls of a kind are let in as of others. */
const shares: Readonly<Record<Criticality, number>> = { critical: 2, default: 1, sheddable: 0.5 };

interface Slice {
  passed: number;
  /** Milliseconds, whole ones as aegis counts them. */
  duration: number;
}

/**
 * @throws {RangeError} for a setting that makes no sense.
 * @example const shedder = createShedder({ utilization: createUtilization() });
 */
export function createShedder({ utilization, kind = "go-zero", ...options }: ShedderOptions): Shedder {
  const threshold = inRange("threshold", options.threshold ?? 0.9, { above: 0, most: 0.999 });
  const coolMs = inRange("coolMs", options.coolMs ?? 1_000, { least: 0 });
  const now = elapsed(options.clock);
  const slices: Slice[] = Array.from({ length: slicesOf[kind] }, () => ({ passed: 0, duration: 0 }));
  let newest = Math.floor(now() / sliceMs);
  let inFlight = 0;
  let flying = 0;
  let droppedAt: number | undefined;
  let known: number | undefined;

  function current(): Slice {
    const index = Math.floor(now() / sliceMs);
    if (index > newest) {
      known = undefined;
      for (let i = Math.max(newest + 1, index - slices.length + 1); i <= index; i++) {
        const old = slices[i % slices.length];
        if (old !== undefined) old.passed = old.duration = 0;
      }
      newest = index;
    }
    // sound because the list has a place for every remainder
    return slices[newest % slices.length] as Slice;
  }

  /** The best of all slices that are over; a new one of them comes every 100 ms. */
  function capacity(): number {
    const present = current();
    if (known !== undefined) return known;
    let maxPassed = 1;
    let minMs = Number.POSITIVE_INFINITY;
    for (const slice of slices) {
      if (slice === present || slice.passed === 0) continue;
      maxPassed = Math.max(maxPassed, slice.passed);
      minMs = Math.min(minMs, Math.ceil(slice.duration / slice.passed));
    }
    if (minMs === Number.POSITIVE_INFINITY) minMs = kind === "bbr" ? 1 : 1_000;
    known = (maxPassed * minMs) / sliceMs;
    return known;
  }

  function most(busy: number): number {
    if (kind === "bbr") return Math.floor(capacity() + 0.5);
    return Math.max(1, capacity()) * Math.min(1, Math.max(0.1, (1 - busy) / (1 - threshold)));
  }

  function tooMany(busy: number, share: number): boolean {
    const limit = most(busy) * share;
    if (kind === "bbr") return inFlight > 1 && inFlight > limit;
    return flying > limit && inFlight > limit;
  }

  return {
    get inFlight() {
      return inFlight;
    },
    get maxInFlight() {
      return most(utilization());
    },
    enter(criticality = "default") {
      const time = now();
      const busy = utilization();
      const overloaded = busy >= threshold || (droppedAt !== undefined && time - droppedAt <= coolMs);
      if (overloaded && tooMany(busy, shares[criticality])) {
        // refusals of the time after must not prolong it
        if (busy >= threshold) droppedAt = time;
        return undefined;
      }
      inFlight++;
      return time;
    },
    leave(ticket, passed) {
      inFlight--;
      flying = flyingDecay * flying + (1 - flyingDecay) * inFlight;
      if (!passed) return;
      const slice = current();
      slice.passed++;
      slice.duration += Math.max(1, Math.ceil(now() - ticket));
    },
  };
}
