import type { Clock } from "../context/index.js";

/** A clock that stands until it is told to go on. */
export interface TestClock extends Clock {
  /**
   * Lets time pass. Timers that fall due run in order, each at its own time, and what they start gets its turn before
   * the next one. Resolves when all that needs no more time, nor a network, has run.
   */
  pass(ms: number): Promise<void>;
  /** Timers that wait. */
  readonly timers: number;
}

/**
 * A clock for tests: of clients (`{ clock }`), of the transport for tests, and of everything else that takes a
 * {@link Clock}. It begins at `start`, milliseconds since the epoch, 2025-01-01 by default.
 *
 * @example
 * const clock = createTestClock();
 * const users = createUserServiceClient(createTestTransport({ clock }), { clock });
 * const call = users.getUser({ id: "1" }, { timeoutMs: 500 });
 * await clock.pass(500); // DEADLINE_EXCEEDED now, and no time lost
 */
export function createTestClock(start: number = Date.UTC(2025, 0, 1)): TestClock {
  let now = start;
  let timers: { readonly at: number; readonly run: () => void }[] = [];
  return {
    now: () => now,
    after(delayMs, run) {
      const timer = { at: now + Math.max(0, delayMs), run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    get timers() {
      return timers.length;
    },
    async pass(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        // the first of those that are due at once is the one that was set first
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((other) => other !== next);
        now = Math.max(now, next.at);
        next.run();
        await settle();
      }
      now = end;
      await settle();
    },
  };
}

/** Turns of the event loop that work in one process needs at most, promises of several layers included. */
const turns = 6;

/** Lets everything run that is ready. */
async function settle(): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}
