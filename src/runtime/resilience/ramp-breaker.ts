import type { Breaker, BreakerBasics, BreakerState } from "./breaker.js";
import { inRange } from "./range.js";
import { RollingWindow } from "./rolling-window.js";
import { elapsed } from "./time.js";

/** Settings of {@link createRampBreaker}. */
export interface RampBreakerOptions extends BreakerBasics {
  /** Milliseconds that are looked at, in ten slices; 1,000 by default. */
  readonly windowMs?: number | undefined;
  /** Calls in the window below which it never opens; 10 by default. */
  readonly minCalls?: number | undefined;
  /** Share of failures in the window that opens it, above 0 to 1; 0.5 by default. */
  readonly failureRatio?: number | undefined;
  /** Milliseconds from opening to the first probe; the time to the next one doubles. 250 by default. */
  readonly firstProbeMs?: number | undefined;
  /** Milliseconds between probes at most; 500 by default. */
  readonly maxProbeMs?: number | undefined;
  /** Probes in a row that must succeed before load comes back; 2 by default. */
  readonly probes?: number | undefined;
  /** Shares of calls that are admitted then, one after the other, before all are; 0.1, 0.25, 0.5 by default. */
  readonly steps?: readonly number[] | undefined;
  /** Milliseconds of each of these steps; 150 by default. */
  readonly stepMs?: number | undefined;
}

/**
 * The breaker that is the default. It looks back one second, so that it notices an outage within one; single probes
 * tell when that is over, and load comes back in steps, so that a target that has just come up is not knocked over by
 * all of it at once. The classic one gives it everything at once, those after Google's SRE book take tens of seconds
 * to come back: see `npm run bench -- rpc breakers`.
 *
 * @throws {RangeError} for a setting that makes no sense.
 * @example const breaker = createRampBreaker({ minCalls: 20 });
 */
export function createRampBreaker(options: RampBreakerOptions = {}): Breaker {
  const windowMs = inRange("windowMs", options.windowMs ?? 1_000, { above: 0 });
  const minCalls = inRange("minCalls", options.minCalls ?? 10, { least: 1, whole: true });
  const failureRatio = inRange("failureRatio", options.failureRatio ?? 0.5, { above: 0, most: 1 });
  const firstProbeMs = inRange("firstProbeMs", options.firstProbeMs ?? 250, { above: 0 });
  const maxProbeMs = inRange("maxProbeMs", options.maxProbeMs ?? 500, { least: firstProbeMs });
  const probes = inRange("probes", options.probes ?? 2, { least: 1, whole: true });
  const stepMs = inRange("stepMs", options.stepMs ?? 150, { above: 0 });
  const steps = options.steps ?? [0.1, 0.25, 0.5];
  for (const share of steps) inRange("a share of steps", share, { above: 0, most: 1 });
  const random = options.random ?? Math.random;
  const now = elapsed(options.clock);
  const window = new RollingWindow({ windowMs, buckets: 10, now });

  let state: BreakerState = "closed";
  /** Which admitted calls still count: those since the breaker last opened or began to let load back. */
  let generation = 0;
  let nextProbeAt = 0;
  let probeMs = firstProbeMs;
  let succeeded = 0;
  let rampedSince = 0;
  /** Admission is by count, not by lot: of ten calls at a tenth exactly one passes. */
  let credit = 0;

  function become(next: BreakerState): void {
    const from = state;
    state = next;
    if (from !== next) options.onStateChange?.(next, from);
  }

  function open(): void {
    generation++;
    succeeded = 0;
    probeMs = firstProbeMs;
    nextProbeAt = now() + probeMs;
    become("open");
  }

  function ramp(): void {
    generation++;
    rampedSince = now();
    // processes that reopen together must not let their first calls through together
    credit = random();
    window.reset();
    become("ramping");
  }

  function enterOpen(): number | undefined {
    const time = now();
    if (time < nextProbeAt) return undefined;
    probeMs = Math.min(maxProbeMs, probeMs * 2);
    nextProbeAt = time + probeMs;
    return generation;
  }

  function enterRamp(): number | undefined {
    const share = steps[Math.floor((now() - rampedSince) / stepMs)];
    if (share === undefined) {
      // what was seen on the way still counts: the window is warm, and a handful of failures is no outage
      become("closed");
      return generation;
    }
    credit += share;
    // sums of tenths fall short of one by a few bits
    if (credit < 1 - 1e-9) return undefined;
    credit -= 1;
    return generation;
  }

  return {
    get state() {
      return state;
    },
    enter() {
      if (state === "closed") return generation;
      return state === "open" ? enterOpen() : enterRamp();
    },
    leave(ticket, outcome) {
      if (ticket !== generation || outcome === "ignored") return;
      if (state === "open") {
        if (outcome === "failure") {
          succeeded = 0;
          return;
        }
        succeeded++;
        if (succeeded >= probes) ramp();
        else nextProbeAt = Math.min(nextProbeAt, now() + firstProbeMs);
        return;
      }
      window.add(outcome);
      if (outcome === "success") return;
      const { success, failure } = window.counts;
      const total = success + failure;
      if (total >= minCalls && failure >= failureRatio * total) open();
    },
    retryAfterMs() {
      return state === "open" ? Math.max(0, nextProbeAt - now()) : 0;
    },
  };
}
