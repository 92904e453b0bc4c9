import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Meter } from "../../../src/runtime/context/index.js";
import { configurePublisher, publish, publishBatch } from "../../../src/runtime/queue/index.js";
import { createMemoryIdempotencyStore, type IdempotencyStore } from "../../../src/runtime/stores/index.js";
import { consumeItems, deadLetters, itemChannel, setup, turn } from "./support.js";

const channel = itemChannel();

/** What would have ended the process. */
const fatal: unknown[] = [];
const note = (error: unknown): void => void fatal.push(error);

beforeEach(() => {
  fatal.length = 0;
  process.on("unhandledRejection", note);
});

afterEach(() => {
  process.off("unhandledRejection", note);
  expect(fatal).toEqual([]);
});

describe("what a program brings along may throw", () => {
  test("T10 a store that throws where it should reject, at every call but the first", async () => {
    const all = setup();
    const store: IdempotencyStore = {
      ...createMemoryIdempotencyStore({ clock: all.clock }),
      release: () => {
        throw new Error("release");
      },
      extend: () => {
        throw new Error("extend");
      },
      complete: () => {
        throw new Error("complete");
      },
    };
    await consumeItems(
      all,
      async ({ n }) => {
        await new Promise<void>((resolve) => all.clock.after(10_000, resolve));
        if (n === 1) throw new Error("down");
      },
      { retry: false, deadLetter: true, idempotency: { store, leaseMs: 3_000 } },
    );
    for (const n of [1, 2]) await publish(all.broker, channel, { n });
    await all.clock.pass(30_000);
    expect(await deadLetters(all.broker)).toHaveLength(1);
    expect(all.events.map(({ kind }) => kind).slice(-3)).toEqual(["attempt", "unmarked", "handled"]);
    expect(await all.broker.depth?.({ address: "items", group: "g" })).toBe(0);
  });

  test("M54 a meter that throws changes nothing for messages, nor for the consumer's end", async () => {
    const all = setup();
    let broken = false;
    let told = 0;
    const fail = (): void => {
      told++;
      if (broken) throw new Error("meter");
    };
    const instrument = { add: fail, record: fail };
    const meter: Meter = {
      createCounter: () => instrument,
      createHistogram: () => instrument,
      createUpDownCounter: () => instrument,
    };
    configurePublisher(all.broker, { metrics: { meter } });
    const seen: number[] = [];
    const consumer = await consumeItems(
      all,
      async ({ n }) => {
        seen.push(n);
        if (n === 3) throw new Error("down");
      },
      { metrics: { meter, depthEveryMs: 500 }, retry: false, deadLetter: true },
    );
    broken = true;
    consumer.pause();
    for (const n of [1, 2]) await publish(all.broker, channel, { n });
    expect(await publishBatch(all.broker, channel, [{ n: 3 }])).toEqual([{ ok: true, position: expect.any(String) }]);
    // with a depth to tell
    broken = false;
    await all.clock.pass(600);
    broken = true;
    consumer.resume();
    await turn();
    expect(seen).toEqual([1, 2, 3]);
    expect(await deadLetters(all.broker)).toHaveLength(1);
    expect(await consumer.drain(100)).toEqual([]);
    expect(all.clock.timers).toBe(0);
    expect(told).toBeGreaterThan(10);
  });
});
