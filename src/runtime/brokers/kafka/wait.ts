import { sleep, type Clock } from "../../context/index.js";
import { KafkaFailure } from "./failure.js";

const againMs = 100;
/** A member that leaves without saying so is missed after the session's time anyway. */
export const leaveWithinMs = 2_000;
/** How often it is asked whether topics have other partitions now, unless the session's time is shorter. */
export const lookEveryMs = 30_000;

/** Runs a request again until it works, fails for good, or the time is over. */
export async function persist<T>(clock: Clock, withinMs: number, request: () => Promise<T>): Promise<T> {
  const end = clock.now() + withinMs;
  for (let delay = againMs; ; delay = Math.min(delay * 2, 1_000)) {
    try {
      return await request();
    } catch (error) {
      const again = error instanceof KafkaFailure && error.kind === "retriable";
      if (!again || clock.now() + delay > end) throw error;
      await sleep(clock, delay);
    }
  }
}

/** Gives up waiting when the client does not: some try on their own for longer than was asked. */
export async function within<T>(clock: Clock, withinMs: number, work: Promise<T>): Promise<T> {
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    const error = new KafkaFailure("retriable", `no answer within ${withinMs} ms`, undefined);
    cancel = clock.after(withinMs, () => reject(error));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
