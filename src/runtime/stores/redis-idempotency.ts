import { fromBase64, toBase64 } from "../wire/base64.js";
import type { IdempotencyStore } from "./idempotency.js";
import { limited, redisMs, textOf, type RedisStoreOptions } from "./redis.js";

// A key under work is "p <token> <fingerprint>", a finished one "d <fingerprint> <result in base64>". What follows
// changes a key only while it is still under the lease of the token: a process that was thought dead and comes back
// must not undo what its successor did.
const isMine =
  "local v = redis.call('GET', KEYS[1]); if not v or string.sub(v, 1, #ARGV[1]) ~= ARGV[1] then return 0 end;";
const completeScript = `${isMine} redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]); return 1`;
const releaseScript = `${isMine} return redis.call('DEL', KEYS[1])`;
const extendScript = `${isMine} return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

/**
 * Keeps it in Redis, shared by all processes. The server must not evict keys before their time (`noeviction`), and what
 * it forgets in a crash may be done again: where that must not be, mark the work in the transaction that does it.
 *
 * @example
 * const client = await createClient({ url }).connect();
 * const store = createRedisIdempotencyStore({ redis: (command) => client.sendCommand([...command]), prefix: "orders:" });
 */
export function createRedisIdempotencyStore(options: RedisStoreOptions): IdempotencyStore {
  const { prefix = "idempotency:" } = options;
  const redis = limited(options);
  const run = async (script: string, key: string, token: string, ...args: readonly string[]): Promise<boolean> =>
    Number(await redis(["EVAL", script, "1", prefix + key, `p ${token} `, ...args])) === 1;

  return {
    async claim(key, { fingerprint, leaseMs }) {
      const token = crypto.randomUUID();
      for (;;) {
        const taken = await redis(["SET", prefix + key, `p ${token} ${fingerprint}`, "NX", "PX", redisMs(leaseMs)]);
        if (textOf(taken) === "OK") return { state: "claimed", token };
        const value = textOf(await redis(["GET", prefix + key]));
        // it was freed, or ran out, in between
        if (value === undefined) continue;
        const [state, first = "", second = ""] = value.split(" ");
        if (state === "p") return { state: "processing", fingerprint: second };
        const result = state === "d" ? fromBase64(second) : undefined;
        if (result !== undefined) return { state: "done", fingerprint: first, result };
        throw new TypeError(`the key ${JSON.stringify(prefix)}… of Redis holds what this store has not written`);
      }
    },
    complete: (key, token, { fingerprint, result, ttlMs }) =>
      run(completeScript, key, token, `d ${fingerprint} ${toBase64(result)}`, redisMs(ttlMs)),
    release: (key, token) => run(releaseScript, key, token),
    extend: (key, token, leaseMs) => run(extendScript, key, token, redisMs(leaseMs)),
  };
}
