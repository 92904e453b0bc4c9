import { systemClock, type Clock } from "../context/index.js";
import type { RedisCommand } from "../stores/index.js";
import { inRange } from "./range.js";
import { createLocalBuckets, type CheckedRate, type TokenBuckets } from "./token-bucket.js";

/** Settings of {@link createRedisBuckets}. */
export interface RedisBucketsOptions {
  readonly redis: RedisCommand;
  /** Before every key; `wirespan:limit:` by default. */
  readonly prefix?: string | undefined;
  /** Milliseconds that Redis may take to answer; 100 by default. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds without Redis after it failed, until one call asks again; 1,000 by default. */
  readonly retryMs?: number | undefined;
  /**
   * The part of every limit that this process grants alone while Redis is away, above 0 to 1; 1 by default. With ten
   * replicas, 0.1 keeps the sum where it was.
   */
  readonly localShare?: number | undefined;
  /** Keys that are kept here meanwhile; 10,000 by default. */
  readonly maxKeys?: number | undefined;
  /** Hears when buckets move into this process, with the failure, and back. */
  readonly onMove?: ((to: "local" | "redis", failure?: unknown) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * One bucket: its level is written with the server's time, so that the clocks of those who ask do not matter. It
 * expires when it would be full again.
 */
export const tokenBucketScript: string = `local rate, burst, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local level = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(level[1]) or burst, tonumber(level[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate / 1000)
local wait = 0
if tokens + 1e-9 >= count then
  tokens = math.max(0, tokens - count)
else
  wait = math.ceil((count - tokens) * 1000 / rate)
end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.9f', tokens), 'at', string.format('%.3f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) * 1000 / rate) + 1000)
return wait
`;

/**
 * Token buckets that processes share through Redis: one round trip of one script for each call. When Redis does not
 * answer, buckets of this process take over at once; one call after the other asks whether it is back.
 *
 * @throws {RangeError} for a setting that makes no sense.
 * @example
 * const client = createClient({ url: "redis://redis:6379", disableOfflineQueue: true });
 * client.on("error", (error) => logger.warn({ err: error }, "redis"));
 * await client.connect();
 * const buckets = createRedisBuckets({ redis: (command) => client.sendCommand([...command]) });
 * const layers = chain().use(rateLimit({ rate: 100, buckets }));
 */
export function createRedisBuckets(options: RedisBucketsOptions): TokenBuckets {
  const { redis, prefix = "wirespan:limit:", clock = systemClock, onMove } = options;
  const timeoutMs = inRange("timeoutMs", options.timeoutMs ?? 100, { above: 0 });
  const retryMs = inRange("retryMs", options.retryMs ?? 1_000, { above: 0 });
  const localShare = inRange("localShare", options.localShare ?? 1, { above: 0, most: 1 });
  const local = createLocalBuckets({ maxKeys: options.maxKeys, clock });
  /** When Redis is asked again; undefined while it answers. */
  let retryAt: number | undefined;

  function takeLocal(key: string, { rate, burst }: CheckedRate, count: number): number {
    return local.take(key, { rate: rate * localShare, burst: Math.max(1, burst * localShare) }, count);
  }

  function move(to: "local" | "redis", failure?: unknown): void {
    const moved = (retryAt === undefined) === (to === "local");
    retryAt = to === "local" ? clock.now() + retryMs : undefined;
    if (!moved) return;
    try {
      onMove?.(to, failure);
    } catch {
      // a hook that fails must not fail calls
    }
  }

  async function ask(key: string, { rate, burst }: CheckedRate, count: number): Promise<number> {
    const reply = redis(["EVAL", tokenBucketScript, "1", prefix + key, String(rate), String(burst), String(count)]);
    const wait = Number(await within(reply, timeoutMs, clock));
    if (!(wait >= 0)) throw new TypeError("Redis answered something else than a number of milliseconds");
    return wait;
  }

  return {
    take(key, rate, count = 1) {
      if (count > rate.burst) return Number.POSITIVE_INFINITY;
      if (retryAt !== undefined) {
        if (clock.now() < retryAt) return takeLocal(key, rate, count);
        // this call asks for all: the others of the meantime stay here
        retryAt = clock.now() + retryMs;
      }
      return ask(key, rate, count).then(
        (wait) => {
          move("redis");
          return wait;
        },
        (error: unknown) => {
          move("local", error);
          return takeLocal(key, rate, count);
        },
      );
    },
  };
}

/** A client without a connection may keep a command for as long as it likes. */
function within<T>(promise: Promise<T>, ms: number, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new Error(`Redis did not answer within ${ms} ms`)));
    promise.then(resolve, reject).finally(cancel);
  });
}
