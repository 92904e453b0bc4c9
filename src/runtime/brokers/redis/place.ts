import type { Link } from "./link.js";

/** Which of a group's two streams an entry stands in. */
export type Origin = "main" | "redeliver";

export const origins: readonly Origin[] = ["main", "redeliver"];

/** What the parts of one consumer work on. */
export interface Place {
  readonly link: Link;
  readonly keys: Readonly<Record<Origin, string>>;
  /** Stream that tells of entries that were given back. */
  readonly wake: string;
  /** Sorted set of what is tried again later. */
  readonly retry: string;
  /** As Redis knows them. */
  readonly group: string;
  readonly consumer: string;
  /** True: the address is one queue, what is acknowledged is deleted. */
  readonly queue: boolean;
}

/** Nobody else wants what this group is done with. */
export function isOwn(place: Place, origin: Origin): boolean {
  return origin === "redeliver" || place.queue;
}

/** Entries per command, at most. */
export const maxCount = 1_000;
