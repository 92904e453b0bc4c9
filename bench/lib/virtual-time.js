// Time and chance for simulations: both are the same in every run.

/** A clock that moves when told. Timers run when it has moved past them, in their order. */
export function createVirtualClock(start = 1_000_000) {
  let now = start;
  let timers = [];
  return {
    now: () => now,
    after(delayMs, run) {
      const timer = { due: now + delayMs, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const due = timers.filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due)[0];
        if (due === undefined) break;
        timers = timers.filter((other) => other !== due);
        now = Math.max(now, due.due);
        due.run();
      }
      now = end;
    },
    get armed() {
      return timers.length;
    },
  };
}

/** Uniform numbers in [0, 1), the same ones for a seed: mulberry32. */
export function createSeededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
