import type { Job } from "./job.js";

/** Where jobs wait until it is known to which lane they belong. */
export interface Intake<T, Params> {
  add(job: Job<T, Params>): void;
  /** Takes out what waits. */
  clear(): readonly Job<T, Params>[];
}

/**
 * Hands jobs on in the order in which they came. One whose lane is in a compressed body holds up those behind it, for
 * any of them may be of the same lane. One body is open at a time, however many wait.
 */
export function createIntake<T, Params>(next: (job: Job<T, Params>) => void): Intake<T, Params> {
  let waiting: Job<T, Params>[] = [];

  async function work(): Promise<void> {
    for (let job = waiting[0]; job !== undefined; job = waiting[0]) {
      if (job.veiled) await job.unveil();
      // it may have been taken out meanwhile
      if (waiting[0] !== job) return;
      waiting.shift();
      next(job);
    }
  }

  return {
    add(job) {
      if (waiting.length === 0 && !job.veiled) return next(job);
      if (waiting.push(job) === 1) void work();
    },
    clear() {
      const left = waiting;
      waiting = [];
      return left;
    },
  };
}
