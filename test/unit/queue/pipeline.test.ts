import { describe, expect, test } from "vitest";
import { recordingTracer } from "../../../src/runtime/context/index.js";
import { createMetrics } from "../../../src/runtime/interceptors/index.js";
import { createMemoryIdempotencyStore } from "../../../src/runtime/stores/index.js";
import {
  consume,
  encodeMessage,
  publish,
  wrapBroker,
  wrapDelivery,
  type Broker,
  type ConsumerEvent,
} from "../../../src/runtime/queue/index.js";
import {
  consumeItems,
  deadLetters,
  itemChannel,
  setup,
  turn,
  type FakeClock,
  type Item,
  type Setup,
} from "./support.js";

const channel = itemChannel();

/** The same broker, as one whose adapter keeps delayed messages in this process, and the verdicts that it got. */
function delayingHere(all: Setup): Setup & { readonly verdicts: string[] } {
  const verdicts: string[] = [];
  const wrapped = wrapBroker(all.broker, {
    deliver: (delivery) =>
      wrapDelivery(delivery, {
        ack: () => (verdicts.push("ack"), delivery.ack()),
        nack: (delayMs = 0, headers) => (verdicts.push(`nack ${delayMs}`), delivery.nack(delayMs, headers)),
      }),
  });
  const broker: Broker = { ...wrapped, capabilities: { ...wrapped.capabilities, delayedRetry: false } };
  return { ...all, broker, verdicts };
}

/** Lets time pass in steps until something holds, but not for ever. */
async function passUntil(clock: FakeClock, stepMs: number, done: () => boolean): Promise<void> {
  for (let steps = 0; steps < 100 && !done(); steps++) await clock.pass(stepMs);
}

describe("where delayed messages stay in the process", () => {
  test("M37 T2 more poison than is fetched at a time holds nobody up; the delays are exact", async () => {
    const all = delayingHere(setup());
    const { clock, broker } = all;
    const start = clock.now();
    const runs: [number, number][] = [];
    const good: number[] = [];
    await consumeItems(
      all,
      async ({ n }, { attempt }) => {
        if (n >= 20) return void good.push(n);
        if (n === 0) runs.push([attempt, clock.now() - start]);
        throw new Error("down");
      },
      {
        retry: { maxAttempts: 4, quick: 1, delaysMs: [1_000, 5_000, 30_000] },
        deadLetter: true,
        concurrency: 1,
        buffer: 4,
        killSwitch: false,
      },
    );
    for (let n = 0; n < 40; n++) await publish(broker, channel, { n });
    await clock.pass(500);
    expect(good).toHaveLength(20);
    await clock.pass(60_000);
    expect(runs).toEqual([
      [1, 0],
      [2, 1_000],
      [3, 6_000],
      [4, 36_000],
    ]);
    expect(await deadLetters(broker)).toHaveLength(20);
    const count = (verdict: string): number => all.verdicts.filter((other) => other === verdict).length;
    expect(["ack", "nack 1000", "nack 5000", "nack 30000"].map(count)).toEqual([40, 20, 20, 20]);
  });

  test("M32 order strict: what waits is bounded by the buffer, and a drain gives it back", async () => {
    const all = delayingHere(setup());
    const { clock, broker } = all;
    const consumer = await consumeItems(
      all,
      async () => {
        throw new Error("down");
      },
      {
        order: "strict",
        retry: { maxAttempts: 3, quick: 1, delaysMs: [10_000] },
        concurrency: 1,
        buffer: 4,
        killSwitch: false,
      },
    );
    for (let n = 0; n < 20; n++) await publish(broker, channel, { n }, { key: String(n) });
    await clock.pass(5_000);
    expect(all.events.filter(({ kind }) => kind === "received")).toHaveLength(5);
    expect(await consumer.drain()).toEqual([]);
    expect(await broker.depth?.({ address: "items", group: "g" })).toBe(20);
  });

  test("M38 without dead letters what failed for good is kept and tried again later", async () => {
    const all = delayingHere(setup());
    let down = true;
    const handled: number[] = [];
    await consumeItems(
      all,
      async ({ n }) => {
        if (down) throw new Error("down");
        handled.push(n);
      },
      { retry: false },
    );
    await publish(all.broker, channel, { n: 1 });
    await all.clock.pass(29_000);
    down = false;
    expect(handled).toEqual([]);
    await all.clock.pass(2_000);
    expect(handled).toEqual([1]);
    expect(all.verdicts).toEqual(["nack 30000", "ack"]);
  });
});

