import { describe, expect, test } from "vitest";
import { createRetryBudget, createRetryQuota, retry } from "../../../src/runtime/interceptors/index.js";
import { backoffMs, readPushback } from "../../../src/runtime/interceptors/retry/backoff.js";
import { planRetries } from "../../../src/runtime/interceptors/retry/policy.js";
import { Code } from "../../../src/runtime/rpc/index.js";
import { backendOf, failed, methodOf, seededRandom } from "./attempts.js";

const rule = { initialBackoffMs: 100, backoffMultiplier: 2, maxBackoffMs: 1_000 };
const samples = 10_000;

function drawn(draw: () => number): { least: number; most: number; mean: number } {
  const all = Array.from({ length: samples }, draw);
  return { least: Math.min(...all), most: Math.max(...all), mean: all.reduce((sum, one) => sum + one, 0) / samples };
}

describe("M13: backoff, T1", () => {
  test.each([
    [1, 100, 80, 120],
    [2, 200, 160, 240],
    [3, 400, 320, 480],
    [4, 800, 640, 960],
    [5, 1_000, 800, 1_200],
    [50, 1_000, 800, 1_200],
  ])("M13: retry %i waits %i ms, from %i to %i, over 10,000 samples", (n, mean, least, most) => {
    const random = seededRandom(n);
    const found = drawn(() => backoffMs(rule, n, "proportional", random));
    expect(found.least).toBeGreaterThanOrEqual(least);
    expect(found.most).toBeLessThanOrEqual(most);
    // and not merely within the bounds: all of the room between them is used
    expect(found.least).toBeLessThan(least * 1.01);
    expect(found.most).toBeGreaterThan(most * 0.99);
    expect(Math.abs(found.mean / mean - 1)).toBeLessThan(0.02);
  });

  test.each([
    [1, 100],
    [2, 200],
    [5, 1_600],
    [8, 12_800],
    [9, 20_000],
    [2_000, 20_000],
  ])("M13: with full jitter retry %i waits up to %i ms, half of it on average", (n, longest) => {
    const random = seededRandom(n);
    const plan = planRetries(methodOf(), {}, { once: false, jitter: "full", random });
    const found = drawn(() => plan.delayMs(n, Code.UNAVAILABLE));
    expect(found.least).toBeGreaterThanOrEqual(0);
    expect(found.most).toBeLessThan(longest);
    expect(found.most).toBeGreaterThan(longest * 0.99);
    expect(Math.abs(found.mean / (longest / 2) - 1)).toBeLessThan(0.02);
  });

  test("M13: with full jitter a server that has too much to do is given 500 ms to begin with", () => {
    const plan = planRetries(methodOf(), {}, { once: false, jitter: "full", random: () => 0.999_999 });
    const delays = [1, 2, 3].map((n) => Math.round(plan.delayMs(n, Code.RESOURCE_EXHAUSTED)));
    expect(delays).toEqual([500, 1_000, 2_000]);
    expect(Math.round(plan.delayMs(1, Code.UNAVAILABLE))).toBe(100);
  });

  test("M13: the contract's values hold, and those of the program before them, field by field", () => {
    const method = methodOf("unary", {
      policy: {
        retry: {
          maxAttempts: 5,
          initialBackoffMs: 40,
          backoffMultiplier: 3,
          maxBackoffMs: 300,
          codes: [Code.ABORTED],
        },
      },
    });
    const plain = { once: false, jitter: "proportional", random: () => 0.5 } as const;
    const contract = planRetries(method, {}, plain);
    expect([1, 2, 3].map((n) => contract.delayMs(n, Code.ABORTED))).toEqual([40, 120, 300]);
    expect([contract.maxAttempts, [...contract.codes]]).toEqual([5, [Code.ABORTED]]);
    const both = planRetries(method, { initialBackoffMs: 10, maxAttempts: undefined }, plain);
    expect([1, 2, 3, 4].map((n) => both.delayMs(n, Code.ABORTED))).toEqual([10, 30, 90, 270]);
    expect([both.maxAttempts, [...both.codes]]).toEqual([5, [Code.ABORTED]]);
    const silent = planRetries(methodOf(), { codes: [Code.ABORTED, Code.INTERNAL] }, plain);
    expect([silent.maxAttempts, [...silent.codes]]).toEqual([3, [Code.ABORTED, Code.INTERNAL]]);
  });

  test("M13: more than five attempts are five", () => {
    const plan = planRetries(methodOf(), { maxAttempts: 9 }, { once: false, jitter: "full", random: () => 0 });
    expect(plan.maxAttempts).toBe(5);
  });

  test.each([
    [{ maxAttempts: 0 }, "maxAttempts is 0"],
    [{ maxAttempts: 2.5 }, "maxAttempts is 2.5"],
    [{ initialBackoffMs: 0 }, "initialBackoffMs is 0"],
    [{ maxBackoffMs: Number.NaN }, "maxBackoffMs is NaN"],
    [{ backoffMultiplier: 0.5 }, "backoffMultiplier is 0.5"],
    [{ codes: [] }, "codes is empty"],
    [{ codes: [Code.OK] }, "OK, which is no failure"],
    [{ attemptTimeoutMs: 0 }, "timeout is 0"],
  ])("M13: %o is refused where it stands", (options, text) => {
    expect(() => retry(options)).toThrow(RangeError);
    expect(() => retry(options)).toThrow(text);
  });

  test("M13: a server's wait is read as gRPC says", () => {
    expect(["0", "20", "2147483647"].map(readPushback)).toEqual([0, 20, 2_147_483_647]);
    expect(["-1", "", " 5", "1.5", "1e3", "soon", "2147483648", "99999999999"].map(readPushback)).toEqual(
      Array.from({ length: 8 }, () => "stop"),
    );
    expect(readPushback(undefined)).toBeUndefined();
  });
});

