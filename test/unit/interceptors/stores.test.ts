import { describe, expect, test } from "vitest";
import {
  createBloomFilter,
  createMemoryCache,
  createMemoryIdempotencyStore,
  createRedisCache,
  createRedisIdempotencyStore,
} from "../../../src/runtime/stores/index.js";
import { createLru } from "../../../src/runtime/stores/lru.js";
import { fakeClock } from "../../behaviour/rpc/orders.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a bounded map", () => {
  test("what was not asked for the longest goes first, by number and by bytes", () => {
    const map = createLru<number>({ maxEntries: 3, maxBytes: 100 });
    for (const [key, value] of Object.entries({ a: 1, b: 2, c: 3 })) map.set(key, value, 10);
    map.get("a");
    map.set("d", 4, 10);
    expect([map.get("a"), map.get("b"), map.get("c"), map.get("d"), map.bytes]).toEqual([1, undefined, 3, 4, 30]);
    map.set("e", 5, 85);
    expect([map.size, map.get("d"), map.get("e"), map.bytes]).toEqual([2, 4, 5, 95]);
    map.set("e", 6, 5);
    expect([map.size, map.bytes]).toEqual([2, 15]);
    map.set("e", 7, 101);
    expect([map.get("e"), map.bytes]).toEqual([undefined, 10]);
    map.delete("d");
    map.delete("d");
    expect([map.size, map.bytes]).toEqual([0, 0]);
    expect(() => createLru({ maxEntries: 0 })).toThrow("maxEntries is 0; it must be at least 1");
  });
});

describe("idempotency keys in memory", () => {
  const claim = { fingerprint: "f", leaseMs: 1_000 };

  test("T10: absent, processing, done, forgotten", async () => {
    const clock = fakeClock();
    const store = createMemoryIdempotencyStore({ clock });
    const first = await store.claim("k", claim);
    if (first.state !== "claimed") throw new Error("not claimed");
    expect(await store.claim("k", { ...claim, fingerprint: "g" })).toEqual({ state: "processing", fingerprint: "f" });
    const result = bytes("result");
    expect(await store.complete("k", first.token, { fingerprint: "f", result, ttlMs: 5_000 })).toBe(true);
    result.fill(0);
    const again = await store.claim("k", claim);
    expect(again).toEqual({ state: "done", fingerprint: "f", result: bytes("result") });
    if (again.state === "done") again.result.fill(0);
    expect(await store.claim("k", claim)).toMatchObject({ result: bytes("result") });
    clock.advance(5_000);
    expect(await store.claim("k", claim)).toMatchObject({ state: "claimed" });
  });

  test("T10: a lease that ran out goes to the next, and the first can do nothing any more", async () => {
    const clock = fakeClock();
    const store = createMemoryIdempotencyStore({ clock });
    const first = await store.claim("k", claim);
    clock.advance(999);
    expect(await store.claim("k", claim)).toMatchObject({ state: "processing" });
    if (first.state !== "claimed") throw new Error("not claimed");
    expect(await store.extend("k", first.token, 1_000)).toBe(true);
    clock.advance(999);
    expect(await store.claim("k", claim)).toMatchObject({ state: "processing" });
    clock.advance(1);
    const second = await store.claim("k", claim);
    if (second.state !== "claimed") throw new Error("not claimed");
    expect(await store.complete("k", first.token, { fingerprint: "f", result: bytes("late"), ttlMs: 9 })).toBe(false);
    expect(await store.release("k", first.token)).toBe(false);
    expect(await store.extend("k", first.token, 9)).toBe(false);
    expect(await store.claim("k", claim)).toMatchObject({ state: "processing" });
    expect(await store.release("k", second.token)).toBe(true);
    expect(await store.claim("k", claim)).toMatchObject({ state: "claimed" });
  });

  test("T10: bounded, and a lease is never pushed out", async () => {
    const store = createMemoryIdempotencyStore({ maxEntries: 10, clock: fakeClock() });
    await store.claim("held", claim);
    for (let i = 0; i < 100; i++) {
      const each = await store.claim(`k${i}`, claim);
      if (each.state !== "claimed") throw new Error("not claimed");
      await store.complete(`k${i}`, each.token, { fingerprint: "f", result: bytes("r"), ttlMs: 60_000 });
    }
    expect(await store.claim("held", claim)).toMatchObject({ state: "processing" });
    expect(await store.claim("k89", claim)).toMatchObject({ state: "claimed" });
    expect(await store.claim("k90", claim)).toMatchObject({ state: "done" });
  });

  test("T10: a key of Redis that somebody else has written is no claim", async () => {
    const store = createRedisIdempotencyStore({ redis: async ([name]) => (name === "GET" ? "something" : null) });
    await expect(store.claim("k", claim)).rejects.toThrow("holds what this store has not written");
  });
});

