import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../../bench/lib/virtual-time.js";
import {
  createAimdLimiter,
  createBulkhead,
  createGradientLimiter,
  createLocalBuckets,
  createLru,
  createTokenBucket,
  nextGradientLimit,
} from "../../../src/runtime/resilience/index.js";

describe("M12: the token bucket (T7)", () => {
  test("10 a second, 5 at once: five pass, the sixth does not; 100 ms later one does, after 10 s five", () => {
    const clock = createVirtualClock();
    const bucket = createTokenBucket({ rate: 10, burst: 5, clock });
    const passing = (): number => {
      let passed = 0;
      while (bucket.take() === 0) passed++;
      return passed;
    };
    expect(passing()).toBe(5);
    expect(bucket.take()).toBe(100);
    clock.advance(100);
    expect(passing()).toBe(1);
    clock.advance(10_000);
    expect(passing()).toBe(5);
  });

  test("it tells for how long a consumer pauses, takes several at once or none, and never more than it holds", () => {
    const clock = createVirtualClock();
    const bucket = createTokenBucket({ rate: 10, burst: 5, clock });
    expect(bucket.take(4)).toBe(0);
    expect(bucket.take(3)).toBe(200);
    expect(bucket.tokens).toBe(1);
    clock.advance(200);
    expect(bucket.take(3)).toBe(0);
    expect(bucket.take(6)).toBe(Number.POSITIVE_INFINITY);
  });

  test("thirds of a token make whole ones, and a clock that is set back makes none", () => {
    let time = 1_000;
    const clock = { now: () => time, after: () => () => {} };
    const bucket = createTokenBucket({ rate: 1 / 3, burst: 1, clock });
    expect(bucket.take()).toBe(0);
    for (let i = 0; i < 30; i++) {
      time += 100;
      if (i < 29) expect(bucket.take()).toBeGreaterThan(0);
    }
    expect(bucket.take()).toBe(0);
    time -= 1_000_000;
    expect(bucket.take()).toBeGreaterThan(0);
    time += 3_000;
    expect(bucket.take()).toBe(0);
  });

  test("in an hour not one more passes than rate and burst say", () => {
    const clock = createVirtualClock();
    const bucket = createTokenBucket({ rate: 7, burst: 3, clock });
    let passed = 0;
    for (let ms = 0; ms < 3_600_000; ms += 13, clock.advance(13)) if (bucket.take() === 0) passed++;
    expect(passed).toBeLessThanOrEqual(7 * 3_600 + 3);
    expect(passed).toBeGreaterThan(7 * 3_600 - 3);
  });

  test("keys have buckets of their own, the number of which is bounded", () => {
    const buckets = createLocalBuckets({ maxKeys: 100, clock: createVirtualClock() });
    const rate = { rate: 1, burst: 1 };
    expect([buckets.take("a", rate), buckets.take("b", rate)]).toEqual([0, 0]);
    for (let i = 0; i < 98; i++) buckets.take(`key ${i}`, rate);
    expect([buckets.take("a", rate), buckets.take("b", rate)]).toEqual([1_000, 1_000]);
    for (let i = 0; i < 10_000; i++) {
      buckets.take(`flood ${i}`, rate);
      // who is asked for stays
      expect(buckets.take("a", rate)).toBe(1_000);
    }
    expect(buckets.size).toBe(100);
    expect(buckets.take("b", rate)).toBe(0);
  });

  test.each([{ rate: 0 }, { rate: -1 }, { rate: Number.NaN }, { rate: 1, burst: 0.5 }])("%j is refused", (limit) => {
    expect(() => createTokenBucket(limit)).toThrow(RangeError);
  });
});

