import type { Clock, Random } from "../../context/index.js";
import { maxCount, origins, type Origin, type Place } from "./place.js";
import { listOf, rawEntries, type RawEntry } from "./reply.js";
import { keep, moveDue, takeAbandoned } from "./scripts.js";

/** What a consumer does from time to time. */
export interface Upkeep {
  /** Due messages are moved in so many milliseconds, or sooner when that was planned. */
  planMove(inMs: number): void;
  /** Shows that these are being worked on. Resolves to those that another consumer has by now. */
  keep(origin: Origin, ids: readonly string[]): Promise<readonly string[]>;
  stop(): void;
}

/** How long a due message may wait when the process that delayed it is gone. */
const longestMoveMs = 1_000;
/** After this time without a sign of life a consumer that holds nothing is forgotten. */
const forgetMs = 600_000;

export function startUpkeep(input: {
  readonly place: Place;
  readonly clock: Clock;
  readonly random: Random;
  readonly claimIdleMs: number;
  readonly free: () => number;
  /** Shows that all open deliveries are being worked on, after the verdicts that are there were sent. */
  readonly keepAll: () => Promise<void>;
  readonly hand: (origin: Origin, entries: readonly RawEntry[], again: boolean) => void;
  readonly onMoved: () => void;
  readonly onError: (error: unknown) => Promise<void>;
}): Upkeep {
  const { place, clock, random, claimIdleMs, free, keepAll, hand } = input;
  const { link, keys, group, consumer } = place;
  const cursors: Record<Origin, string> = { main: "0-0", redeliver: "0-0" };
  const cancels = new Map<string, () => void>();
  let stopped = false;
  let moveAt = Infinity;

  async function claim(): Promise<void> {
    // else it would claim from itself what it was slow to show
    await keepAll();
    for (const origin of origins) {
      const count = free();
      if (count <= 0) return;
      const limits = [claimIdleMs, cursors[origin], count, Math.max(forgetMs, claimIdleMs * 4)];
      const reply = listOf(await link.run(takeAbandoned, [keys[origin]], [group, consumer, ...limits], true));
      cursors[origin] = String(reply[0] ?? "0-0");
      hand(origin, rawEntries(reply[1]), true);
    }
  }

  function every(what: string, delayMs: number, run: () => Promise<void>): void {
    const cancel = clock.after(delayMs, () => {
      // without a connection there is nothing to do; the next time will come
      void run()
        .catch(input.onError)
        .finally(() => {
          if (!stopped) every(what, delayMs, run);
        });
    });
    cancels.set(what, cancel);
  }

  function planMove(inMs: number): void {
    const at = clock.now() + inMs;
    if (stopped || at >= moveAt) return;
    cancels.get("move")?.();
    moveAt = at;
    cancels.set(
      "move",
      clock.after(inMs, () => void move()),
    );
  }

  async function move(): Promise<void> {
    moveAt = Infinity;
    let next = longestMoveMs;
    try {
      const [moved = 0, nextMs = -1] = listOf(await link.run(moveDue, [place.retry, keys.redeliver], [maxCount])).map(
        Number,
      );
      if (moved > 0) input.onMoved();
      if (nextMs >= 0) next = Math.min(nextMs, longestMoveMs);
    } catch {
      // no connection: the next time will come
    }
    planMove(next);
  }

  planMove(0);
  every("keep", claimIdleMs / 3, keepAll);
  // not all consumers of a group at the same moment
  every("claim", (claimIdleMs / 2) * (0.75 + random() / 2), claim);
  void claim().catch(input.onError);
  return {
    planMove,
    async keep(origin, ids) {
      const lost: string[] = [];
      for (let at = 0; at < ids.length; at += maxCount) {
        const part = ids.slice(at, at + maxCount);
        lost.push(...listOf(await link.run(keep, [keys[origin]], [group, consumer, ...part])).map(String));
      }
      return lost;
    },
    stop() {
      stopped = true;
      for (const cancel of cancels.values()) cancel();
    },
  };
}
