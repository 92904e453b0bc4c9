import { describe, expect, test } from "vitest";
import {
  ambient,
  recordingTracer,
  withAmbient,
  type SpanRecord,
  type TraceContext,
  type Tracer,
} from "../../../src/runtime/context/index.js";
import {
  consume,
  consumeBatch,
  deadHeaders,
  PermanentError,
  publish,
  publishBatch,
  type BatchHandler,
  type Broker,
  type ConsumeBatchOptions,
  type Consumer,
} from "../../../src/runtime/queue/index.js";
import { createMemoryIdempotencyStore } from "../../../src/runtime/stores/index.js";
import { deadLetters, itemChannel, setup, turn, type Item, type Setup } from "./support.js";

const keyed = itemChannel({ key: "$message.payload#/key" });

function consumeBatches(
  { broker, events }: Setup,
  handler: BatchHandler<Item>,
  options: ConsumeBatchOptions = {},
  channel = itemChannel(),
): Promise<Consumer> {
  return consumeBatch(broker, channel, handler, { ...options, onEvent: (event) => void events.push(event) });
}

const numbers = (deliveries: readonly { readonly message: Item }[]): number[] =>
  deliveries.map(({ message }) => message.n);

async function send(broker: Broker, items: readonly Item[], channel = itemChannel()): Promise<void> {
  const results = await publishBatch(broker, channel, items);
  expect(results.every(({ ok }) => ok)).toBe(true);
}

const upTo = (count: number): Item[] => Array.from({ length: count }, (_, n) => ({ n }));