describe("adaptive concurrency (T8)", () => {
  const gradient = { tolerance: 1.5, smoothing: 0.2, queueSize: 4 };

  test.each([
    [20, 10, 20.8],
    [100, 15, 100.8],
    [100, 20, 95.8],
    [100, 40, 90.8],
  ])("Gradient2: a limit of %i, a call of %i ms where 10 are usual → %f", (limit, shortMs, next) => {
    expect(nextGradientLimit({ ...gradient, limit, shortMs, longMs: 10 })).toBeCloseTo(next, 10);
  });

  const of = (rttMs: number, inFlight: number, dropped = false) => ({ rttMs, inFlight, dropped });

  test("Gradient2 begins at 20, grows while it is used, up to 200, and comes down as calls take longer, to 20", () => {
    const limiter = createGradientLimiter({ sampleMs: 0 });
    expect(limiter.limit).toBe(20);
    limiter.sample(of(10, 20));
    expect(limiter.limit).toBeCloseTo(20.8, 10);
    for (let i = 0; i < 2_000; i++) limiter.sample(of(10, limiter.limit));
    expect(limiter.limit).toBe(200);
    limiter.sample(of(100, 200));
    expect(limiter.limit).toBeLessThan(190);
    for (let i = 0; i < 40; i++) limiter.sample(of(1_000, limiter.limit));
    expect(limiter.limit).toBe(20);
  });

  test("Gradient2 learns nothing of the limit while less than half of it is in use", () => {
    const limiter = createGradientLimiter({ sampleMs: 0, initialLimit: 100 });
    for (let i = 0; i < 100; i++) limiter.sample(of(10, 49));
    expect(limiter.limit).toBe(100);
    for (let i = 0; i < 100; i++) limiter.sample(of(500, 49));
    expect(limiter.limit).toBe(100);
    limiter.sample(of(5_000, 50));
    expect(limiter.limit).toBeLessThan(100);
  });

  test("Gradient2 forgets the durations of a load that has gone", () => {
    const limiter = createGradientLimiter({ sampleMs: 0 });
    for (let i = 0; i < 10; i++) limiter.sample(of(1_000, 1));
    // 600 calls would move a plain average by two thirds only
    for (let i = 0; i < 100; i++) limiter.sample(of(10, 1));
    for (let i = 0; i < 50; i++) limiter.sample(of(10, limiter.limit));
    const before = limiter.limit;
    limiter.sample(of(60, limiter.limit));
    expect(limiter.limit).toBeLessThan(before);
  });

  test("Gradient2 takes the mean of the calls of 100 ms for one sample", () => {
    const clock = createVirtualClock();
    const limiter = createGradientLimiter({ clock });
    for (let i = 0; i < 10; i++) {
      clock.advance(100);
      limiter.sample(of(10, 20));
    }
    const before = limiter.limit;
    for (const rttMs of [30, 10, 50]) limiter.sample(of(rttMs, 30));
    expect(limiter.limit).toBe(before);
    clock.advance(100);
    limiter.sample(of(30, 1));
    // the mean is 30 ms where hardly more than 10 are usual: half of it; those under way are the most of the four
    expect(limiter.limit).toBeCloseTo(nextGradientLimit({ ...gradient, limit: before, shortMs: 30, longMs: 10.07 }), 2);
  });

  test("AIMD: a tenth less for what was dropped, one more for what went well while half was in use", () => {
    const limiter = createAimdLimiter({ initialLimit: 55 });
    limiter.sample(of(10, 55, true));
    expect(limiter.limit).toBe(49);
    limiter.sample(of(10, 25));
    expect(limiter.limit).toBe(50);
    limiter.sample(of(10, 24));
    expect(limiter.limit).toBe(50);
    // an answer that came too late is none
    limiter.sample(of(5_001, 50));
    expect(limiter.limit).toBe(45);
    for (let i = 0; i < 500; i++) limiter.sample(of(10, 200));
    expect(limiter.limit).toBe(200);
    for (let i = 0; i < 100; i++) limiter.sample(of(10, 200, true));
    expect(limiter.limit).toBe(20);
  });

  test.each([{ minLimit: 0 }, { minLimit: 10, maxLimit: 5 }, { initialLimit: 5, minLimit: 10 }])(
    "%j is refused",
    (bounds) => {
      expect(() => createAimdLimiter(bounds)).toThrow(RangeError);
      expect(() => createGradientLimiter(bounds)).toThrow(RangeError);
    },
  );
});

