import { randomUUID } from "node:crypto";
import { createClient } from "redis";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { createVirtualClock } from "../../../bench/lib/virtual-time.js";
import { rateLimit } from "../../../src/runtime/interceptors/index.js";
import {
  createRedisBuckets,
  type RedisBucketsOptions,
  type RedisCommand,
} from "../../../src/runtime/resilience/index.js";
import { chain, Code, createServiceClient, implementService, RpcError } from "../../../src/runtime/rpc/index.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { provideRedis, startRedis } from "../../support/services.js";
import { Echo, echo, type EchoClient } from "./echo.js";

const server = await provideRedis();

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function connect(url: string): Promise<RedisCommand> {
  const client = createClient({ url, socket: { reconnectStrategy: 50 } });
  client.on("error", () => {});
  await client.connect();
  closers.push(() => client.destroy());
  return (command) => client.sendCommand([...command]);
}

/** Prefixes of this run, so that others who use the server do not matter. */
const prefix = () => `wirespan-test:${randomUUID()}:`;

async function passing(take: () => number | Promise<number>, asked: number): Promise<number> {
  const waits = await Promise.all(Array.from({ length: asked }, take));
  return waits.filter((wait) => wait === 0).length;
}

describe.skipIf(server === undefined)("M12: token buckets in Redis", () => {
  const url = server?.url ?? "";

  test("five pass at once, whoever asks; the sixth is told when to come again, and then one passes", async () => {
    // a slow rate, so that a slow machine does not let one more pass
    const rate = { rate: 0.5, burst: 5 };
    const own = prefix();
    const two = [await connect(url), await connect(url)].map((redis) => createRedisBuckets({ redis, prefix: own }));
    const all = await Promise.all(two.map((buckets) => passing(() => buckets.take("k", rate), 10)));
    expect(all.reduce((sum, one) => sum + one, 0)).toBe(5);
    const wait = (await two[0]?.take("k", rate)) ?? 0;
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(2_000);
    expect(await two[0]?.take("other", rate)).toBe(0);
    expect(two[0]?.take("k", rate, 6)).toBe(Number.POSITIVE_INFINITY);
  });

  test("it fills at its rate, by the clock of Redis", async () => {
    const redis = await connect(url);
    // the clock here stands: only that of the server goes on
    const buckets = createRedisBuckets({ redis, prefix: prefix(), timeoutMs: 60_000, clock: createVirtualClock() });
    const rate = { rate: 100, burst: 2 };
    expect(await passing(() => buckets.take("k", rate), 2)).toBe(2);
    const started = performance.now();
    let passed = 0;
    while (passed < 10) if ((await buckets.take("k", rate)) === 0) passed++;
    const elapsed = performance.now() - started;
    // ten tokens take a tenth of a second; the first may have begun before
    expect(elapsed).toBeGreaterThan(85);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await passing(() => buckets.take("k", rate), 20)).toBeLessThanOrEqual(4);
  });

  test("a bucket that would be full again is gone, so that keys do not pile up", async () => {
    const redis = await connect(url);
    const own = prefix();
    const buckets = createRedisBuckets({ redis, prefix: own });
    await buckets.take("k", { rate: 10, burst: 5 });
    const left = Number(await redis(["PTTL", `${own}k`]));
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(1_100);
  });

  test("two servers that share a limit let through what one may", async () => {
    const own = prefix();
    const clients: EchoClient[] = [];
    for (let i = 0; i < 2; i++) {
      const buckets = createRedisBuckets({ redis: await connect(url), prefix: own, timeoutMs: 5_000 });
      const layers = chain().use(rateLimit({ rate: 0.1, burst: 7, buckets }));
      const transport = createMemoryTransport();
      transport.register(Echo, implementService(Echo, echo, { chain: layers }));
      clients.push(createServiceClient<EchoClient>(Echo, transport));
    }
    const codes = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        clients[i % 2]!.say({}).then(
          () => Code.OK,
          (error: unknown) => RpcError.from(error).code,
        ),
      ),
    );
    expect(codes.filter((code) => code === Code.OK)).toHaveLength(7);
    expect(new Set(codes)).toEqual(new Set([Code.OK, Code.RESOURCE_EXHAUSTED]));
  });

  test("when Redis dies this process limits alone, at once and for its share, and goes back when it is up", async () => {
    const own = await startRedis();
    if (own === undefined) throw new Error("there was a Redis a moment ago");
    closers.push(() => own.stop());
    const moves: string[] = [];
    const onMove: RedisBucketsOptions["onMove"] = (to) => moves.push(to);
    const redis = await connect(own.url);
    const buckets = createRedisBuckets({
      redis,
      prefix: prefix(),
      retryMs: 50,
      timeoutMs: 100,
      localShare: 0.5,
      onMove,
    });
    const rate = { rate: 0.01, burst: 4 };
    expect(await passing(() => buckets.take("k", rate), 9)).toBe(4);
    await own.kill();
    const started = performance.now();
    // the half of four
    expect(await passing(() => buckets.take("k", rate), 9)).toBe(2);
    expect(moves).toEqual(["local"]);
    for (let i = 0; i < 200; i++) await buckets.take("k", rate);
    expect(performance.now() - started).toBeLessThan(5_000);
    await own.restart();
    await expect
      .poll(async () => (await buckets.take("other", rate), moves), { timeout: 10_000, interval: 20 })
      .toEqual(["local", "redis"]);
    // its log outlived it: the bucket is still empty there
    expect(await passing(() => buckets.take("k", rate), 5)).toBe(0);
  });
});

describe("M12: without an answer from Redis", () => {
  const rate = { rate: 1, burst: 3 };

  test("it waits no longer than it may, and then asks with one call a second", async () => {
    const clock = createVirtualClock();
    let asked = 0;
    let answers = false;
    const failures: unknown[] = [];
    const redis: RedisCommand = () => {
      asked++;
      return answers ? Promise.resolve("0") : new Promise(() => {});
    };
    const buckets = createRedisBuckets({ redis, clock, onMove: (to, failure) => failures.push(to, failure) });
    const first = Promise.resolve(buckets.take("k", rate));
    clock.advance(99);
    clock.advance(1);
    expect(await first).toBe(0);
    expect(failures).toEqual(["local", new Error("Redis did not answer within 100 ms")]);
    expect(Array.from({ length: 5 }, () => buckets.take("k", rate))).toEqual([0, 0, 1_000, 1_000, 1_000]);
    expect(asked).toBe(1);
    clock.advance(1_000);
    const second = buckets.take("k", rate);
    expect(buckets.take("k", rate)).toBe(0);
    expect(asked).toBe(2);
    clock.advance(100);
    expect(await second).toBeGreaterThan(0);
    answers = true;
    clock.advance(1_000);
    expect(await buckets.take("k", rate)).toBe(0);
    expect([asked, failures.at(-2)]).toEqual([3, "redis"]);
    await Promise.all(Array.from({ length: 4 }, () => buckets.take("k", rate)));
    expect(asked).toBe(7);
    expect(clock.armed).toBe(0);
  });

  test.each([
    ["an error", () => Promise.reject(new Error("NOSCRIPT"))],
    [
      "a throw",
      () => {
        throw new Error("closed");
      },
    ],
    ["nonsense", () => Promise.resolve("OK")],
  ])("%s is none", async (_, redis) => {
    const buckets = createRedisBuckets({ redis, clock: createVirtualClock() });
    expect(await passing(() => buckets.take("k", rate), 5)).toBe(3);
  });
});

afterAll(() => {
  expect(closers).toEqual([]);
});
