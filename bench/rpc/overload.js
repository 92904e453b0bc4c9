// A server of one event loop that is offered more than it can do. A call takes the loop twice, with a pause for what it
// waits for in between; a refusal takes it, too, for a moment. What is ready runs in order. Callers wait a while, then
// go; the server does not know. Everything comes from a seed.
import { createSeededRandom } from "../lib/virtual-time.js";

const loopMs = 1;
const pauseMs = 18;
const refusalMs = 0.05;
const patienceMs = 250;
/** Calls a second that the loop could do if it did nothing else. */
export const capacity = 1_000 / (2 * loopMs);

/**
 * Half a minute of calls at `load` times the capacity, as a Poisson process. `create` gets the clock and how busy the loop was
 * since it was last asked, and gives a shedder; without it everything is let in. Counted is what comes after `settleMs`:
 * `goodput`, the share of the capacity that was answered in time, and the 99th percentile of what was let in.
 */
export function simulateOverload({ create, load, seed, ms = 30_000, settleMs = 5_000 }) {
  const random = createSeededRandom(seed);
  let time = 0;
  let busyMs = 0;
  let askedAt = 0;
  let askedBusy = 0;
  const measure = () => {
    const share = time > askedAt ? (busyMs - askedBusy) / (time - askedAt) : 0;
    askedAt = time;
    askedBusy = busyMs;
    return share;
  };
  const shedder = create?.({ clock: { now: () => time, after: () => () => {} }, measure });

  /** Pauses that end; they all take the same time, so that they end in order. */
  const paused = createFifo();
  const ready = createFifo();
  const durations = [];
  let answered = 0;
  let refused = 0;
  let offered = 0;
  const gap = () => (-Math.log(1 - random()) * 1_000) / (capacity * load);
  let nextArrival = gap();

  const work = (forMs) => {
    time += forMs;
    busyMs += forMs;
  };
  /** What became ready while the loop was busy, in its order. */
  const collect = () => {
    for (;;) {
      const resumes = paused.first?.at ?? Number.POSITIVE_INFINITY;
      if (Math.min(resumes, nextArrival) > time) return;
      if (resumes <= nextArrival) ready.push({ ...paused.shift(), resumed: true });
      else {
        ready.push({ arrivedAt: nextArrival, resumed: false });
        nextArrival += gap();
      }
    }
  };
  const run = ({ arrivedAt, ticket, resumed }) => {
    const counts = arrivedAt >= settleMs;
    if (resumed) {
      work(loopMs);
      shedder?.leave(ticket, true);
      if (!counts) return;
      durations.push(time - arrivedAt);
      if (time - arrivedAt <= patienceMs) answered++;
      return;
    }
    if (counts) offered++;
    const admitted = shedder === undefined ? 0 : shedder.enter();
    if (admitted === undefined) {
      if (counts) refused++;
      return work(refusalMs);
    }
    work(loopMs);
    paused.push({ at: time + pauseMs, arrivedAt, ticket: admitted });
  };

  while (time < ms) {
    collect();
    if (ready.first === undefined) time = Math.min(nextArrival, paused.first?.at ?? Number.POSITIVE_INFINITY);
    else run(ready.shift());
  }
  durations.sort((a, b) => a - b);
  return {
    goodput: answered / ((ms - settleMs) / 1_000) / capacity,
    p99: durations[Math.floor(durations.length * 0.99)] ?? Number.POSITIVE_INFINITY,
    refused: refused / offered,
  };
}

function createFifo() {
  let items = [];
  let head = 0;
  return {
    get first() {
      return items[head];
    },
    push: (item) => void items.push(item),
    shift() {
      const item = items[head++];
      if (head > 1_000 && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
  };
}
