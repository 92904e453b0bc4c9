import { fromBase64, toBase64 } from "../wire/base64.js";
import type { CacheStore } from "./cache.js";
import { limited, redisMs, textOf, type RedisStoreOptions } from "./redis.js";

// in one step: a value that comes late must not take the place of a newer one
const writeScript =
  "local now = {}; for i = 2, #KEYS do now[i - 1] = redis.call('GET', KEYS[i]) or '-' end;" +
  "if table.concat(now, ',') ~= ARGV[1] then return 0 end;" +
  "redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3]); return 1";

/** Longer than answers are kept: a mark that were forgotten before them would make them hold again. */
const markTtlMs = 30 * 24 * 3_600_000;

/**
 * Keeps answers in Redis, shared by all processes, and invalidated for all of them at once. It may evict what it likes.
 * In a cluster the prefix needs a hash tag, `{users}:`, for an answer and its tags are looked up together.
 *
 * @example
 * const client = await createClient({ url }).connect();
 * const store = createRedisCache({ redis: (command) => client.sendCommand([...command]), prefix: "users:" });
 */
export function createRedisCache(options: RedisStoreOptions): CacheStore {
  const { prefix = "cache:" } = options;
  const redis = limited(options);
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
    async write(key, value, { ttlMs, tags, marks }) {
      const ttl = redisMs(Math.min(ttlMs, markTtlMs / 2));
      const keys = [entryKey(key), ...tags.map(tagKey)];
      await redis(["EVAL", writeScript, String(keys.length), ...keys, marks, toBase64(value), ttl]);
    },
    async invalidate(tag) {
      await redis(["SET", tagKey(tag), crypto.randomUUID(), "PX", redisMs(markTtlMs)]);
    },
  };
}