describe("deliveries that are held for long", () => {
  test("M37 a long handler, a wait for a place and a wait in strict order are told to the broker", async () => {
    const all = setup();
    const extended = new Map<string, number>();
    const broker = wrapBroker(all.broker, {
      deliver: (delivery) =>
        wrapDelivery(delivery, {
          extend: async () => void extended.set(delivery.id, (extended.get(delivery.id) ?? 0) + 1),
        }),
    });
    let end = (): void => {};
    await consumeItems({ ...all, broker }, () => new Promise<void>((resolve) => (end = resolve)), { concurrency: 1 });
    for (const id of ["a", "b"]) await publish(broker, channel, { n: 1 }, { id });
    await all.clock.pass(35_000);
    expect(Object.fromEntries(extended)).toEqual({ a: 3, b: 3 });
    end();
    await turn();
    end();
    await all.clock.pass(60_000);
    expect(Object.fromEntries(extended)).toEqual({ a: 3, b: 3 });
    expect(all.clock.timers).toBe(0);
  });
});

describe("rate limit", () => {
  test("T7 the consumer fetches no more instead of refusing: 5 at once, then 10 a second", async () => {
    const all = setup();
    const at: number[] = [];
    const start = all.clock.now();
    await consumeItems(all, async () => void at.push(all.clock.now() - start), {
      rateLimit: { rate: 10, burst: 5 },
      concurrency: 8,
      buffer: 0,
    });
    for (let n = 0; n < 40; n++) await publish(all.broker, channel, { n });
    await all.clock.pass(0);
    expect(at).toHaveLength(5);
    // what it cannot handle stays at the broker
    expect(await all.broker.depth?.({ address: "items", group: "g" })).toBeGreaterThanOrEqual(27);
    await all.clock.pass(1_000);
    expect(at).toHaveLength(15);
    await all.clock.pass(10_000);
    expect(at).toHaveLength(40);
    expect(at.at(-1)).toBeLessThanOrEqual(3_510);
  });

  test("T7 a rate that makes no sense is refused", async () => {
    const { broker } = setup();
    await expect(consume(broker, channel, async () => {}, { rateLimit: { rate: 0 } })).rejects.toThrow("rate");
  });
});

describe("T14 order of the stages", () => {
  test("trace, metrics, dead letter, decode, dedupe, retry, hook, handler, and the mark before the ack", async () => {
    const all = setup();
    const log: string[] = [];
    const inner = createMemoryIdempotencyStore({ clock: all.clock });
    const broker = wrapBroker(all.broker, {
      publish: (batch, next) => (batch.forEach(({ address }) => log.push(`publish ${address}`)), next(batch)),
      deliver: (delivery) => wrapDelivery(delivery, { ack: () => (log.push("ack"), delivery.ack()) }),
    });
    const tracer = recordingTracer(({ name }) => log.push(name));
    const logged = {
      ...channel,
      message: { ...channel.message, fromJsonString: (text: string) => (log.push("decode"), JSON.parse(text) as Item) },
    };
    await consume(
      broker,
      logged,
      async ({ n }) => {
        log.push("handler");
        if (n === 2) throw new Error("down");
      },
      {
        tracer,
        deadLetter: true,
        retry: { maxAttempts: 2, quick: 2, delaysMs: [] },
        idempotency: {
          store: {
            ...inner,
            claim: (...args) => (log.push("claim"), inner.claim(...args)),
            complete: (...args) => (log.push("mark"), inner.complete(...args)),
            release: (...args) => (log.push("free"), inner.release(...args)),
          },
        },
        aroundAttempt: async (_attempt, run) => {
          log.push("begin");
          await run();
          log.push("commit");
        },
      },
    );
    await publish(all.broker, channel, { n: 1 });
    await turn();
    expect(log).toEqual(["decode", "claim", "begin", "handler", "commit", "process items", "mark", "ack"]);
    log.length = 0;
    await publish(all.broker, channel, { n: 2 });
    await all.clock.pass(100);
    const attempt = ["begin", "handler", "process items"];
    expect(log).toEqual(["decode", "claim", ...attempt, "decode", ...attempt, "free", "publish items.g.dead", "ack"]);
  });
});

