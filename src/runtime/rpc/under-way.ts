import { RpcError } from "./error.js";
import type { Lifetime } from "./lifetime.js";
import { Code } from "./status.js";

/** The calls of a client transport that are not over yet; what closing it waits for. */
export interface CallsUnderWay {
  add(lifetime: Lifetime): void;
  /** Resolves when none is left, at the latest after that time, when those that are left are cancelled. */
  drain(withinMs: number): Promise<void>;
}

export function trackCalls(): CallsUnderWay {
  const lifetimes = new Set<Lifetime>();
  const drains = new Set<() => void>();
  return {
    add(lifetime) {
      lifetimes.add(lifetime);
      lifetime.onOver(() => {
        lifetimes.delete(lifetime);
        if (lifetimes.size > 0) return;
        for (const resolve of drains) resolve();
        drains.clear();
      });
    },
    async drain(withinMs) {
      if (lifetimes.size === 0) return;
      const cancel = afterGrace(withinMs, () => {
        const reason = new RpcError(Code.CANCELLED, "the transport was closed");
        for (const lifetime of lifetimes) lifetime.abort(reason);
      });
      await new Promise<void>((resolve) => drains.add(resolve));
      cancel();
    },
  };
}

/** Runs a function when the time to close in peace is over. Returns what takes that back. */
export function afterGrace(withinMs: number, run: () => void): () => void {
  // a timer for longer would fire at once
  const timer = setTimeout(run, Math.min(withinMs, 2 ** 31 - 1));
  return () => clearTimeout(timer);
}