describe("the bulkhead (T8)", () => {
  test("so many at a time, so many wait in their order, further ones are refused", () => {
    const bulkhead = createBulkhead({ limit: () => 2, maxQueue: 2 });
    const admitted: string[] = [];
    const waiter = (name: string) => ({ admit: () => void admitted.push(name) });
    const last = waiter("d");
    expect(["a", "b", "c"].map((name) => bulkhead.enter(waiter(name)))).toEqual(["in", "in", "waiting"]);
    expect([bulkhead.enter(last), bulkhead.enter(waiter("e"))]).toEqual(["waiting", "full"]);
    expect([bulkhead.inFlight, bulkhead.waiting]).toEqual([2, 2]);
    bulkhead.leave();
    expect(admitted).toEqual(["c"]);
    expect([bulkhead.withdraw(last), bulkhead.withdraw(last)]).toEqual([true, false]);
    bulkhead.leave();
    bulkhead.leave();
    expect(admitted).toEqual(["c"]);
    expect([bulkhead.inFlight, bulkhead.waiting]).toEqual([0, 0]);
  });

  test("a limit that grows lets in as many as fit; one that shrinks waits until enough have left", () => {
    let limit = 1;
    const bulkhead = createBulkhead({ limit: () => limit, maxQueue: 10 });
    let admitted = 0;
    const waiter = () => ({ admit: () => void admitted++ });
    for (let i = 0; i < 6; i++) bulkhead.enter(waiter());
    limit = 3;
    bulkhead.leave();
    expect([admitted, bulkhead.inFlight]).toEqual([3, 3]);
    limit = 1;
    bulkhead.leave();
    bulkhead.leave();
    expect([admitted, bulkhead.inFlight]).toEqual([3, 1]);
    bulkhead.leave();
    expect([admitted, bulkhead.inFlight]).toEqual([4, 1]);
  });

  test("nobody overtakes those who wait, also where the limit has grown", () => {
    let limit = 1;
    const bulkhead = createBulkhead({ limit: () => limit, maxQueue: 10 });
    const admitted: string[] = [];
    const enter = (name: string) => bulkhead.enter({ admit: () => void admitted.push(name) });
    expect(["a", "b", "c"].map(enter)).toEqual(["in", "waiting", "waiting"]);
    limit = 2;
    expect([enter("d"), admitted]).toEqual(["waiting", ["b"]]);
    limit = 5;
    expect([enter("e"), admitted]).toEqual(["in", ["b", "c", "d"]]);
    expect([bulkhead.inFlight, bulkhead.waiting]).toEqual([5, 0]);
  });

  test("a long line of calls that finish at once does not overflow the stack", () => {
    const bulkhead = createBulkhead({ limit: () => 1, maxQueue: 50_000 });
    let done = 0;
    bulkhead.enter({ admit: () => {} });
    for (let i = 0; i < 50_000; i++) {
      bulkhead.enter({
        admit() {
          done++;
          bulkhead.leave();
        },
      });
    }
    bulkhead.leave();
    expect([done, bulkhead.inFlight, bulkhead.waiting]).toEqual([50_000, 0, 0]);
  });
});

test("a bounded map tells what it forgets, the longest unused first", () => {
  const forgotten: string[] = [];
  const lru = createLru(
    2,
    (key) => ({ key }),
    ({ key }) => forgotten.push(key),
  );
  const a = lru.get("a");
  lru.get("b");
  expect(lru.get("a")).toBe(a);
  lru.get("c");
  expect([forgotten, lru.size]).toEqual([["b"], 2]);
  expect(lru.get("a")).toBe(a);
  expect(() => createLru(0, () => 1)).toThrow(RangeError);
});
