import { systemClock } from "../context/index.js";
import type { CacheStore, MemoryCacheOptions } from "./cache.js";
import { createLru } from "./lru.js";

interface Entry {
  readonly value: Uint8Array;
  readonly marks: string;
  readonly until: number;
}

/** Tags come from contracts and are few. Should they not be, the oldest are forgotten, and what has them is stale. */
const maxTags = 10_000;

/**
 * Keeps answers in the memory of this process, in bounds; the ones that were not asked for the longest go first.
 *
 * @example cache({ store: createMemoryCache({ maxEntries: 1_000, maxBytes: 8 * 1024 * 1024 }) })
 */
export function createMemoryCache(options: MemoryCacheOptions = {}): CacheStore {
  const { maxEntries = 10_000, maxBytes = 64 * 1024 * 1024, clock = systemClock } = options;
  const entries = createLru<Entry>({ maxEntries, maxBytes });
  const marks = createLru<number>({ maxEntries: maxTags });
  let last = 0;

  /** Numbers are never used again, so that a tag that was forgotten cannot stand as it stood before. */
  function markOf(tag: string): number {
    let mark = marks.get(tag);
    if (mark === undefined) marks.set(tag, (mark = ++last));
    return mark;
  }

  return {
    read(key, tags) {
      const now = tags.map(markOf).join();
      const entry = entries.get(key);
      if (entry === undefined) return { value: undefined, marks: now };
      if (entry.until > clock.now() && entry.marks === now) return { value: entry.value, marks: now };
      entries.delete(key);
      return { value: undefined, marks: now };
    },
    write(key, value, { ttlMs, tags, marks: before }) {
      if (tags.map(markOf).join() !== before) return;
      // a copy: bytes of small messages lie in memory that they share with others
      const entry = { value: value.slice(), marks: before, until: clock.now() + ttlMs };
      entries.set(key, entry, value.length + 2 * key.length);
    },
    invalidate(tag) {
      marks.set(tag, ++last);
    },
  };
}
