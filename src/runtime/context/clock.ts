/** Time as the runtime sees it; tests put a fake one in its place. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs a function once after that many milliseconds. Returns what cancels it. Delays above 2^31−1 are honoured. */
  after(delayMs: number, run: () => void): () => void;
}

const longestTimeout = 2 ** 31 - 1;

/** The real clock. Its timers do not keep a process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const due = Date.now() + delayMs;
    let timer: ReturnType<typeof setTimeout>;
    const arm = (): void => {
      const left = due - Date.now();
      timer = left > longestTimeout ? setTimeout(arm, longestTimeout) : setTimeout(run, Math.max(0, left));
      // a number in browsers
      if (typeof timer === "object") timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  },
};

/** Uniform numbers in [0, 1). */
export type Random = () => number;

/** Resolves after the delay, or rejects with the signal's reason when that aborts first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
