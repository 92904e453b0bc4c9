import { describe, expect, test } from "vitest";
import {
  publish,
  wrapBroker,
  wrapDelivery,
  type ConsumeOptions,
  type MessageHandler,
} from "../../../src/runtime/queue/index.js";
import { consumeItems, deadLetters, itemChannel, setup, turn, type Item } from "./support.js";

const keyed = itemChannel({ key: "$message.payload#/key" });

describe("order outlives a consumer", () => {
  test.each([
    ["strict", { retry: { maxAttempts: 5, quick: 1, delaysMs: [60_000] } }],
    ["key", { retry: { maxAttempts: 5, quick: 5, delaysMs: [] } }],
  ] as const)("M37 T12 order %s: a drain during a retry gives back in place", async (order, { retry }) => {
    const all = setup();
    const { clock, broker } = all;
    const options: ConsumeOptions = { order, retry, buffer: 10 };
    const first = await consumeItems(
      all,
      async () => {
        throw new Error("down");
      },
      options,
      keyed,
    );
    for (let n = 0; n < 4; n++) await publish(broker, keyed, { n, key: "a" });
    // two attempts have failed, the wait before the third goes on
    await clock.pass(order === "strict" ? 61_000 : 60);
    expect(all.events.filter(({ kind }) => kind === "attempt")).toHaveLength(2);
    expect(await first.drain()).toEqual([]);
    const seen: number[] = [];
    await consumeItems(all, async ({ n }) => void seen.push(n), options, keyed);
    await clock.pass(1_000);
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  test("T2 without an order the attempts made are kept", async () => {
    const all = setup();
    const { clock, broker } = all;
    const retry = { maxAttempts: 5, quick: 5, delaysMs: [] };
    const first = await consumeItems(all, () => Promise.reject(new Error("down")), { retry });
    await publish(broker, itemChannel(), { n: 0 });
    await clock.pass(60);
    await first.drain();
    const attempts: number[] = [];
    await consumeItems(all, async (_message, { attempt }) => void attempts.push(attempt), { retry });
    await turn();
    expect(attempts).toEqual([3]);
  });

  test.each(["strict", "key"] as const)(
    "M37 T11 order %s: what is exhausted while the kill switch holds waits in place, and a drain keeps its place",
    async (order) => {
      const all = setup();
      const { clock, broker } = all;
      let down = true;
      const tried: string[] = [];
      const options: ConsumeOptions = {
        order,
        retry: { maxAttempts: 2, quick: 2, delaysMs: [] },
        deadLetter: true,
        killSwitch: { minimum: 1, pauseMs: 60_000 },
      };
      const handler: MessageHandler<Item> = async ({ n }, { attempt }) => {
        tried.push(`${n}/${attempt}`);
        if (down) throw new Error("database is away");
      };
      const first = await consumeItems(all, handler, options, keyed);
      for (let n = 0; n < 4; n++) await publish(broker, keyed, { n, key: "a" });
      await clock.pass(59_000);
      expect(tried).toEqual(["0/1", "0/2"]);
      await clock.pass(2_000);
      // the last attempt again after the pause, and held again
      expect(tried).toEqual(["0/1", "0/2", "0/2"]);
      await first.drain();
      expect(clock.timers).toBe(0);
      expect(await deadLetters(broker)).toEqual([]);
      down = false;
      await consumeItems(all, handler, options, keyed);
      await clock.pass(1_000);
      expect(tried.slice(3)).toEqual(["0/1", "1/1", "2/1", "3/1"]);
    },
  );

  test("M37 T11 order strict: a dead letter that cannot be published holds back what is behind it", async () => {
    const all = setup();
    const { clock, broker } = all;
    let refuse = true;
    const flaky = wrapBroker(broker, {
      publish: (batch, next) =>
        refuse ? Promise.resolve(batch.map(() => ({ ok: false, error: new Error("injected") }))) : next(batch),
    });
    const seen: number[] = [];
    await consumeItems(
      { ...all, broker: flaky },
      async ({ n }) => {
        seen.push(n);
        if (n === 0) throw new Error("poison");
      },
      { order: "strict", retry: false, deadLetter: true, killSwitch: false },
    );
    for (let n = 0; n < 3; n++) await publish(broker, itemChannel(), { n });
    await clock.pass(2_500);
    expect(seen).toEqual([0]);
    refuse = false;
    await clock.pass(1_000);
    expect(seen).toEqual([0, 1, 2]);
    expect(await deadLetters(broker)).toHaveLength(1);
  });
});

describe("drain", () => {
  test("T12 gives back at once what has not started: others take it while the last handler still runs", async () => {
    const all = setup();
    const { broker } = all;
    let end = (): void => {};
    const first = await consumeItems(all, () => new Promise<void>((resolve) => (end = resolve)), { buffer: 10 });
    for (let n = 0; n < 3; n++) await publish(broker, itemChannel(), { n });
    await turn();
    const draining = first.drain();
    const taken: [number, number][] = [];
    await consumeItems(all, async ({ n }, { attempt }) => void taken.push([n, attempt]));
    await turn();
    expect(taken).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(all.events.filter(({ kind }) => kind === "released")).toHaveLength(2);
    end();
    expect(await draining).toEqual([]);
  });

  test("M32 T2 a verdict that the broker is slow to take occupies no handler's place", async () => {
    const all = setup();
    const { broker } = all;
    const slow = wrapBroker(broker, {
      deliver: (delivery) => wrapDelivery(delivery, { nack: () => new Promise(() => {}) }),
    });
    const seen: number[] = [];
    await consumeItems(
      { ...all, broker: slow },
      async ({ n }) => {
        if (n < 3) throw new Error("poison");
        seen.push(n);
      },
      { concurrency: 1, buffer: 9, retry: { maxAttempts: 2, quick: 1, delaysMs: [1_000] } },
    );
    for (let n = 0; n < 30; n++) await publish(broker, itemChannel(), { n });
    for (let i = 0; i < 10; i++) await turn();
    expect(seen).toHaveLength(27);
  });
});
