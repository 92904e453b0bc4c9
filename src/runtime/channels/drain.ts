import type { Clock } from "../context/index.js";

/** A connection that is to end. */
export interface Drained {
  /** Closes it, whatever is still to be said. */
  close(): void;
  cut(): void;
  readonly closed: Promise<unknown>;
}

/** Milliseconds in which the other side has to answer a close frame when the time is over. */
const cutAfterMs = 500;

/** Resolves when all have ended. Those that have not in time are closed, and soon after that cut. */
export async function drainAll(clock: Clock, all: readonly Drained[], withinMs: number): Promise<void> {
  let cancel = clock.after(withinMs, () => {
    for (const one of all) one.close();
    cancel = clock.after(cutAfterMs, () => all.forEach((one) => one.cut()));
  });
  await Promise.all(all.map(({ closed }) => closed));
  cancel();
}
