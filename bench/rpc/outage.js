// A target that dies and comes back, seen by a circuit breaker: ticks of a millisecond, instant replies, everything from
// a seed.
import { createSeededRandom, createVirtualClock } from "../lib/virtual-time.js";

const warmMs = 3_000;
const deadMs = 10_000;
/** A target comes back at any moment, not in step with probes. */
const jitterMs = 1_000;
const healthyMs = 60_000;
const sliceMs = 500;

/**
 * Three seconds of health, ten to eleven of death, health again. `leak`: the share of calls that still reached the dead target,
 * from a second after its death on. `recoverMs`: from its recovery to the end of the first half second in which at least
 * 95 % of calls passed. `firstLoad`: the most of offered calls that passed in any of the first windows of 100 ms in which
 * more than probes did; `afterHealing`: the same for the 100 ms right behind its recovery.
 */
export function simulateOutage(create, { rps, seed }) {
  const clock = createVirtualClock();
  const random = createSeededRandom(seed);
  const breaker = create({ clock, random });
  const everyMs = 1_000 / rps;
  /** One call of a healthy or dead target: true when it was made. */
  const call = (healthy) => {
    const ticket = breaker.enter();
    if (ticket === undefined) return false;
    breaker.leave(ticket, healthy ? "success" : "failure");
    return true;
  };
  let tick = 0;
  const during = (ms, healthy, onCall) => {
    const start = tick;
    for (; tick < start + ms; tick++, clock.advance(1)) {
      for (let due = Math.ceil(tick / everyMs) * everyMs; due < tick + 1; due += everyMs) {
        onCall(tick - start, call(healthy));
      }
    }
  };

  during(warmMs, true, () => {});
  let offered = 0;
  let leaked = 0;
  during(deadMs + Math.floor(createSeededRandom(seed + 1_000)() * jitterMs), false, (at, passed) => {
    if (at < 1_000) return;
    offered++;
    if (passed) leaked++;
  });
  const passes = [];
  during(healthyMs, true, (at, passed) => {
    passes.push({ at, passed });
  });
  return {
    leak: leaked / offered,
    recoverMs: recoveryOf(passes),
    afterHealing: shareBetween(passes, 0, 100),
    firstLoad: shareBetween(passes, ...firstLoadAt(passes, everyMs)),
  };
}

function recoveryOf(passes) {
  for (let from = 0; from < healthyMs; from += sliceMs) {
    if (shareBetween(passes, from, from + sliceMs) >= 0.95) return from + sliceMs;
  }
  return Number.POSITIVE_INFINITY;
}

/** The 100 ms from the first call on that passed for another reason than to probe: soon after the one before it. */
function firstLoadAt(passes, everyMs) {
  const passed = passes.filter((one) => one.passed).map(({ at }) => at);
  const first = passed.findIndex((at, i) => i > 0 && at - passed[i - 1] < Math.max(100, 2 * everyMs));
  const from = first < 0 ? 0 : passed[first - 1];
  return [from, from + Math.max(100, 10 * everyMs)];
}

function shareBetween(passes, from, to) {
  const within = passes.filter(({ at }) => at >= from && at < to);
  return within.filter(({ passed }) => passed).length / within.length;
}

/** The share of calls that are refused while the same share fails all the time, over a minute. */
export function simulateSteadyErrors(create, { rps, seed, errors, warm = true }) {
  const clock = createVirtualClock();
  const random = createSeededRandom(seed);
  const breaker = create({ clock, random: createSeededRandom(seed + 1) });
  const everyMs = 1_000 / rps;
  let refused = 0;
  let offered = 0;
  for (let at = warm ? -warmMs : 0; at < healthyMs; at += everyMs, clock.advance(everyMs)) {
    const ticket = breaker.enter();
    const failed = at >= 0 && random() < errors;
    if (ticket !== undefined) breaker.leave(ticket, failed ? "failure" : "success");
    if (at < 0) continue;
    offered++;
    if (ticket === undefined) refused++;
  }
  return refused / offered;
}