describe("M13: the retry budget, T3", () => {
  test("M13: five failures leave 5 of 10 tokens, which are too few; one success makes 5.1", () => {
    const budget = createRetryBudget();
    for (let i = 0; i < 4; i++) budget.onFailure();
    expect([budget.tokens, budget.acquire("failure")]).toEqual([6, 0]);
    budget.onFailure();
    expect([budget.tokens, budget.acquire("failure")]).toEqual([5, undefined]);
    budget.onSuccess(undefined);
    expect([budget.tokens, budget.acquire("failure")]).toEqual([5.1, 0]);
  });

  test("M13: tokens stay between nothing and the most, without drift", () => {
    const budget = createRetryBudget({ maxTokens: 3, tokenRatio: 0.1 });
    for (let i = 0; i < 10; i++) budget.onFailure();
    expect(budget.tokens).toBe(0);
    for (let i = 0; i < 15; i++) budget.onSuccess(undefined);
    expect([budget.tokens, budget.acquire("failure")]).toEqual([1.5, undefined]);
    budget.onSuccess(undefined);
    expect([budget.tokens, budget.acquire("failure")]).toEqual([1.6, 0]);
    for (let i = 0; i < 1_000; i++) budget.onSuccess(undefined);
    expect(budget.tokens).toBe(3);
  });

  test("M13: Smithy's quota: 5 for a retry, 10 after a timeout, given back by success", () => {
    const budget = createRetryQuota();
    expect([budget.acquire("failure"), budget.tokens]).toEqual([5, 495]);
    expect([budget.acquire("timeout"), budget.tokens]).toEqual([10, 485]);
    budget.onSuccess(10);
    expect(budget.tokens).toBe(495);
    budget.onSuccess(undefined);
    expect(budget.tokens).toBe(496);
    budget.onSuccess(5);
    expect(budget.tokens).toBe(500);
    const small = createRetryQuota({ capacity: 12 });
    expect([small.acquire("timeout"), small.acquire("failure"), small.tokens]).toEqual([10, undefined, 2]);
  });

  test.each([
    () => createRetryBudget({ maxTokens: 0 }),
    () => createRetryBudget({ maxTokens: 1_001 }),
    () => createRetryBudget({ tokenRatio: 0 }),
    () => createRetryBudget({ tokenRatio: 0.000_4 }),
    () => createRetryQuota({ capacity: 0 }),
    () => createRetryQuota({ retryCost: 0.5 }),
  ])("M13: numbers out of range are refused: %s", (make) => {
    expect(make).toThrow(RangeError);
  });

  /** Attempts that a backend gets of that many calls, one after the other, while it fails all of them. */
  async function attemptsOf(calls: number, budget?: false | ReturnType<typeof createRetryQuota>): Promise<number> {
    const random = seededRandom(1);
    const layers = (clock: Parameters<Parameters<typeof backendOf>[0]>[0]) => [
      retry({ maxAttempts: 4, initialBackoffMs: 1, clock, random, budget }),
    ];
    const backend = backendOf(layers, [failed(Code.UNAVAILABLE)]);
    for (let i = 0; i < calls; i++) {
      const reply = backend.call();
      // longer than all waits of a call
      await backend.clock.pass(100);
      expect((await reply).failed).toMatchObject({ code: Code.UNAVAILABLE });
    }
    return backend.seen.length;
  }

  test("M13: a backend that is down gets 1,003 attempts of 1,000 calls", async () => {
    expect(await attemptsOf(1_000)).toBe(1_003);
  });

  test("M13: without a budget it would get four times the calls", async () => {
    expect(await attemptsOf(100, false)).toBe(400);
  });

  test("M13: with Smithy's quota it gets 100 more", async () => {
    expect(await attemptsOf(200, createRetryQuota())).toBe(300);
  });
});
