import type { Clock } from "../context/index.js";

/**
 * Where answers are kept for a while. Every answer has tags; to invalidate a tag makes all answers with it stale, those
 * too that are being computed at that moment from what was true before.
 *
 * @example
 * const { value, marks } = await store.read("user:42", ["user.updated"]);
 * if (value === undefined) await store.write("user:42", await load("42"), { ttlMs: 60_000, tags: ["user.updated"], marks });
 */
export interface CacheStore {
  /** What is kept under a key and still holds; and marks that tell how its tags stand now. */
  read(key: string, tags: readonly string[]): CacheRead | Promise<CacheRead>;
  /** Keeps a value, unless its tags do not stand any more as they stood when its marks were read. */
  write(key: string, value: Uint8Array, options: CacheWrite): void | Promise<void>;
  /** Makes everything with that tag stale. */
  invalidate(tag: string): void | Promise<void>;
}

/** What was read. */
export interface CacheRead {
  readonly value: Uint8Array | undefined;
  /** To be handed to `write`. */
  readonly marks: string;
}

/** How a value is kept. */
export interface CacheWrite {
  /** Milliseconds. */
  readonly ttlMs: number;
  /** As they were given to `read`. */
  readonly tags: readonly string[];
  /** What `read` gave, before the value was computed. */
  readonly marks: string;
}

/** Settings of {@link createMemoryCache}. */
export interface MemoryCacheOptions {
  /** Answers; 10,000 by default. */
  readonly maxEntries?: number | undefined;
  /** Bytes of all answers and their keys; 64 MiB by default. */
  readonly maxBytes?: number | undefined;
  readonly clock?: Clock | undefined;
}
