import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { messageUnion, type OutgoingMessage } from "../../../src/runtime/queue/index.js";
import { createIntake } from "../../../src/runtime/queue/intake.js";
import { createJob, type Job } from "../../../src/runtime/queue/job.js";
import { consumeItems, deadLetters, itemChannel, setup, turn, type Item } from "./support.js";

const keyed = itemChannel({ key: "$message.payload#/key" });
const limits = { maxBytes: 1_000_000, maxInflatedBytes: 1_000_000 };

/** As somebody else's publisher sends it: without a key of its own. */
function foreign(item: Item | string, compressed: boolean, more: Partial<OutgoingMessage> = {}): OutgoingMessage {
  const bytes = Buffer.from(typeof item === "string" ? item : JSON.stringify(item));
  return {
    address: "items",
    id: `m${typeof item === "string" ? item : item.n}`,
    headers: compressed ? { "content-encoding": "gzip" } : {},
    contentType: "application/json",
    body: compressed ? gzipSync(bytes) : bytes,
    ...more,
  };
}

function jobOf(message: OutgoingMessage, order: "none" | "key" | "strict" = "key", channel = keyed): Job<Item, object> {
  const nobody = (): Promise<void> => Promise.resolve();
  const place = { group: "g", position: "1", attempt: 1, redelivered: false };
  const source = { ...message, ...place, ack: nobody, nack: nobody, extend: nobody };
  return createJob(source, { channel, readParams: () => ({}), order, limits }, 0);
}

describe("the lane of a compressed message", () => {
  test("M32 is unknown until its body was open, and the body is closed again", async () => {
    const job = jobOf(foreign({ n: 1, key: "a" }, true));
    expect([job.veiled, job.lane, job.sealed]).toEqual([true, undefined, true]);
    await job.unveil();
    expect([job.veiled, job.lane, job.sealed]).toEqual([false, "a", true]);
    await job.open();
    expect(job.decode()).toMatchObject({ kind: "decoded", message: { n: 1, key: "a" } });
    expect(job.sealed).toBe(false);
  });

  test("M32 needs no body without an order, with the sender's key, or where the contract has none", () => {
    const message = foreign({ n: 1, key: "a" }, true);
    expect(jobOf(message, "none").veiled).toBe(false);
    expect(jobOf(message, "strict", itemChannel())).toMatchObject({ veiled: false, lane: "" });
    expect(jobOf({ ...message, key: "k" })).toMatchObject({ veiled: false, lane: "k" });
    expect(jobOf(foreign({ n: 1, key: "a" }, false))).toMatchObject({ veiled: false, lane: "a", sealed: false });
  });

  test("M32 is in the value of a union's case", async () => {
    const union = messageUnion<{ case: "item"; value: Item }>({
      typeName: "Items",
      members: [
        {
          case: "item",
          name: "Item",
          type: keyed.message,
          contentType: "application/json",
          key: "$message.payload#/key",
        },
      ],
    });
    const { key: _, ...rest } = keyed;
    const { source } = jobOf(foreign({ n: 1, key: "a" }, true));
    const job = createJob(
      source,
      { channel: { ...rest, message: union }, readParams: () => ({}), order: "key", limits },
      0,
    );
    expect(job.veiled).toBe(true);
    await job.unveil();
    expect(job.lane).toBe("a");
  });

  test("M32 a body that is none has no lane of its own, and is told of when it is decoded", async () => {
    const torn = jobOf(foreign({ n: 1 }, false, { headers: { "content-encoding": "gzip" } }), "strict");
    await torn.unveil();
    expect([torn.lane, torn.sealed, torn.decode().kind]).toEqual(["", false, "faulty"]);
    const big = jobOf(foreign({ n: 1, key: "x".repeat(2_000_000) }, true));
    await big.unveil();
    expect([big.lane, big.decode().kind]).toEqual([undefined, "faulty"]);
  });
});

describe("intake", () => {
  test("M32 jobs go on in the order in which they came; one body is open at a time", async () => {
    const out: string[] = [];
    let open = 0;
    let most = 0;
    const watched = (message: OutgoingMessage): Job<Item, object> => {
      const job = jobOf(message);
      const unveil = job.unveil.bind(job);
      return Object.assign(job, {
        unveil: async () => {
          most = Math.max(most, ++open);
          await unveil();
          open--;
        },
      });
    };
    const intake = createIntake<Item, object>(({ source }) => void out.push(source.id));
    intake.add(watched(foreign({ n: 0, key: "a" }, false)));
    expect(out).toEqual(["m0"]);
    // the first is the longest to open
    for (let n = 1; n < 8; n++) {
      intake.add(watched(foreign({ n, key: n === 1 ? "a".repeat(900_000) : "a" }, n % 3 === 1)));
    }
    expect(out).toEqual(["m0"]);
    while (out.length < 8) await turn();
    expect(out).toEqual(["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7"]);
    expect(most).toBe(1);
  });

  test("T12 what waits is taken out, and comes no more", async () => {
    const out: string[] = [];
    const intake = createIntake<Item, object>(({ source }) => void out.push(source.id));
    for (let n = 1; n < 4; n++) intake.add(jobOf(foreign({ n, key: "a" }, true)));
    expect(intake.clear().map(({ source }) => source.id)).toEqual(["m1", "m2", "m3"]);
    for (let i = 0; i < 5; i++) await turn();
    expect(out).toEqual([]);
  });
});

test("M32 T11 a key's order holds when some of its messages are compressed, and a bomb among them is a dead letter", async () => {
  const all = setup();
  const seen: string[] = [];
  let running = 0;
  let most = 0;
  await consumeItems(
    all,
    async ({ n, key }) => {
      most = Math.max(most, ++running);
      await turn();
      seen.push(`${key?.slice(0, 1)}${n}`);
      running--;
    },
    { order: "key", concurrency: 4, buffer: 50, deadLetter: true, limits: { maxInflatedBytes: 100_000 } },
    keyed,
  );
  const messages = Array.from({ length: 20 }, (_, n) => foreign({ n, key: "a" }, n % 2 === 0));
  messages.splice(3, 0, foreign({ n: 99, key: "b".repeat(200_000) }, true));
  await all.broker.publish(messages);
  while (seen.length < 20) await turn();
  expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => `a${n}`));
  expect(most).toBe(1);
  expect((await deadLetters(all.broker)).map(({ id }) => id)).toEqual(["m99"]);
});

test("T12 a drain gives back what waits for its lane", async () => {
  const all = setup();
  const consumer = await consumeItems(
    all,
    () => new Promise((resolve) => void all.clock.after(10, resolve)),
    { order: "key", buffer: 50 },
    keyed,
  );
  await all.broker.publish(
    Array.from({ length: 10 }, (_, n) => foreign({ n, key: `${n}${"x".repeat(500_000)}` }, true)),
  );
  while (!all.events.some(({ kind }) => kind === "received")) await new Promise((resolve) => setImmediate(resolve));
  const draining = consumer.drain(1_000);
  for (let i = 0; i < 10; i++) await all.clock.pass(10);
  expect(await draining).toEqual([]);
  const handled = all.events.filter(({ kind }) => kind === "handled").length;
  expect(handled).toBeLessThan(10);
  expect(await all.broker.depth?.({ address: "items", group: "g" })).toBe(10 - handled);
});
