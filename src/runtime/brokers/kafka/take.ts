import type { Entry, Partition } from "./partition.js";

/** What {@link takeEntries} found. */
export interface Taken {
  readonly entries: readonly Entry[];
  /** When the next record of a retry topic is due, milliseconds since the epoch; Infinity: none waits. */
  readonly soonest: number;
}

/** Takes up to that many records, one by one from each partition, so that none starves. `turn`: which begins. */
export function takeEntries(all: readonly Partition[], room: number, turn: number, now: number): Taken {
  const entries: Entry[] = [];
  let soonest = Infinity;
  let list = all;
  for (let round = turn; entries.length < room && list.length > 0; round++) {
    let empty: Set<Partition> | undefined;
    for (let i = 0; i < list.length && entries.length < room; i++) {
      const partition = list[(round + i) % list.length];
      const entry = partition?.take(now);
      if (partition === undefined) continue;
      if (typeof entry === "number") soonest = Math.min(soonest, entry);
      if (entry === undefined || typeof entry === "number") (empty ??= new Set()).add(partition);
      else entries.push(entry);
    }
    const given = empty;
    if (given !== undefined) list = list.filter((partition) => !given.has(partition));
  }
  return { entries, soonest };
}
