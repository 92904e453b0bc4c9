// A target of eight workers, each busy with a call for 20 ms, and a line in front of them; callers send three times what
// it can do, wait a while, then go, while the target goes on to work for them.
import { createSeededRandom } from "../lib/virtual-time.js";

const workers = 8;
const workMs = 20;
const patienceMs = 200;
const capacity = (workers * 1_000) / workMs;

/** Half a minute through a limiter on the client; what comes in the first five seconds does not count. */
export function simulateBackend({ create, createBulkhead, load, seed, ms = 30_000, settleMs = 5_000 }) {
  const random = createSeededRandom(seed);
  let now = 0;
  const limiter = create({ now: () => now, after: () => () => {} });
  const bulkhead = createBulkhead({ limit: () => limiter.limit });
  const freeAt = Array.from({ length: workers }, () => 0);
  /** Ends of calls as callers see them: answers, and going away. */
  const ends = createQueue();
  const durations = [];
  let answered = 0;
  for (let time = 0; time < ms; time += (-Math.log(1 - random()) * 1_000) / (capacity * load)) {
    while ((ends.first?.at ?? Number.POSITIVE_INFINITY) <= time) {
      const { began, at, inFlight, late } = ends.shift();
      now = at;
      limiter.sample({ rttMs: at - began, inFlight, dropped: late });
      bulkhead.leave();
      if (began < settleMs) continue;
      durations.push(at - began);
      if (!late) answered++;
    }
    if (bulkhead.enter({ admit() {} }) !== "in") continue;
    const worker = freeAt.indexOf(Math.min(...freeAt));
    freeAt[worker] = Math.max(time, freeAt[worker]) + workMs * (0.5 + random());
    const late = freeAt[worker] - time > patienceMs;
    ends.push({
      began: time,
      at: late ? time + patienceMs : freeAt[worker],
      inFlight: bulkhead.inFlight,
      late,
    });
  }
  durations.sort((a, b) => a - b);
  return {
    goodput: answered / ((ms - settleMs) / 1_000) / capacity,
    p99: durations[Math.floor(durations.length * 0.99)] ?? Number.POSITIVE_INFINITY,
  };
}

/** What comes first goes first, by time. New ends are late ones mostly, so that looking from the back is quick. */
function createQueue() {
  const items = [];
  return {
    get first() {
      return items[0];
    },
    push(item) {
      let at = items.length;
      while (at > 0 && items[at - 1].at > item.at) at--;
      items.splice(at, 0, item);
    },
    shift: () => items.shift(),
  };
}
