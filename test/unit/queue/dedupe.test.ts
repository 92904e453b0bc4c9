import { describe, expect, test } from "vitest";
import {
  consumeBatch,
  deadHeaders,
  encodeMessage,
  messageUnion,
  PermanentError,
  publish,
  type AroundAttempt,
  type BrokerDelivery,
  type ConsumeOptions,
  type OutgoingMessage,
} from "../../../src/runtime/queue/index.js";
import { createMemoryIdempotencyStore, type IdempotencyStore } from "../../../src/runtime/stores/index.js";
import { consumeItems, deadLetters, itemChannel, setup, turn, type Item } from "./support.js";

const channel = itemChannel();

/** The same message, as often as a broker might deliver it. */
function copies(id: string, item: Item, count: number): OutgoingMessage[] {
  return Array.from({ length: count }, () => encodeMessage(channel, item, { id }));
}

async function skipped(all: ReturnType<typeof setup>): Promise<number> {
  await turn();
  return all.events.filter((event) => event.kind === "skipped" && event.reason === "handled before").length;
}

describe("T10 dedupe", () => {
  test("M39 1,000 messages each delivered 3 times are handled 1,000 times", async () => {
    const all = setup();
    const handled = new Map<number, number>();
    const store = createMemoryIdempotencyStore({ clock: all.clock });
    await consumeItems(all, async ({ n }) => void handled.set(n, (handled.get(n) ?? 0) + 1), {
      idempotency: { store },
      concurrency: 32,
    });
    await publish(all.broker, channel, { n: -1 });
    for (let round = 0; round < 3; round++) {
      await all.broker.publish(Array.from({ length: 1_000 }, (_, n) => encodeMessage(channel, { n }, { id: `m${n}` })));
    }
    for (let i = 0; i < 300 && all.events.filter(({ kind }) => kind === "skipped").length < 2_000; i++)
      await all.clock.pass(10);
    expect(handled.size).toBe(1_001);
    expect([...handled.values()].every((count) => count === 1)).toBe(true);
    expect(await skipped(all)).toBe(2_000);
  });

  test("T10 a message that failed is handled again: marked after its handler, never before (Watermill loses it)", async () => {
    const all = setup();
    const attempts: number[] = [];
    const store = createMemoryIdempotencyStore({ clock: all.clock });
    await consumeItems(
      all,
      async (_message, { attempt }) => {
        attempts.push(attempt);
        if (attempts.length < 3) throw new Error("down");
      },
      { idempotency: { store }, retry: { maxAttempts: 3, quick: 1, delaysMs: [1_000] } },
    );
    await publish(all.broker, channel, { n: 1 }, { id: "a" });
    await all.clock.pass(5_000);
    expect(attempts).toEqual([1, 2, 3]);
    await all.broker.publish(copies("a", { n: 1 }, 2));
    expect(await skipped(all)).toBe(2);
    expect(attempts).toHaveLength(3);
  });

  test("T10 a dead letter is never marked: its replay runs", async () => {
    const all = setup();
    const handled: string[] = [];
    let broken = true;
    const store = createMemoryIdempotencyStore({ clock: all.clock });
    await consumeItems(
      all,
      async (_message, { id }) => {
        if (broken) throw new PermanentError("bug");
        handled.push(id);
      },
      { idempotency: { store }, deadLetter: true },
    );
    await publish(all.broker, channel, { n: 1 }, { id: "a" });
    await turn();
    expect(await deadLetters(all.broker)).toHaveLength(1);
    broken = false;
    await all.broker.publish(copies("a", { n: 1 }, 1));
    await turn();
    expect(handled).toEqual(["a"]);
  });

  test("T10 a concurrent duplicate waits for its copy, and runs when that failed", async () => {
    const all = setup();
    const log: string[] = [];
    const ends: (() => void)[] = [];
    let fails = true;
    const store = createMemoryIdempotencyStore({ clock: all.clock });
    await consumeItems(
      all,
      async (_message, { id }) => {
        log.push(id);
        await new Promise<void>((resolve) => ends.push(resolve));
        if (fails) throw new PermanentError("down");
      },
      { idempotency: { store }, concurrency: 4, deadLetter: true },
    );
    await publish(all.broker, channel, { n: 1 }, { id: "a" });
    await all.broker.publish(copies("a", { n: 1 }, 2));
    await all.clock.pass(2_000);
    expect(log).toEqual(["a"]);
    ends.shift()?.();
    await all.clock.pass(2_000);
    expect(log).toEqual(["a", "a"]);
    fails = false;
    ends.shift()?.();
    await all.clock.pass(2_000);
    expect(await skipped(all)).toBe(1);
    expect(log).toHaveLength(2);
  });

  test("T10 a handler that outlives its lease keeps it: the process is alive; one that died frees it", async () => {
    const all = setup();
    let end = (): void => {};
    const runs: string[] = [];
    const store = createMemoryIdempotencyStore({ clock: all.clock });
    const options: ConsumeOptions = { idempotency: { store, leaseMs: 3_000 }, concurrency: 2 };
    await consumeItems(
      all,
      async (_message, { id }) => {
        runs.push(id);
        await new Promise<void>((resolve) => (end = resolve));
      },
      options,
    );
    // as a process that was killed left it
    const dead = await store.claim("1:g:5:items:b", { fingerprint: "message", leaseMs: 3_000 });
    expect(dead.state).toBe("claimed");
    await publish(all.broker, channel, { n: 1 }, { id: "a" });
    await all.broker.publish(copies("a", { n: 1 }, 1));
    await all.clock.pass(20_000);
    expect(runs).toEqual(["a"]);
    end();
    await all.clock.pass(2_000);
    expect(await skipped(all)).toBe(1);
    await all.broker.publish(copies("b", { n: 2 }, 1));
    await all.clock.pass(1);
    expect(runs).toEqual(["a", "b"]);
    end();
    await all.clock.pass(60_000);
    expect(all.clock.timers).toBe(0);
  });

  test("T10 keys are the contract's, scoped by group and address; without one the message's id", async () => {
    const all = setup();
    const store = createMemoryIdempotencyStore({ clock: all.clock });
    const seen: string[] = [];
    const keyed = itemChannel({ idempotencyKey: "$message.payload#/key" });
    for (const group of ["one", "two"]) {
      await consumeItems(
        all,
        async ({ n }) => void seen.push(`${group} ${n}`),
        { group, idempotency: { store } },
        keyed,
      );
    }
    const other = itemChannel({ idempotencyKey: "$message.payload#/key", address: "others" });
    await consumeItems(
      all,
      async ({ n }) => void seen.push(`other ${n}`),
      { group: "one", idempotency: { store } },
      other,
    );
    await publish(all.broker, keyed, { n: 1, key: "x" });
    await publish(all.broker, keyed, { n: 2, key: "x" });
    await publish(all.broker, keyed, { n: 3 });
    await publish(all.broker, keyed, { n: 4 });
    await publish(all.broker, other, { n: 5, key: "x" });
    await turn();
    expect(seen.sort()).toEqual(["one 1", "one 3", "one 4", "other 5", "two 1", "two 3", "two 4"]);
  });

  test("T10 a key of the contract that nothing keeps is a usage error, unless the program says so", async () => {
    const all = setup();
    const keyed = itemChannel({ idempotencyKey: "$message.payload#/key" });
    const handler = async (): Promise<void> => {};
    const refused = {
      name: "QueueError",
      code: "usage",
      message:
        "channel items has an idempotency key that nothing keeps: pass { idempotency: { store } } or { aroundAttempt }, or { idempotency: false } to do without",
    };
    await expect(consumeItems(all, handler, {}, keyed)).rejects.toMatchObject(refused);
    await expect(consumeBatch(all.broker, keyed, handler)).rejects.toMatchObject(refused);
    expect(await all.broker.publish([encodeMessage(keyed, { n: 1 })])).toMatchObject([
      { error: { code: "unroutable" } },
    ]);
    await consumeItems(all, handler, { aroundAttempt: (_key, run) => run() }, keyed);
    const seen: number[] = [];
    await consumeItems(all, async ({ n }) => void seen.push(n), { idempotency: false, group: "other" }, keyed);
    for (let i = 0; i < 2; i++) await publish(all.broker, keyed, { n: i, key: "same" });
    await turn();
    expect(seen).toEqual([0, 1]);
  });

  test("T10 long keys are stored as their hash, and differ where the keys do", async () => {
    const all = setup();
    const inner = createMemoryIdempotencyStore({ clock: all.clock });
    const claimed: string[] = [];
    const store: IdempotencyStore = {
      ...inner,
      claim: (key, request) => (claimed.push(key), inner.claim(key, request)),
    };
    const keyed = itemChannel({ idempotencyKey: "$message.payload#/key" });
    const seen: number[] = [];
    await consumeItems(all, async ({ n }) => void seen.push(n), { idempotency: { store } }, keyed);
    const start = "x".repeat(512);
    const keys = [start, `${start}a`, `${start}b`, `${start}b`, `${start}${"c".repeat(5_000)}`];
    for (const [n, key] of keys.entries()) await publish(all.broker, keyed, { n, key });
    await turn();
    expect(seen).toEqual([0, 1, 2, 4]);
    const scope = "1:g:5:items:";
    expect(claimed[0]).toBe(`${scope}${start}`);
    for (const key of claimed.slice(1)) expect(key).toMatch(/^1:g:5:items:sha256:[0-9a-f]{64}$/);
  });

  test("T10 of a union the key is in the value of its case", async () => {
    const all = setup();
    const store = createMemoryIdempotencyStore({ clock: all.clock });
    const union = messageUnion<{ case: "item"; value: Item }>({
      typeName: "Items",
      members: [{ case: "item", name: "Item", type: channel.message, contentType: "application/json" }],
    });
    const unions = { ...channel, message: union, idempotencyKey: "$message.payload#/key" };
    const seen: number[] = [];
    const { consume } = await import("../../../src/runtime/queue/index.js");
    await consume(all.broker, unions, async ({ value }) => void seen.push(value.n), { idempotency: { store } });
    for (const n of [1, 2]) await publish(all.broker, unions, { case: "item", value: { n, key: "same" } });
    await turn();
    expect(seen).toEqual([1]);
  });

  test("T10 a store that is away costs no attempt; one that fails at the end is told of", async () => {
    const all = setup();
    const inner = createMemoryIdempotencyStore({ clock: all.clock });
    let away = true;
    const store: IdempotencyStore = {
      ...inner,
      claim: (...args) => (away ? Promise.reject(new Error("no store")) : inner.claim(...args)),
      complete: () => Promise.reject(new Error("no store")),
    };
    const attempts: number[] = [];
    await consumeItems(all, async (_message, { attempt }) => void attempts.push(attempt), {
      idempotency: { store },
      retry: { maxAttempts: 2, quick: 1, delaysMs: [1_000] },
      deadLetter: true,
      killSwitch: false,
    });
    await publish(all.broker, channel, { n: 1 });
    await all.clock.pass(5_500);
    expect(attempts).toEqual([]);
    expect(all.events.filter(({ kind }) => kind === "retried").length).toBeGreaterThan(3);
    away = false;
    await all.clock.pass(1_000);
    expect(attempts).toEqual([1]);
    expect(all.events.map(({ kind }) => kind).slice(-2)).toEqual(["unmarked", "handled"]);
    expect(await deadLetters(all.broker)).toEqual([]);
  });

  test("T10 a stop while a duplicate waits gives it back", async () => {
    const all = setup();
    const store = createMemoryIdempotencyStore({ clock: all.clock });
    await store.claim("1:g:5:items:a", { fingerprint: "message", leaseMs: 1_000_000 });
    const consumer = await consumeItems(all, async () => {}, { idempotency: { store } });
    await publish(all.broker, channel, { n: 1 }, { id: "a" });
    await all.clock.pass(500);
    expect(await consumer.drain()).toEqual([]);
    expect(all.events.at(-1)?.kind).toBe("released");
    expect(await all.broker.depth?.({ address: "items", group: "g" })).toBe(1);
  });

  test("T14 aroundAttempt: mark and effect in one transaction, the key at hand, rolled back when the handler fails", async () => {
    const all = setup();
    const inbox = new Set<string>();
    const effects: number[] = [];
    let failures = 1;
    const transactions: string[] = [];
    const aroundAttempt: AroundAttempt = async ({ key, group, attempt }, run) => {
      if (inbox.has(`${group} ${key}`)) return;
      const before = [...effects];
      try {
        await run();
        inbox.add(`${group} ${key}`);
        transactions.push(`commit ${key}/${attempt}`);
      } catch (error) {
        effects.splice(0, effects.length, ...before);
        transactions.push(`rollback ${key}/${attempt}`);
        throw error;
      }
    };
    const keyed = itemChannel({ idempotencyKey: "$message.payload#/key" });
    await consumeItems(
      all,
      async ({ n }) => {
        effects.push(n);
        if (failures-- > 0) throw new Error("down");
      },
      { aroundAttempt, order: "strict", retry: { maxAttempts: 3, quick: 3, delaysMs: [] } },
      keyed,
    );
    for (const n of [1, 2]) await publish(all.broker, keyed, { n, key: "k" });
    await all.clock.pass(1_000);
    expect(transactions).toEqual(["rollback k/1", "commit k/2"]);
    expect(effects).toEqual([1]);
    expect(await skipped(all)).toBe(1);
  });

  test("T11 the dead letter of a message whose key was taken has its headers", async () => {
    const all = setup();
    const store = createMemoryIdempotencyStore({ clock: all.clock });
    await consumeItems(all, () => Promise.reject(new Error("down")), {
      idempotency: { store },
      retry: false,
      deadLetter: true,
    });
    await publish(all.broker, channel, { n: 1 }, { id: "a" });
    await turn();
    const letters: BrokerDelivery[] = await deadLetters(all.broker);
    expect(letters.map(({ headers }) => headers[deadHeaders.messageId])).toEqual(["a"]);
  });
});