test("T10: a Redis that does not answer fails the command in time", async () => {
  const clock = fakeClock();
  const silent = { redis: () => new Promise<unknown>(() => {}), timeoutMs: 500, clock };
  const failed = Promise.allSettled([
    createRedisIdempotencyStore(silent).claim("k", { fingerprint: "f", leaseMs: 1_000 }),
    createRedisCache(silent).read("k", []),
  ]);
  clock.advance(499);
  expect(clock.armed).toBe(2);
  clock.advance(1);
  const reasons = (await failed).map((each) => (each.status === "rejected" ? String(each.reason) : "answered"));
  expect(reasons).toEqual([
    "Error: Redis has not answered SET within 500 ms",
    "Error: Redis has not answered MGET within 500 ms",
  ]);
  const quick = createRedisCache({ ...silent, redis: async () => [null] });
  expect(await quick.read("k", [])).toEqual({ value: undefined, marks: "" });
  expect(clock.armed).toBe(0);
});

describe("answers in memory", () => {
  test("M67: until their time is over, and in bounds", async () => {
    const clock = fakeClock();
    const store = createMemoryCache({ maxEntries: 2, clock });
    const write = async (key: string): Promise<void> => {
      const { marks } = await store.read(key, []);
      await store.write(key, bytes(key), { ttlMs: 100, tags: [], marks });
    };
    await write("a");
    clock.advance(99);
    expect(store.read("a", [])).toMatchObject({ value: bytes("a") });
    clock.advance(1);
    expect(store.read("a", [])).toMatchObject({ value: undefined });
    for (const key of ["a", "b", "c"]) await write(key);
    const kept: string[] = [];
    for (const key of ["a", "b", "c"]) if ((await store.read(key, [])).value !== undefined) kept.push(key);
    expect(kept).toEqual(["b", "c"]);
  });

  test("M67: what was asked for before an event does not hold after it", async () => {
    const store = createMemoryCache({ clock: fakeClock() });
    const before = await store.read("a", ["x", "y"]);
    await store.invalidate("y");
    await store.write("a", bytes("old"), { ttlMs: 100, tags: ["x", "y"], marks: before.marks });
    const after = await store.read("a", ["x", "y"]);
    expect(after.value).toBeUndefined();
    await store.write("a", bytes("new"), { ttlMs: 100, tags: ["x", "y"], marks: after.marks });
    // who is late does not take the place of who is not
    await store.write("a", bytes("old"), { ttlMs: 100, tags: ["x", "y"], marks: before.marks });
    await store.invalidate("z");
    expect((await store.read("a", ["x", "y"])).value).toEqual(bytes("new"));
    await store.invalidate("x");
    expect((await store.read("a", ["x", "y"])).value).toBeUndefined();
  });
});

describe("Bloom filters", () => {
  test(
    "M67: of a million items none is missed, and at most 1.1 % of others are taken for one",
    { timeout: 20_000 },
    () => {
      const items = 1_000_000;
      const filter = createBloomFilter({ items });
      for (let i = 0; i < items; i++) filter.add(`user-${i}`);
      let missed = 0;
      for (let i = 0; i < items; i++) if (!filter.has(`user-${i}`)) missed++;
      expect(missed).toBe(0);
      const tries = 200_000;
      let wrong = 0;
      for (let i = 0; i < tries; i++) if (filter.has(`user-${items + i}`)) wrong++;
      expect(wrong / tries).toBeLessThanOrEqual(0.011);
      // a filter that said yes to little or nothing would be no such filter, or one that is too large
      expect(wrong / tries).toBeGreaterThan(0.008);
      expect(filter.bytes.length).toBeLessThan(1_200_000);
    },
  );

  test("M67: kept and loaded again; settings that cannot be", () => {
    const filter = createBloomFilter({ items: 100, falsePositives: 0.001 });
    filter.add("ä€𝄞");
    const loaded = createBloomFilter({ items: 100, falsePositives: 0.001, bytes: filter.bytes });
    expect([loaded.has("ä€𝄞"), loaded.has("other")]).toEqual([true, false]);
    loaded.add("other");
    expect(filter.has("other")).toBe(false);
    expect(() => createBloomFilter({ items: 0 })).toThrow("items is 0");
    expect(() => createBloomFilter({ items: 1, falsePositives: 1 })).toThrow("falsePositives is 1");
    expect(() => createBloomFilter({ items: 1_000, bytes: filter.bytes })).toThrow(/the filter has 180 bytes/);
  });
});