describe("batches", () => {
  test("M34 T9 a batch is complete by size, by bytes, or when its first message has waited", async () => {
    const all = setup();
    const got: number[][] = [];
    await consumeBatches(all, async (deliveries) => void got.push(numbers(deliveries)), {
      batch: { size: 4, bytes: 20, lingerMs: 50 },
    });
    await send(all.broker, upTo(5));
    await turn();
    // {"n":0} are 7 bytes: two fit into 20
    expect(got).toEqual([
      [0, 1],
      [2, 3],
    ]);
    await all.clock.pass(49);
    expect(got).toHaveLength(2);
    await all.clock.pass(1);
    expect(got.at(-1)).toEqual([4]);
    await all.clock.pass(60_000);
    expect(all.clock.timers).toBe(0);
  });

  test("M34 the contract's batch holds where the program says nothing", async () => {
    const all = setup();
    const got: number[][] = [];
    const channel = itemChannel({ consumer: { group: "g", batch: { size: 3, lingerMs: 1_000 } } });
    await consumeBatches(all, async (deliveries) => void got.push(numbers(deliveries)), {}, channel);
    await send(all.broker, upTo(7));
    await turn();
    expect(got).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
  });

  test("M34 one verdict for all in one turn; partial failure tries only the failed again", async () => {
    const all = setup();
    const got: number[][] = [];
    const acks: number[] = [];
    let turnNumber = 0;
    const ticking = setInterval(() => turnNumber++, 0);
    await consumeBatches(
      all,
      async (deliveries) => {
        got.push(numbers(deliveries));
        const failed = deliveries.filter(({ message }) => message.n % 2 === 1 && got.length === 1);
        return { failed: failed.map((delivery) => ({ delivery, error: new Error("odd") })) };
      },
      { batch: { size: 6, lingerMs: 10 }, retry: { maxAttempts: 3, quick: 1, delaysMs: [500] }, deadLetter: true },
    );
    await send(all.broker, upTo(6));
    await turn();
    for (const { kind } of all.events) if (kind === "handled") acks.push(turnNumber);
    clearInterval(ticking);
    expect(new Set(acks).size).toBe(1);
    await all.clock.pass(600);
    expect(got).toEqual([
      [0, 1, 2, 3, 4, 5],
      [1, 3, 5],
    ]);
    const attempts = all.events.flatMap((event) => (event.kind === "handled" ? [event.attempts] : []));
    expect(attempts).toEqual([1, 1, 1, 2, 2, 2]);
    expect(await all.broker.depth?.({ address: "items", group: "g" })).toBe(0);
  });

  test("M34 T2 quick tries keep only the failed; unequal delays, none early; then the dead letters", async () => {
    const all = setup();
    const { clock, broker } = all;
    const start = clock.now();
    const runs: [readonly number[], readonly number[], number][] = [];
    await consumeBatches(
      all,
      async (deliveries) => {
        runs.push([numbers(deliveries), deliveries.map(({ attempt }) => attempt), clock.now() - start]);
        const failed = deliveries.filter(({ message }) => message.n > 0);
        return { failed: failed.map((delivery) => ({ delivery, error: new Error("down") })) };
      },
      {
        batch: { size: 3, lingerMs: 10 },
        retry: { maxAttempts: 4, quick: 2, delaysMs: [1_000, 5_000] },
        deadLetter: true,
      },
    );
    await send(broker, upTo(3));
    await clock.pass(10_000);
    expect(runs).toEqual([
      [[0, 1, 2], [1, 1, 1], 0],
      [[1, 2], [2, 2], 50],
      [[1, 2], [3, 3], 1_060],
      [[1, 2], [4, 4], 6_070],
    ]);
    const letters = await deadLetters(broker);
    expect(letters.map(({ headers }) => headers[deadHeaders.attempts])).toEqual(["4", "4"]);
  });

  test("M34 what is thrown fails all, permanent ones and those that do not decode go at once", async () => {
    const all = setup();
    const { clock, broker } = all;
    const got: number[][] = [];
    await consumeBatches(
      all,
      async (deliveries) => {
        got.push(numbers(deliveries));
        if (got.length === 1) throw new Error("down");
        const [first] = deliveries;
        if (first === undefined) return;
        return { failed: [{ delivery: first, error: new PermanentError("never") }] };
      },
      { batch: { size: 4, lingerMs: 10 }, retry: { maxAttempts: 2, quick: 2, delaysMs: [] }, deadLetter: true },
    );
    const body = Buffer.from("{torn");
    await broker.publish([{ address: "items", id: "torn", headers: {}, contentType: "application/json", body }]);
    await send(broker, upTo(3));
    await clock.pass(1_000);
    expect(got).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    const letters = await deadLetters(broker);
    expect(letters.map(({ headers }) => headers[deadHeaders.reason]?.split(":")[0])).toEqual([
      "undecodable",
      "permanent",
    ]);
  });

  test("M34 a handler that names what it did not get fails as a whole", async () => {
    const all = setup();
    await consumeBatches(
      all,
      async ([delivery]) =>
        delivery === undefined ? undefined : { failed: [{ delivery: { ...delivery }, error: 1 }] },
      { batch: { size: 1 }, retry: false, deadLetter: true },
    );
    await send(all.broker, upTo(1));
    await all.clock.pass(10);
    const [letter] = await deadLetters(all.broker);
    expect(letter?.headers[deadHeaders.reason]).toContain("not one of those it got");
  });

  test("M34 M32 order key: no two batches hold a key at once, its order holds; strict: one message of a key a batch", async () => {
    for (const order of ["key", "strict"] as const) {
      const all = setup();
      const running = new Set<string>();
      const byKey: Record<string, number[]> = {};
      let overlaps = 0;
      let most = 0;
      let doubled = 0;
      await consumeBatches(
        all,
        async (deliveries) => {
          const keys = deliveries.map(({ message }) => message.key ?? "");
          const own = new Set(keys);
          if (own.size < keys.length) doubled++;
          for (const key of own) if (running.has(key)) overlaps++;
          for (const key of own) running.add(key);
          most = Math.max(most, running.size);
          await turn();
          for (const { message } of deliveries) (byKey[message.key ?? ""] ??= []).push(message.n);
          for (const key of own) running.delete(key);
        },
        { order, concurrency: 4, batch: { size: 5, lingerMs: 1 }, buffer: 200 },
        keyed,
      );
      await send(
        all.broker,
        Array.from({ length: 120 }, (_, n) => ({ n, key: `k${n % 7}` })),
        keyed,
      );
      for (let i = 0; i < 200 && all.events.filter(({ kind }) => kind === "handled").length < 120; i++) {
        await all.clock.pass(1);
      }
      expect(overlaps).toBe(0);
      expect(most).toBeGreaterThan(1);
      expect(Object.values(byKey).flat()).toHaveLength(120);
      for (const list of Object.values(byKey)) expect(list).toEqual([...list].sort((a, b) => a - b));
      if (order === "strict") expect(doubled).toBe(0);
    }
  });

  test("M37 order strict: a key waits for its failed message, the other keys of its batch are settled", async () => {
    const all = setup();
    const log: string[] = [];
    let failures = 1;
    await consumeBatches(
      all,
      async (deliveries) => {
        log.push(deliveries.map(({ message }) => `${message.key}${message.n}`).join(" "));
        const failed = deliveries.filter(({ message }) => message.n === 1 && failures-- > 0);
        return { failed: failed.map((delivery) => ({ delivery, error: new Error("down") })) };
      },
      {
        order: "strict",
        concurrency: 2,
        batch: { size: 2, lingerMs: 5 },
        retry: { maxAttempts: 3, quick: 1, delaysMs: [1_000] },
      },
      keyed,
    );
    await send(
      all.broker,
      [
        { n: 1, key: "a" },
        { n: 2, key: "b" },
        { n: 3, key: "a" },
        { n: 4, key: "c" },
      ],
      keyed,
    );
    await all.clock.pass(500);
    expect(log).toEqual(["a1 b2", "c4"]);
    expect(all.events.flatMap((event) => (event.kind === "handled" ? [event.attempts] : []))).toHaveLength(2);
    await all.clock.pass(2_000);
    expect(log).toEqual(["a1 b2", "c4", "a1", "a3"]);
  });

  test("M39 duplicates are kept from a batch, the handler gets the rest", async () => {
    const all = setup();
    const got: number[][] = [];
    const store = createMemoryIdempotencyStore({ clock: all.clock });
    await consumeBatches(all, async (deliveries) => void got.push(numbers(deliveries)), {
      batch: { size: 4, lingerMs: 10 },
      idempotency: { store },
    });
    const channel = itemChannel();
    for (const n of [1, 2]) await publish(all.broker, channel, { n }, { id: `m${n}` });
    await all.clock.pass(20);
    for (const n of [1, 3, 2, 4]) await publish(all.broker, channel, { n }, { id: `m${n}` });
    await all.clock.pass(20);
    expect(got).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(all.events.filter(({ kind }) => kind === "skipped")).toHaveLength(2);
  });

  test("T12 drain: a batch that runs is finished, what is gathered and what waits for a retry is given back", async () => {
    const all = setup();
    let end = (): void => {};
    const got: number[][] = [];
    const options: ConsumeBatchOptions = { batch: { size: 2, lingerMs: 60_000 }, concurrency: 1, order: "none" };
    const first = await consumeBatches(
      all,
      async (deliveries) => {
        got.push(numbers(deliveries));
        await new Promise<void>((resolve) => (end = resolve));
      },
      options,
    );
    await send(all.broker, upTo(5));
    await turn();
    const drained = first.drain(1_000);
    await turn();
    end();
    expect(await drained).toEqual([]);
    await consumeBatches(all, async (deliveries) => void got.push(numbers(deliveries)), {
      ...options,
      batch: { size: 3, lingerMs: 10 },
    });
    await all.clock.pass(20);
    expect(got).toEqual([
      [0, 1],
      [2, 3, 4],
    ]);
  });

  test("T12 drain names the messages of a batch that does not end, and aborts it", async () => {
    const all = setup();
    const reasons: unknown[] = [];
    const consumer = await consumeBatches(
      all,
      async ([first]) => {
        await new Promise(() => first?.signal.addEventListener("abort", () => reasons.push(first.signal.reason)));
      },
      { batch: { size: 2 } },
    );
    await send(all.broker, upTo(2));
    await turn();
    const drained = consumer.drain(100);
    await all.clock.pass(100);
    expect(await drained).toHaveLength(2);
    expect(String(reasons[0])).toContain("stopped waiting");
  });

  test("M37 a batch that takes too long is aborted and counts as failed", async () => {
    const all = setup();
    await consumeBatches(
      all,
      ([first]) => new Promise((_, reject) => first?.signal.addEventListener("abort", () => reject(new Error("cut")))),
      { batch: { size: 2 }, timeoutMs: 1_000, retry: false, deadLetter: true },
    );
    await send(all.broker, upTo(2));
    await all.clock.pass(2_000);
    const letters = await deadLetters(all.broker);
    expect(letters.map(({ headers }) => headers[deadHeaders.reason])).toEqual([
      "exhausted: a batch of 2 took longer than 1000 ms",
      "exhausted: a batch of 2 took longer than 1000 ms",
    ]);
    expect(all.events.filter(({ kind }) => kind === "overdue")).toHaveLength(2);
  });

  test("M40 T13 messages of several traces: a span of its own with a link to each, which says itself where it was published", async () => {
    const all = setup();
    const spans: SpanRecord[] = [];
    const tracer = recordingTracer((span) => spans.push(span));
    const own: string[] = [];
    let within: TraceContext | undefined;
    await consumeBatches(
      all,
      async (deliveries) => {
        own.push(...deliveries.map(({ trace }) => trace.spanId));
        within = ambient().trace;
      },
      { batch: { size: 3 }, tracer },
    );
    const channel = itemChannel();
    for (let n = 0; n < 3; n++) await publish(all.broker, channel, { n }, { tracer });
    await turn();
    const published = spans.filter(({ kind }) => kind === "producer").map(({ trace }) => trace.spanId);
    const [batch] = spans.filter(({ kind }) => kind === "consumer");
    expect(batch?.links.map(({ spanId }) => spanId)).toEqual(published);
    expect(batch?.attributes).toMatchObject({
      "messaging.batch.message_count": 3,
      "messaging.operation.type": "process",
    });
    expect(batch?.parent).toBeUndefined();
    expect(within).toEqual(batch?.trace);
    expect(own).toEqual(published);
  });

  test.each([true, false])(
    "M40 T13 messages of one trace are handled in it, a single one too (recorded: %s)",
    async (recorded) => {
      const all = setup();
      const spans: SpanRecord[] = [];
      const tracer = recordingTracer((span) => spans.push(span));
      const seen: (TraceContext | undefined)[] = [];
      await consumeBatches(all, async () => void seen.push(ambient().trace), {
        batch: { size: 2, lingerMs: 10 },
        ...(recorded ? { tracer } : {}),
      });
      const caller = { traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true, baggage: "tenant=acme" };
      await withAmbient({ trace: caller }, async () => {
        for (let n = 0; n < 3; n++) await publish(all.broker, itemChannel(), { n });
      });
      await all.clock.pass(20);
      expect(seen.map((trace) => [trace?.traceId, trace?.baggage])).toEqual([
        ["a".repeat(32), "tenant=acme"],
        ["a".repeat(32), "tenant=acme"],
      ]);
      if (!recorded) return;
      // below the first one, linked to the other
      expect(spans.map(({ links }) => links.length)).toEqual([1, 0]);
      expect(spans[0]?.parent?.traceId).toBe("a".repeat(32));
      expect(spans[0]?.links[0]?.spanId).not.toBe(spans[0]?.parent?.spanId);
    },
  );

  test.each([
    ["a=1,b=2;p=q", "b=2;p=q, a=3", "b=2;p=q"],
    ["a=1", "a=1", "a=1"],
    ["a=1", "b=1", undefined],
    ["a=1", undefined, undefined],
    [undefined, "a=1", undefined],
  ])("M40 T13 baggage that all messages have goes on: %s and %s", async (one, two, common) => {
    for (const recorded of [true, false]) {
      const all = setup();
      const next = itemChannel({ id: "next", address: "next" });
      const sent: (string | undefined)[] = [];
      await consumeBatches(
        all,
        async (deliveries) => {
          for (const { message } of deliveries) await publish(all.broker, next, message);
        },
        { batch: { size: 2 }, ...(recorded ? { tracer: recordingTracer(() => {}) } : {}) },
      );
      await consume(all.broker, next, async (_message, { rawHeaders }) => void sent.push(rawHeaders["baggage"]));
      for (const [n, baggage] of [one, two].entries()) {
        const trace = { traceId: `${n + 1}`.repeat(32), spanId: "b".repeat(16), sampled: true, baggage };
        await withAmbient({ trace }, () => publish(all.broker, itemChannel(), { n }));
      }
      await turn();
      expect(sent).toEqual([common, common]);
    }
  });

  test("M32 M39 messages that wait for copies elsewhere free the batch's place once: never more batches than allowed", async () => {
    const all = setup();
    const store = createMemoryIdempotencyStore({ clock: all.clock });
    for (const id of ["b1", "b2", "b3"]) {
      await store.claim(`1:g:5:items:${id}`, { fingerprint: "message", leaseMs: 1_000_000 });
    }
    let running = 0;
    let most = 0;
    const got: number[][] = [];
    await consumeBatches(
      all,
      async (deliveries) => {
        most = Math.max(most, ++running);
        got.push(numbers(deliveries));
        await new Promise<void>((resolve) => all.clock.after(300, resolve));
        running--;
      },
      { concurrency: 1, buffer: 1_000, batch: { size: 4, lingerMs: 5 }, idempotency: { store } },
    );
    for (const [n, id] of ["b1", "b2", "b3"].entries()) await publish(all.broker, itemChannel(), { n }, { id });
    for (let n = 3; n < 31; n++) await publish(all.broker, itemChannel(), { n });
    await all.clock.pass(900);
    // others are handled meanwhile
    expect(got.length).toBeGreaterThan(1);
    await all.clock.pass(2_000);
    expect(most).toBe(1);
    expect(got.flat().filter((n) => n > 2)).toHaveLength(28);
  });

  test("M39 copies within a batch wait for the first of them: handled with it, or given back", async () => {
    const all = setup();
    const start = all.clock.now();
    const store = createMemoryIdempotencyStore({ clock: all.clock });
    const got: [readonly number[], number][] = [];
    let failures = 1;
    await consumeBatches(
      all,
      async (deliveries) => {
        got.push([numbers(deliveries), all.clock.now() - start]);
        const failed = deliveries.filter(({ message }) => message.n === 2 && failures-- > 0);
        return { failed: failed.map((delivery) => ({ delivery, error: new PermanentError("no") })) };
      },
      { batch: { size: 6, lingerMs: 10 }, idempotency: { store }, deadLetter: true },
    );
    for (const n of [1, 1, 2, 3, 2, 1]) await publish(all.broker, itemChannel(), { n }, { id: `m${n}` });
    await all.clock.pass(5_000);
    // the copy of the dead one is a message again, and needs no patience
    expect(got).toEqual([
      [[1, 2, 3], 0],
      [[2], 10],
    ]);
    expect(await deadLetters(all.broker)).toHaveLength(1);
    const kinds = all.events.flatMap(({ kind }) => (kind === "skipped" || kind === "handled" ? [kind] : []));
    expect(kinds.sort()).toEqual(["handled", "handled", "handled", "skipped", "skipped"]);
    expect(await all.broker.depth?.({ address: "items", group: "g" })).toBe(0);
  });

  test("M39 T12 copies whose first one waits for a retry are given back with it at a drain", async () => {
    const all = setup();
    const store = createMemoryIdempotencyStore({ clock: all.clock });
    const consumer = await consumeBatches(all, () => Promise.reject(new Error("down")), {
      batch: { size: 3, lingerMs: 10 },
      idempotency: { store },
      retry: { maxAttempts: 9, quick: 9, delaysMs: [] },
    });
    for (const id of ["a", "a", "b"]) await publish(all.broker, itemChannel(), { n: 1 }, { id });
    await all.clock.pass(10);
    expect(all.events.filter(({ kind }) => kind === "attempt")).toHaveLength(2);
    expect(await consumer.drain(1_000)).toEqual([]);
    expect(all.events.filter(({ kind }) => kind === "released")).toHaveLength(3);
    expect(await all.broker.depth?.({ address: "items", group: "g" })).toBe(3);
    // their keys are free
    const claim = await store.claim("1:g:5:items:a", { fingerprint: "message", leaseMs: 1_000 });
    expect(claim.state).toBe("claimed");
  });

  test("M37 a tracer that throws costs no attempt, and the keys of its batch are free", async () => {
    const all = setup();
    const store = createMemoryIdempotencyStore({ clock: all.clock });
    let broken = true;
    const recording = recordingTracer(() => {});
    const tracer: Tracer = {
      start(name, options) {
        if (broken && options.kind === "consumer") throw new Error("tracer");
        return recording.start(name, options);
      },
    };
    const attempts: number[] = [];
    await consumeBatches(all, async (deliveries) => void attempts.push(...deliveries.map(({ attempt }) => attempt)), {
      batch: { size: 2, lingerMs: 10 },
      idempotency: { store },
      tracer,
    });
    for (const id of ["a", "b"]) await publish(all.broker, itemChannel(), { n: 1 }, { id });
    await all.clock.pass(500);
    broken = false;
    await all.clock.pass(5_000);
    expect(attempts).toEqual([1, 1]);
  });

  test("T7 a rate limit counts the messages of a batch", async () => {
    const all = setup();
    const start = all.clock.now();
    const at: [number, number][] = [];
    await consumeBatches(all, async (deliveries) => void at.push([deliveries.length, all.clock.now() - start]), {
      batch: { size: 10, lingerMs: 1 },
      buffer: 100,
      rateLimit: { rate: 10, burst: 5 },
    });
    await send(all.broker, upTo(40));
    await all.clock.pass(10_000);
    expect(at.map(([count]) => count)).toEqual([10, 10, 10, 10]);
    // 5 of the first batch were there; the other 35 come at 10 a second, each batch paid for before the next
    const times = at.map(([, ms]) => ms);
    for (const [i, ms] of times.entries()) {
      const paid = i === 0 ? 0 : (10 * i + 1 - 5) * 100;
      expect(ms).toBeGreaterThanOrEqual(paid);
      expect(ms).toBeLessThanOrEqual(paid + 110);
    }
  });

  test("T7 a batch that cannot begin, for all its keys are busy, costs nothing of the rate", async () => {
    const all = setup();
    let handled = 0;
    await consumeBatches(
      all,
      async (deliveries) => {
        handled += deliveries.length;
        await new Promise<void>((resolve) => all.clock.after(20, resolve));
      },
      {
        order: "key",
        concurrency: 8,
        buffer: 200,
        batch: { size: 1, lingerMs: 0 },
        rateLimit: { rate: 20, burst: 5 },
      },
      keyed,
    );
    for (let n = 0; n < 100; n++) await publish(all.broker, keyed, { n, key: "same" });
    for (let ms = 0; ms < 2_000; ms += 20) await all.clock.pass(20);
    expect(handled).toBeGreaterThanOrEqual(43);
    expect(handled).toBeLessThanOrEqual(45);
  });

  test("M34 a broker without batches, and options that make no sense, are refused at connect", async () => {
    const { broker } = setup();
    const without: Broker = { ...broker, capabilities: { ...broker.capabilities, batch: false } };
    const nobody: BatchHandler<Item> = async () => {};
    await expect(consumeBatch(without, itemChannel(), nobody)).rejects.toMatchObject({ code: "usage" });
    await expect(consumeBatch(broker, itemChannel(), nobody, { batch: { size: 0 } })).rejects.toThrow("batch.size");
    await expect(
      consumeBatch(broker, itemChannel(), nobody, { aroundAttempt: (_attempt, run) => run() }),
    ).rejects.toThrow("aroundAttempt");
  });
});
