import type { Clock } from "../../context/index.js";
import { toError } from "../../queue/index.js";
import { KafkaFailure } from "./failure.js";
import type { Partition } from "./partition.js";
import type { CommittedOffset } from "./port.js";

/** Commits what has its verdict: one request at a time, what comes meanwhile goes with the next. */
export interface Committer {
  /** Soon. */
  request(): void;
  /** Within this very call, as far as the client can: the group is about to change. */
  now(): void;
  /** Commits the rest; resolves when that was tried. */
  close(): Promise<void>;
  /** Why the last commit failed. */
  readonly fault: Error | undefined;
}

const againMs = 500;

export function createCommitter(input: {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly partitions: () => Iterable<Partition>;
  readonly commit: (offsets: readonly CommittedOffset[]) => Promise<void>;
}): Committer {
  const { clock } = input;
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let fault: Error | undefined;
  let withNotes = true;
  let closed = false;

  function collect(): { offsets: CommittedOffset[]; from: Partition[] } {
    const offsets: CommittedOffset[] = [];
    const from: Partition[] = [];
    for (const partition of input.partitions()) {
      const offset = partition.commit();
      if (offset === undefined) continue;
      offsets.push(withNotes ? offset : { ...offset, metadata: "" });
      from.push(partition);
    }
    return { offsets, from };
  }

  async function send(): Promise<boolean> {
    const { offsets, from } = collect();
    if (offsets.length === 0) return true;
    try {
      await input.commit(offsets);
      for (const partition of from) partition.stored = true;
      fault = undefined;
      return true;
    } catch (error) {
      for (const partition of from) partition.uncommit();
      if (error instanceof KafkaFailure && error.kind === "metadata_too_large" && withNotes) {
        withNotes = false;
        return false;
      }
      // a group that is formed anew asks again once it stands
      if (!(error instanceof KafkaFailure && error.kind === "rebalance")) fault = toError(error);
      return false;
    }
  }

  function start(): Promise<void> {
    cancel?.();
    cancel = undefined;
    const mine = send().then((ok) => {
      if (running === mine) running = undefined;
      if (!ok && !closed) plan(againMs);
    });
    running = mine;
    return mine;
  }

  function plan(delayMs: number): void {
    cancel ??= clock.after(delayMs, () => {
      cancel = undefined;
      if (running === undefined) void start();
      else void running.then(() => plan(0));
    });
  }

  return {
    get fault() {
      return fault;
    },
    request() {
      if (!closed) plan(input.intervalMs);
    },
    now() {
      // beside one that is under way: both carry whole states, and the later one holds
      if (!closed) void start();
    },
    async close() {
      closed = true;
      cancel?.();
      await running;
      for (let tries = 0; tries < 3; tries++) if (await send()) return;
    },
  };
}