describe("peaks and poison", () => {
  test("M30 a burst of ten times the consumer's rate: publishers do not wait for it, nothing is lost, fetched is bounded", async () => {
    const all = setup();
    const { clock, broker } = all;
    let handled = 0;
    const events: ConsumerEvent[] = [];
    const meter = createMetrics();
    const inFlight = () => meter.points().find(({ name }) => name === "wirespan.queue.in_flight")?.value ?? 0;
    await consume(
      broker,
      channel,
      async () => {
        await new Promise<void>((resolve) => clock.after(10, resolve));
        handled++;
      },
      { concurrency: 1, buffer: 16, metrics: { meter, depthEveryMs: 0 }, onEvent: (event) => void events.push(event) },
    );
    let most = 0;
    // 1,000 a second for 5 seconds against 100 a second
    for (let ms = 0; ms < 5_000; ms += 10) {
      const letters = Array.from({ length: 10 }, (_, n) => encodeMessage(channel, { n: ms + n }));
      const results = await broker.publish(letters);
      expect(results.every(({ ok }) => ok)).toBe(true);
      if (ms % 100 === 0) await clock.pass(100);
      most = Math.max(most, inFlight());
    }
    expect(most).toBeLessThanOrEqual(17);
    expect(handled).toBeLessThan(600);
    await passUntil(clock, 1_000, () => handled >= 5_000);
    expect(handled).toBe(5_000);
    expect(await broker.depth?.({ address: "items", group: "g" })).toBe(0);
  });

  test("M37 T2 one poison message among 1,000: the others need no more than 1.2 times as long", async () => {
    const time = async (poisoned: boolean): Promise<number> => {
      const all = setup();
      const { clock, broker } = all;
      const start = clock.now();
      let last = 0;
      let good = 0;
      await consumeItems(
        all,
        async ({ n }) => {
          await new Promise<void>((resolve) => clock.after(5, resolve));
          if (n === 13 && poisoned) throw new Error("poison");
          good++;
          last = clock.now() - start;
        },
        { concurrency: 4, buffer: 100, retry: { maxAttempts: 4, quick: 2, delaysMs: [500, 900] }, deadLetter: true },
      );
      await broker.publish(Array.from({ length: 1_001 }, (_, n) => encodeMessage(channel, { n })));
      await passUntil(clock, 100, () => good >= 1_000);
      await clock.pass(3_000);
      expect(good).toBe(poisoned ? 1_000 : 1_001);
      expect(await deadLetters(broker)).toHaveLength(poisoned ? 1 : 0);
      return last;
    };
    const clean = await time(false);
    expect(await time(true)).toBeLessThan(1.2 * clean);
  });

  test("T12 1,000 in flight, then a drain: all are handled and acknowledged, none twice", async () => {
    const all = setup();
    const seen = new Map<number, number>();
    const consumer = await consumeItems(
      all,
      async ({ n }) => {
        seen.set(n, (seen.get(n) ?? 0) + 1);
        await new Promise<void>((resolve) => all.clock.after(1_000, resolve));
      },
      { concurrency: 1_000 },
    );
    await all.broker.publish(Array.from({ length: 1_500 }, (_, n) => encodeMessage(channel, { n })));
    await all.clock.pass(10);
    expect(seen.size).toBe(1_000);
    const drained = consumer.drain(30_000);
    await all.clock.pass(2_000);
    expect(await drained).toEqual([]);
    expect(await all.broker.depth?.({ address: "items", group: "g" })).toBe(500);
    await consumeItems(all, async ({ n }) => void seen.set(n, (seen.get(n) ?? 0) + 1), { concurrency: 1_000 });
    await all.clock.pass(10);
    expect(seen.size).toBe(1_500);
    expect([...seen.values()].every((count) => count === 1)).toBe(true);
  });
});
