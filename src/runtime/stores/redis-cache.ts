import { fromBase64, toBase64 } from "../wire/base64.js";
import type { CacheStore } from "./cache.js";
import { redisMs, textOf, type RedisStoreOptions } from "./redis.js";

/** Longer than answers are kept: a mark that were forgotten before them would make them hold again. */
const markTtlMs = 30 * 24 * 3_600_000;

/**
 * Keeps answers in Redis, shared by all processes, and invalidated for all of them at once. It may evict what it likes.
 *
 * @example
 * const client = await createClient({ url }).connect();
 * const store = createRedisCache({ redis: (command) => client.sendCommand([...command]), prefix: "users:" });
 */
export function createRedisCache({ redis, prefix = "cache:" }: RedisStoreOptions): CacheStore {
  const entryKey = (key: string): string => `${prefix}a:${key}`;
  const tagKey = (tag: string): string => `${prefix}t:${tag}`;
  return {
    async read(key, tags) {
      const reply = await redis(["MGET", entryKey(key), ...tags.map(tagKey)]);
      if (!Array.isArray(reply)) throw new TypeError("Redis gave no list where a list was asked for");
      const [entry, ...now] = reply.map(textOf);
      const marks = now.map((mark) => mark ?? "-").join();
      // "<marks> <value in base64>"
      const at = entry?.indexOf(" ") ?? -1;
      if (entry === undefined || at < 0 || entry.slice(0, at) !== marks) return { value: undefined, marks };
      return { value: fromBase64(entry.slice(at + 1)), marks };
    },
    async write(key, value, { ttlMs, marks }) {
      const ttl = redisMs(Math.min(ttlMs, markTtlMs / 2));
      await redis(["SET", entryKey(key), `${marks} ${toBase64(value)}`, "PX", ttl]);
    },
    async invalidate(tag) {
      await redis(["SET", tagKey(tag), crypto.randomUUID(), "PX", redisMs(markTtlMs)]);
    },
  };
}
