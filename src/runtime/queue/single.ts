import type { Admission } from "./admission.js";
import type { MessageHandler } from "./delivery.js";
import type { Job } from "./job.js";
import { createPool } from "./pool.js";
import { judge, type Court } from "./process.js";
import type { Verdict } from "./verdict.js";

/** What does the work of a consumer: one message at a time, or several. */
export interface Engine<T, Params> {
  add(job: Job<T, Params>): void;
  /** Starts nothing new until `resume`. */
  pause(): void;
  resume(): void;
  /** Takes out what has not started. */
  clear(): readonly Job<T, Params>[];
  /** Resolves when nothing runs, and no verdict is under way. */
  idle(): Promise<void>;
  /** What was started and has no verdict. */
  running(): readonly Job<T, Params>[];
}

/** Carries out a verdict, then calls `done`. Never throws. */
export type Conclude<T, Params> = (job: Job<T, Params>, verdict: Verdict, done: (job: Job<T, Params>) => void) => void;

/** One message after the other, as many at a time as the settings say. */
export function createSingleEngine<T, Params>(
  court: Court<T, Params, MessageHandler<T, Params>>,
  conclude: Conclude<T, Params>,
  admission: Admission | undefined,
): Engine<T, Params> {
  const { settings } = court;
  const pool = createPool<Job<T, Params>, Verdict>(
    settings.concurrency,
    (job) => job.lane,
    { run: (job, slot, done) => judge(job, court, slot, done), conclude },
    { admit: admission?.admit },
  );
  return {
    add: (job) => pool.add(job),
    pause: () => pool.pause(),
    resume: () => pool.resume(),
    clear: () => pool.clear(),
    idle: () => pool.idle(),
    running: () => [...pool.running],
  };
}
