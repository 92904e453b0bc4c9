import { describe, expect, test } from "vitest";
import { createMemoryBroker } from "../../../src/runtime/brokers/memory.js";
import {
  bytesPayload,
  consume,
  consumeBatch,
  deadHeaders,
  encodeMessage,
  messageHeaders,
  PermanentError,
  publish,
  type MessageHandler,
} from "../../../src/runtime/queue/index.js";
import { createMemoryIdempotencyStore } from "../../../src/runtime/stores/index.js";
import { consumeItems, deadLetters, itemChannel, setup, turn, type Item } from "./support.js";

describe("retry", () => {
  test("M37 T2 quick tries, then one delay after the other, then the dead letters: exact times", async () => {
    const all = setup();
    const { clock, broker } = all;
    const start = clock.now();
    const runs: [number, number][] = [];
    const retry = { maxAttempts: 5, quick: 2, delaysMs: [5_000, 60_000, 600_000] };
    await consumeItems(
      all,
      async (_message, { attempt }) => {
        runs.push([attempt, clock.now() - start]);
        throw new Error("down");
      },
      { retry, deadLetter: true },
    );
    await publish(broker, itemChannel(), { n: 1 });
    await clock.pass(700_000);
    expect(runs).toEqual([
      [1, 0],
      [2, 50],
      [3, 5_050],
      [4, 65_050],
      [5, 665_050],
    ]);
    const [letter] = await deadLetters(broker);
    expect(letter?.headers).toMatchObject({
      [deadHeaders.attempts]: "5",
      [deadHeaders.firstAt]: new Date(start).toISOString(),
      [deadHeaders.lastAt]: new Date(start + 665_050).toISOString(),
      [messageHeaders.attempt]: "5",
    });
  });

  test("M37 hooks that throw or look do not shift the schedule", async () => {
    const all = setup();
    const { clock, broker } = all;
    const start = clock.now();
    const runs: number[] = [];
    await consume(
      broker,
      itemChannel(),
      async () => {
        runs.push(clock.now() - start);
        throw new Error("down");
      },
      {
        retry: { maxAttempts: 3, quick: 1, delaysMs: [100, 1_000] },
        deadLetter: true,
        onEvent: () => {
          throw new Error("observer");
        },
      },
    );
    await publish(broker, itemChannel(), { n: 1 });
    await clock.pass(5_000);
    expect(runs).toEqual([0, 100, 1_100]);
    expect(await deadLetters(broker)).toHaveLength(1);
  });

  test("M37 shutdown during a backoff gives the message back with the attempts it has had", async () => {
    const all = setup();
    const { clock, broker } = all;
    const attempts: number[] = [];
    const options = { retry: { maxAttempts: 4, quick: 3, delaysMs: [1_000] }, deadLetter: true };
    const handler: MessageHandler<Item> = async (_message, { attempt }) => {
      attempts.push(attempt);
      throw new Error("down");
    };
    const first = await consumeItems(all, handler, options);
    await publish(broker, itemChannel(), { n: 1 });
    await turn();
    expect(attempts).toEqual([1]);
    expect(await first.drain()).toEqual([]);
    expect(all.events.map(({ kind }) => kind)).toEqual(["received", "attempt", "released"]);
    await consumeItems(all, handler, options);
    await clock.pass(10_000);
    expect(attempts).toEqual([1, 2, 3, 4]);
    expect(await deadLetters(broker)).toHaveLength(1);
  });

  test("M37 every attempt gets a message of its own: what the one before did to it is gone", async () => {
    const all = setup();
    const { clock, broker } = all;
    const seen: number[] = [];
    const channel = itemChannel({ key: "$message.payload#/key", consumer: { group: "g", order: "key" } });
    await consumeItems(
      all,
      async (message) => {
        seen.push(message.n);
        message.n = 99;
        throw new Error("down");
      },
      { retry: { maxAttempts: 3, quick: 3, delaysMs: [] }, deadLetter: true },
      channel,
    );
    // without a sender's key the lane is found by decoding, too
    await broker.publish([{ ...encodeMessage(channel, { n: 1, key: "a" }), key: undefined }]);
    await clock.pass(10_000);
    expect(seen).toEqual([1, 1, 1]);
  });

  test("M38 T11 bytes that a handler changed are dead-lettered as they came", async () => {
    const { clock, broker } = setup();
    const channel = { ...itemChannel(), message: bytesPayload, contentType: "application/octet-stream" };
    const seen: number[] = [];
    await consume(
      broker,
      channel,
      async (bytes) => {
        seen.push(bytes[0] ?? -1);
        bytes.fill(0);
        throw new Error("down");
      },
      { retry: { maxAttempts: 2, quick: 2, delaysMs: [] }, deadLetter: true },
    );
    await publish(broker, channel, new Uint8Array([7]));
    await clock.pass(10_000);
    expect(seen).toEqual([7, 7]);
    const [letter] = await deadLetters(broker);
    expect([...(letter?.body ?? [])]).toEqual([7]);
  });

  test("M31 what the sender does to its buffer afterwards does not reach consumers", async () => {
    const { broker } = setup();
    const channel = { ...itemChannel(), message: bytesPayload, contentType: "application/octet-stream" };
    const seen: number[] = [];
    await consume(broker, channel, async (bytes) => void seen.push(bytes[0] ?? -1));
    const buffer = Buffer.from([7]);
    await publish(broker, channel, buffer);
    buffer.fill(0);
    await turn();
    expect(seen).toEqual([7]);
  });

  test("M38 without dead letters nothing is lost: the message comes back", async () => {
    const all = setup();
    const { clock, broker } = all;
    let fail = true;
    let handled = 0;
    await consumeItems(
      all,
      async () => {
        if (fail) throw new Error("down");
        handled++;
      },
      { retry: false },
    );
    await publish(broker, itemChannel(), { n: 1 });
    await clock.pass(100_000);
    expect(handled).toBe(0);
    fail = false;
    await clock.pass(40_000);
    expect(handled).toBe(1);
  });

  test("M37 order strict: the key waits while one of its messages is tried again, other keys do not", async () => {
    const all = setup();
    const { clock, broker } = all;
    const log: string[] = [];
    let failures = 2;
    const channel = itemChannel({ key: "$message.payload#/key", consumer: { group: "g", order: "strict" } });
    await consumeItems(
      all,
      async ({ n, key }) => {
        if (n === 1 && failures-- > 0) {
          log.push(`${key}${n} failed`);
          throw new Error("down");
        }
        log.push(`${key}${n}`);
      },
      { retry: { maxAttempts: 5, quick: 1, delaysMs: [1_000, 2_000] } },
      channel,
    );
    for (const message of [
      { n: 1, key: "a" },
      { n: 2, key: "a" },
      { n: 3, key: "b" },
    ]) {
      await publish(broker, channel, message);
    }
    await clock.pass(500);
    expect(log).toEqual(["a1 failed", "b3"]);
    await clock.pass(5_000);
    expect(log).toEqual(["a1 failed", "b3", "a1 failed", "a1", "a2"]);
  });

  test("M32 the key is read from the payload when the sender set none", async () => {
    const all = setup();
    const { broker } = all;
    const channel = itemChannel({
      key: "$message.payload#/key",
      consumer: { group: "g", order: "key", concurrency: 4 },
    });
    let running = 0;
    let most = 0;
    await consumeItems(
      all,
      async () => {
        most = Math.max(most, ++running);
        await turn();
        running--;
      },
      {},
      channel,
    );
    const foreign = [1, 2, 3].map((n) => ({ ...encodeMessage(channel, { n, key: "same" }), key: undefined }));
    await broker.publish(foreign);
    for (let i = 0; i < 6; i++) await turn();
    expect(most).toBe(1);
  });
});

describe("limits", () => {
  test("M32 never more than n handlers, never more than n + m fetched", async () => {
    const all = setup();
    const { broker } = all;
    let running = 0;
    let most = 0;
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await consumeItems(
      all,
      async () => {
        most = Math.max(most, ++running);
        await gate;
        running--;
      },
      { concurrency: 3, buffer: 2 },
    );
    for (let n = 0; n < 20; n++) await publish(broker, itemChannel(), { n });
    await turn();
    expect(running).toBe(3);
    expect(all.events.filter(({ kind }) => kind === "received")).toHaveLength(5);
    release();
    for (let i = 0; i < 10; i++) await turn();
    expect(most).toBe(3);
    expect(all.events.filter(({ kind }) => kind === "handled")).toHaveLength(20);
  });

  test("M32 many handlers and waits at one time are no leak of listeners", async () => {
    const all = setup();
    const { broker } = all;
    const warnings: string[] = [];
    const note = (warning: Error): void => void warnings.push(warning.name);
    process.on("warning", note);
    let running = 0;
    await consumeItems(
      all,
      async ({ n }) => {
        running++;
        if (n % 2 === 0) throw new Error("down");
        await new Promise(() => {});
      },
      { concurrency: 40, retry: { maxAttempts: 9, quick: 9, delaysMs: [] } },
    );
    for (let n = 0; n < 40; n++) await publish(broker, itemChannel(), { n });
    await turn();
    process.off("warning", note);
    expect(running).toBe(40);
    expect(warnings).toEqual([]);
  });

  test("M37 an attempt that takes too long is aborted and counts as failed", async () => {
    const all = setup();
    const { clock, broker } = all;
    const reasons: unknown[] = [];
    await consumeItems(
      all,
      (_message, { signal }) =>
        new Promise((_, reject) =>
          signal.addEventListener("abort", () => (reasons.push(signal.reason), reject(signal.reason as Error))),
        ),
      { timeoutMs: 2_000, retry: { maxAttempts: 2, quick: 1, delaysMs: [100] }, deadLetter: true },
    );
    await publish(broker, itemChannel(), { n: 1 });
    await clock.pass(10_000);
    expect(reasons).toHaveLength(2);
    const [letter] = await deadLetters(broker);
    expect(letter?.headers[deadHeaders.reason]).toBe("exhausted: attempt 2 took longer than 2000 ms");
    expect(clock.timers).toBe(0);
  });

  test.each(["none", "key"] as const)(
    "M32 T12 a handler that ignores its signal keeps its place until it ends (order %s); drain names it",
    async (order) => {
      const all = setup();
      const { clock, broker } = all;
      const channel = itemChannel({ key: "$message.payload#/key" });
      const log: string[] = [];
      const gates = new Map<number, () => void>();
      let running = 0;
      let most = 0;
      const concurrency = order === "none" ? 1 : 4;
      const consumer = await consumeItems(
        all,
        async ({ n }) => {
          most = Math.max(most, ++running);
          log.push(`start ${n}`);
          if (n !== 2) await new Promise<void>((resolve) => gates.set(n, resolve));
          log.push(`end ${n}`);
          running--;
        },
        { order, concurrency, timeoutMs: 100, retry: false, deadLetter: true },
        channel,
      );
      await publish(broker, channel, { n: 1, key: "a" });
      await publish(broker, channel, { n: 2, key: "a" });
      await publish(broker, channel, { n: 3, key: "a" });
      await clock.pass(5_000);
      expect(log).toEqual(["start 1"]);
      expect(all.events.filter(({ kind }) => kind === "overdue")).toMatchObject([
        { id: expect.any(String), attempt: 1 },
      ]);
      gates.get(1)?.();
      await turn();
      expect(log).toEqual(["start 1", "end 1", "start 2", "end 2", "start 3"]);
      expect(most).toBe(1);
      // it has succeeded, if late: running it again would do it twice
      expect(all.events.filter(({ kind }) => kind === "handled")).toHaveLength(2);
      expect(await deadLetters(broker)).toEqual([]);
      const draining = consumer.drain(1_000);
      await clock.pass(2_000);
      expect((await draining).map(({ attempt }) => attempt)).toEqual([1]);
    },
  );

  test("M39 what succeeds after its time has succeeded: one run, marked, and its failed batch mates alone are tried again", async () => {
    const all = setup();
    const { clock, broker } = all;
    const store = createMemoryIdempotencyStore({ clock });
    let runs = 0;
    await consumeItems(
      all,
      async () => {
        runs++;
        await new Promise<void>((resolve) => clock.after(300, resolve));
      },
      {
        timeoutMs: 100,
        retry: { maxAttempts: 3, quick: 3, delaysMs: [] },
        deadLetter: true,
        idempotency: { store },
      },
    );
    await publish(broker, itemChannel(), { n: 1 }, { id: "a" });
    await publish(broker, itemChannel(), { n: 1 }, { id: "a" });
    await clock.pass(10_000);
    expect(runs).toBe(1);
    expect(all.events.map(({ kind }) => kind)).toEqual([
      "received",
      "received",
      "overdue",
      "attempt",
      "handled",
      "skipped",
    ]);
    const got: number[][] = [];
    const other = itemChannel({ id: "other", address: "other" });
    await consumeBatch(
      broker,
      other,
      async (deliveries) => {
        got.push(deliveries.map(({ message }) => message.n));
        if (got.length > 1) return;
        await new Promise<void>((resolve) => clock.after(300, resolve));
        return { failed: deliveries.slice(0, 1).map((delivery) => ({ delivery, error: new Error("refused") })) };
      },
      { timeoutMs: 100, batch: { size: 2 }, retry: { maxAttempts: 2, quick: 2, delaysMs: [] } },
    );
    for (const n of [1, 2]) await publish(broker, other, { n });
    await clock.pass(1_000);
    expect(got).toEqual([[1, 2], [1]]);
  });

  test("M37 what fails after its time was late, unless trying again is of no use", async () => {
    const all = setup();
    const { clock, broker } = all;
    await consumeItems(
      all,
      async ({ n }) => {
        await new Promise<void>((resolve) => clock.after(300, resolve));
        throw n === 1 ? new Error("aborted") : new PermanentError("no such user");
      },
      { timeoutMs: 100, retry: { maxAttempts: 2, quick: 2, delaysMs: [] }, deadLetter: true },
    );
    for (const n of [1, 2]) await publish(broker, itemChannel(), { n });
    await clock.pass(10_000);
    const letters = await deadLetters(broker);
    expect(letters.map(({ headers }) => [headers[deadHeaders.reason], headers[deadHeaders.attempts]]).sort()).toEqual([
      ["exhausted: attempt 2 took longer than 100 ms", "2"],
      ["permanent: no such user", "1"],
    ]);
  });

  test("a message that nobody needs any more is skipped, also when it expires while it waits here", async () => {
    const all = setup();
    const { clock, broker } = all;
    const seen: number[] = [];
    await consumeItems(all, async ({ n }) => {
      seen.push(n);
      await new Promise<void>((resolve) => clock.after(1_000, resolve));
    });
    await publish(broker, itemChannel(), { n: 1 });
    await publish(broker, itemChannel({ expiresMs: 900 }), { n: 2 });
    await publish(broker, itemChannel({ expiresMs: 1_100 }), { n: 3 });
    // where the broker knows no expiry a header says it
    const foreign = { ...encodeMessage(itemChannel(), { n: 4 }), headers: { [messageHeaders.expiresAt]: "1000500" } };
    await broker.publish([foreign]);
    await turn();
    expect(all.events.filter(({ kind }) => kind === "received")).toHaveLength(4);
    await clock.pass(5_000);
    expect(seen).toEqual([1, 3]);
    const reasons = all.events.flatMap((event) => (event.kind === "skipped" ? [event.reason] : []));
    expect(reasons).toEqual(["expired", "expired"]);
    expect(await broker.depth?.({ address: "items", group: "g" })).toBe(0);
  });

  test("T11 the kill switch stops an outage from filling the dead letters, and lets go after its pause", async () => {
    const all = setup();
    const { clock, broker } = all;
    let down = true;
    const handled: number[] = [];
    await consumeItems(
      all,
      async ({ n }) => {
        if (down) throw new Error("database is away");
        handled.push(n);
      },
      { retry: false, deadLetter: true, concurrency: 1, killSwitch: { minimum: 20, pauseMs: 60_000 } },
    );
    for (let n = 0; n < 300; n++) await publish(broker, itemChannel(), { n });
    for (let i = 0; i < 20; i++) await turn();
    await clock.pass(10);
    expect(all.events.filter(({ kind }) => kind === "paused")).toHaveLength(1);
    expect(await deadLetters(broker)).toHaveLength(19);
    await clock.pass(59_000);
    expect(await deadLetters(broker)).toHaveLength(19);
    down = false;
    await clock.pass(5_000);
    for (let i = 0; i < 60; i++) await turn();
    expect(handled).toHaveLength(281);
    expect(await deadLetters(broker)).toHaveLength(19);
  });

  test("T11 the kill switch looks at the share of failures: successes count", async () => {
    for (const [every, trips] of [
      [10, true],
      [11, false],
    ] as const) {
      const all = setup();
      await consumeItems(
        all,
        async ({ n }) => {
          if (n % every === every - 1) throw new Error("now and then");
        },
        { retry: false, deadLetter: true, killSwitch: { minimum: 40, ratio: 0.1 } },
      );
      for (let n = 0; n < 110; n++) await publish(all.broker, itemChannel(), { n });
      for (let i = 0; i < 20; i++) await turn();
      await all.clock.pass(10);
      expect(all.events.some(({ kind }) => kind === "paused")).toBe(trips);
    }
  });

  test("T11 permanent failures do not trip the kill switch", async () => {
    const all = setup();
    const { broker } = all;
    await consumeItems(all, () => Promise.reject(Object.assign(new Error("no such user"), { permanent: true })), {
      deadLetter: true,
      killSwitch: { minimum: 5 },
    });
    for (let n = 0; n < 20; n++) await publish(broker, itemChannel(), { n });
    for (let i = 0; i < 20; i++) await turn();
    expect(await deadLetters(broker)).toHaveLength(20);
    expect(all.events.some(({ kind }) => kind === "paused")).toBe(false);
  });

  test.each([
    [{ concurrency: 0 }, "concurrency"],
    [{ buffer: -1 }, "buffer"],
    [{ retry: { maxAttempts: 0, quick: 0, delaysMs: [] } }, "maxAttempts"],
    [{ retry: { maxAttempts: 2, quick: 1, delaysMs: [Number.NaN] } }, "delaysMs"],
    [{ group: "" }, "group"],
  ])("options are checked: %j", async (options, what) => {
    const { broker } = setup();
    await expect(consume(broker, itemChannel(), async () => {}, options)).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining(what) as string,
    });
  });

  test("of several receive operations one must be chosen; its settings hold", async () => {
    const all = setup();
    const channel = itemChannel({ consumer: {}, operations: [{ id: "mail", group: "mailers" }, { id: "audit" }] });
    await expect(consumeItems(all, async () => {}, {}, channel)).rejects.toThrow("pass { operation } of mail, audit");
    await expect(consumeItems(all, async () => {}, { operation: "x" }, channel)).rejects.toThrow("no operation x");
    expect((await consumeItems(all, async () => {}, { operation: "mail" }, channel)).group).toBe("mailers");
    await expect(consumeItems(all, async () => {}, { operation: "nope" })).rejects.toMatchObject({
      code: "usage",
      message: "channel items has no operation nope, there is nothing to choose from: leave { operation } out",
    });
  });

  test("an order that there is not is refused with those that there are", async () => {
    // a program in JavaScript, or a setting from a file
    const options = JSON.parse('{"order":"weird"}') as { order: "key" };
    await expect(consumeItems(setup(), async () => {}, options)).rejects.toMatchObject({
      code: "usage",
      message: "order must be one of none, key, strict, not weird",
    });
  });

  test("M37 a retry without delays waits a second, as one of the contract does", async () => {
    const all = setup();
    const at: number[] = [];
    await consumeItems(
      all,
      async () => {
        at.push(all.clock.now());
        throw new Error("down");
      },
      { retry: { maxAttempts: 4, quick: 1 }, deadLetter: true },
    );
    await publish(all.broker, itemChannel(), { n: 1 });
    await all.clock.pass(10_000);
    expect(at.map((time) => time - (at[0] ?? 0))).toEqual([0, 1_000, 2_000, 3_000]);
  });

  test("what handlers throw, whatever it is, is a failure of the attempt", async () => {
    const all = setup();
    const { clock, broker } = all;
    const thrown = [null, undefined, "text", { code: 1 }, 7];
    let i = 0;
    await consumeItems(
      all,
      () => {
        throw thrown[i++];
      },
      { retry: false, deadLetter: true, killSwitch: false },
    );
    for (const n of thrown.keys()) await publish(broker, itemChannel(), { n });
    await clock.pass(100);
    const letters = await deadLetters(broker);
    expect(letters.map(({ headers }) => headers[deadHeaders.reason])).toEqual([
      "exhausted: thrown: null",
      "exhausted: thrown: undefined",
      "exhausted: thrown: text",
      'exhausted: thrown: {"code":1}',
      "exhausted: thrown: 7",
    ]);
  });

  test("M31 the memory broker is bounded: what is too much is refused", async () => {
    const broker = createMemoryBroker({ maxMessages: 2 });
    const consumer = await consume(broker, itemChannel(), async () => {});
    consumer.pause();
    await publish(broker, itemChannel(), { n: 1 });
    await publish(broker, itemChannel(), { n: 2 });
    await expect(publish(broker, itemChannel(), { n: 3 })).rejects.toMatchObject({ code: "full" });
  });
});
