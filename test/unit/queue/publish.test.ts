import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createMetrics } from "../../../src/runtime/interceptors/index.js";
import { recordingTracer, withAmbient, type SpanRecord } from "../../../src/runtime/context/index.js";
import { createMemoryBroker } from "../../../src/runtime/brokers/memory.js";
import {
  configurePublisher,
  consume,
  deadHeaders,
  flushPublishes,
  isQueueError,
  publish,
  publishBatch,
  textPayload,
  shape,
  wrapBroker,
  type Broker,
  type ChannelInfo,
  type OutgoingMessage,
} from "../../../src/runtime/queue/index.js";
import { createFakeClock, deadLetters, itemChannel, setup, turn } from "./support.js";

/** A broker that notes the batches it is given, on top of one in memory with a group. */
async function noting(inner: Broker = createMemoryBroker()) {
  const batches: (readonly OutgoingMessage[])[] = [];
  const broker = wrapBroker(inner, {
    publish: (batch, next) => {
      batches.push(batch);
      return next(batch);
    },
  });
  await broker.ensure({
    addresses: [{ address: "items", bindings: {}, groups: [{ group: "g", retryDelaysMs: [], deadLetter: undefined }] }],
  });
  return { broker, batches };
}

const ids = (batches: readonly (readonly OutgoingMessage[])[]) => batches.map((batch) => batch.map(({ id }) => id));

describe("publisher", () => {
  test("M33 publishes of one turn are one batch in the order of the calls, each with its own outcome", async () => {
    const { broker, batches } = await noting();
    const channel = itemChannel();
    await publish(broker, channel, { n: 0 }, { id: "first" });
    await publish(broker, channel, { n: 0 }, { id: "lost", address: "nowhere" }).catch(() => {});
    const outcomes = await Promise.allSettled([
      publish(broker, channel, { n: 1 }, { id: "a" }),
      publish(broker, channel, { n: 2 }, { id: "b", address: "nowhere" }),
      publish(broker, channel, { n: 3.5 }, { id: "c" }),
      publish(broker, channel, { n: 4 }, { id: "d" }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(outcomes[1]).toMatchObject({ reason: { code: "unroutable" } });
    expect(outcomes[2]).toMatchObject({ reason: { code: "invalid" } });
    expect(ids(batches)).toEqual([["first"], ["lost"], ["a", "b", "d"]]);
  });

  test("M33 1,000 publishes at once are two batches, and keep their order", async () => {
    const { broker, batches } = await noting();
    const channel = itemChannel();
    await publish(broker, channel, { n: -1 });
    const positions = await Promise.all(Array.from({ length: 1_000 }, (_, n) => publish(broker, channel, { n })));
    expect(batches.map(({ length }) => length)).toEqual([1, 500, 500]);
    expect(positions.map(Number)).toEqual([...positions].map(Number).sort((x, y) => x - y));
  });

  test("M33 lingerMs and size are the broker's publisher's; it is configured once", async () => {
    const clock = createFakeClock();
    const { broker, batches } = await noting(createMemoryBroker({ clock }));
    configurePublisher(broker, { batch: { size: 3, lingerMs: 20 } });
    const channel = itemChannel();
    for (let n = 0; n < 4; n++) void publish(broker, channel, { n }, { id: `m${n}` });
    await clock.pass(19);
    expect(ids(batches)).toEqual([["m0", "m1", "m2"]]);
    await clock.pass(1);
    expect(ids(batches)).toEqual([["m0", "m1", "m2"], ["m3"]]);
    void publish(broker, channel, { n: 5 }, { id: "m5" });
    await turn();
    await flushPublishes(broker);
    expect(ids(batches).at(-1)).toEqual(["m5"]);
    expect(() => configurePublisher(broker, {})).toThrow("configured once");
  });

  test("M30 M33 back-pressure: a publish waits while too much is without confirmation", async () => {
    const { broker: inner } = await noting();
    const confirm: (() => void)[] = [];
    const broker = wrapBroker(inner, {
      publish: async (batch, next) => {
        await new Promise<void>((resolve) => confirm.push(resolve));
        return next(batch);
      },
    });
    configurePublisher(broker, { maxPending: 10 });
    const channel = itemChannel();
    let published = 0;
    const all = Promise.all(
      Array.from({ length: 25 }, (_, n) => publish(broker, channel, { n }).then(() => void published++)),
    );
    await turn();
    expect(confirm).toHaveLength(1);
    confirm.shift()?.();
    await turn();
    expect(published).toBe(10);
    confirm.shift()?.();
    await turn();
    confirm.shift()?.();
    await all;
    expect(published).toBe(25);
  });

  test("M33 an explicit batch: a result for each message in order, those that are refused keep no other back", async () => {
    const { broker, batches } = await noting();
    const channel = itemChannel({ key: "$message.payload#/key" });
    const results = await publishBatch(broker, channel, [{ n: 1, key: "a" }, { n: 0.5 }, { n: 3, key: "b" }], {
      headers: { "x-tenant": "acme" },
      expiresMs: 1_000,
    });
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(results[1]).toMatchObject({ error: { code: "invalid" } });
    const [batch] = batches;
    expect(batch?.map(({ key }) => key)).toEqual(["a", "b"]);
    expect(new Set(batch?.map(({ id }) => id)).size).toBe(2);
    expect(batch?.every(({ headers, expiresAt }) => headers["x-tenant"] === "acme" && expiresAt !== undefined)).toBe(
      true,
    );
    expect(await publishBatch(broker, channel, [])).toEqual([]);
  });

  test("M33 a batch does not wait for the linger of single publishes", async () => {
    const clock = createFakeClock();
    const { broker, batches } = await noting(createMemoryBroker({ clock }));
    configurePublisher(broker, { batch: { lingerMs: 60_000 } });
    const results = await publishBatch(broker, itemChannel(), [{ n: 1 }, { n: 2 }]);
    expect(results).toHaveLength(2);
    expect(batches.map(({ length }) => length)).toEqual([2]);
  });

  test("M40 T13 a batch is one span, whose position its messages carry; measured under OpenTelemetry's names", async () => {
    const { broker, batches } = await noting();
    const meter = createMetrics();
    configurePublisher(broker, { metrics: { meter } });
    const spans: SpanRecord[] = [];
    const tracer = recordingTracer((span) => spans.push(span));
    const channel = itemChannel();
    await withAmbient({ deadline: 1_900_000_000_000 }, () =>
      publishBatch(broker, channel, [{ n: 1 }, { n: 2 }, { n: 0.5 }], { tracer }),
    );
    expect(spans).toHaveLength(1);
    expect(spans[0]).toMatchObject({
      kind: "producer",
      attributes: { "messaging.batch.message_count": 3, "messaging.operation.type": "send" },
    });
    for (const { headers } of batches[0] ?? []) {
      expect(headers["traceparent"]).toContain(spans[0]?.trace.spanId ?? "-");
      expect(headers["x-deadline"]).toBe("1900000000000");
    }
    await publish(broker, channel, { n: 4 });
    await publish(broker, channel, { n: 4 }, { address: "nowhere" }).catch(() => {});
    const sent = meter.points().filter(({ name }) => name === "messaging.client.sent.messages");
    const told = sent.map(({ attributes, value }) => [attributes["error.type"], value]);
    expect(told).toEqual([
      [undefined, 3],
      ["invalid", 1],
      ["unroutable", 1],
    ]);
    expect(sent[0]?.attributes).toMatchObject({
      "messaging.system": "memory",
      "messaging.destination.name": "items",
      "messaging.operation.name": "publish",
    });
    const times = meter.points().filter(({ name }) => name === "messaging.client.operation.duration");
    expect(times.reduce((sum, { count }) => sum + count, 0)).toBe(4);
  });
});

describe("addresses", () => {
  test("M31 more of them than are kept: the oldest make room, each is made before it is needed", async () => {
    const inner = createMemoryBroker();
    const ensured: string[] = [];
    const broker = wrapBroker(inner, {
      ensure: (topology, next) => {
        for (const { address } of topology.addresses) ensured.push(address);
        return next(topology);
      },
    });
    // a queue: the publisher makes it, and nobody else
    const channel = itemChannel({ address: "", queue: true });
    const send = (n: number): Promise<unknown> => publish(broker, channel, { n }, { address: `t.${n}` });
    const most = 10_000;
    for (let n = 0; n < most; n += 500) await Promise.all(Array.from({ length: 500 }, (_, i) => send(n + i)));
    expect(ensured).toHaveLength(most);
    await send(0);
    await send(most);
    await send(most + 1);
    expect(ensured.slice(most)).toEqual([`t.${most}`, `t.${most + 1}`]);
    // 0 was used a moment ago, 1 and 2 were not
    await send(0);
    await send(3);
    expect(ensured).toHaveLength(most + 2);
    await send(1);
    expect(ensured.at(-1)).toBe("t.1");
    expect(ensured).toHaveLength(most + 3);
  }, 60_000);

  test("M31 a broker that could not be told is told again", async () => {
    const inner = createMemoryBroker();
    let tries = 0;
    const broker = wrapBroker(inner, {
      ensure: (topology, next) => (tries++ === 0 ? Promise.reject(new Error("away")) : next(topology)),
    });
    const channel = itemChannel({ queue: true });
    await expect(publish(broker, channel, { n: 1 })).rejects.toThrow("away");
    await publish(broker, channel, { n: 2 });
    await publish(broker, channel, { n: 3 });
    expect(tries).toBe(2);
  });
});

describe("compression", () => {
  const text: ChannelInfo<string> = {
    id: "texts",
    address: "texts",
    message: textPayload<string>("Text", shape.string()),
    contentType: "text/plain",
    bindings: {},
    consumer: { group: "g", deadLetter: true },
  };

  test("M33 bodies above the size are gzip with a header, small ones and incompressible ones stay; order holds", async () => {
    const inner = createMemoryBroker();
    const batches: (readonly OutgoingMessage[])[] = [];
    const broker = wrapBroker(inner, { publish: (batch, next) => (batches.push(batch), next(batch)) });
    const seen: string[] = [];
    await consume(broker, text, async (value) => void seen.push(value));
    const long = "ä".repeat(200_000);
    const sending = publish(broker, text, long, { compression: "gzip" });
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([
      sending,
      publish(broker, text, "short", { compression: "gzip" }),
      publish(broker, text, "plain"),
    ]);
    await turn();
    const sent = batches.flat();
    expect(sent.map(({ headers }) => headers["content-encoding"])).toEqual(["gzip", undefined, undefined]);
    expect(sent[0]?.body.length).toBeLessThan(4_000);
    expect(gunzipSync(sent[0]?.body ?? new Uint8Array()).toString()).toBe(long);
    while (seen.length < 3) await turn();
    expect(new Set(seen)).toEqual(new Set([long, "short", "plain"]));
  });

  test("M33 a batch that is small and quick does not overtake one that is being compressed", async () => {
    const { broker, batches } = await noting();
    await broker.ensure({
      addresses: [
        { address: "texts", bindings: {}, groups: [{ group: "g", retryDelaysMs: [], deadLetter: undefined }] },
      ],
    });
    await publish(broker, text, "known", { id: "first" });
    batches.length = 0;
    const sending: Promise<unknown>[] = [];
    // the big ones take milliseconds, the later the less
    for (const [i, length] of [8_000_000, 10, 3_000_000, 5_000, 10].entries()) {
      sending.push(publish(broker, text, "é".repeat(length), { id: `m${i}`, compression: "gzip" }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(sending);
    expect(batches.length).toBeGreaterThan(2);
    expect(ids(batches).flat()).toEqual(["m0", "m1", "m2", "m3", "m4"]);
  });

  test("M33 T11 messages that are refused for want of room leave nothing behind: the next batch needs no preparation", async () => {
    const inner = createMemoryBroker();
    let open = (): void => {};
    const shut = new Promise<void>((resolve) => (open = resolve));
    let calls = 0;
    const broker = wrapBroker(inner, { publish: async (batch, next) => (calls++, await shut, next(batch)) });
    await inner.ensure({
      addresses: [
        { address: "texts", bindings: {}, groups: [{ group: "g", retryDelaysMs: [], deadLetter: undefined }] },
      ],
    });
    configurePublisher(broker, { maxPending: 1, maxInFlight: 1 });
    const body = "x".repeat(2_000);
    let refused = 0;
    const sending: Promise<unknown>[] = [];
    const send = (compression: "gzip" | false): void => {
      sending.push(
        publish(broker, text, body, { compression }).catch((error: unknown) => {
          if (isQueueError(error, "full")) refused++;
        }),
      );
    };
    send(false);
    // who knows of the address does not wait for it
    await turn();
    for (let n = 0; n < 100_000; n++) send(false);
    for (let n = 0; n < 5; n++) send("gzip");
    await turn();
    expect(refused).toBe(5);
    open();
    await Promise.all(sending);
    calls = 0;
    send(false);
    void flushPublishes(broker);
    // handed over at once: nothing is kept that might have to be compressed
    expect(calls).toBe(1);
    await Promise.all(sending);
  }, 60_000);

  test("T11 what inflates beyond the bound, is too big, no gzip, or compressed in another way is dead-lettered as it came", async () => {
    const all = setup();
    const { broker } = all;
    const handled: string[] = [];
    await consume(broker, text, async (value) => void handled.push(value), {
      limits: { maxBytes: 5_000, maxInflatedBytes: 10_000 },
    });
    const message = (id: string, body: Uint8Array, encoding?: string): OutgoingMessage => ({
      address: "texts",
      id,
      headers: encoding === undefined ? {} : { "content-encoding": encoding },
      contentType: "text/plain",
      body,
    });
    const bomb = gzipSync(Buffer.alloc(1_000_000, 65));
    await broker.publish([
      message("bomb", bomb, "gzip"),
      message("big", Buffer.alloc(5_001, 65)),
      message("torn", Buffer.from("no gzip"), "gzip"),
      message("br", Buffer.from("x"), "br"),
      message("fine", gzipSync(Buffer.alloc(9_000, 65)), "gzip"),
    ]);
    while (handled.length < 1 || (await deadLetters(broker, "texts.g.dead")).length < 4) await turn();
    expect(handled.map(({ length }) => length)).toEqual([9_000]);
    const letters = await deadLetters(broker, "texts.g.dead");
    expect(Object.fromEntries(letters.map(({ id, headers }) => [id, headers[deadHeaders.reason]]))).toEqual({
      bomb: "undecodable: decompressed, the body has more than 10000 bytes",
      big: "undecodable: the body has 5001 bytes, the limit is 5000",
      torn: "undecodable: the body is not gzip as it says",
      br: 'undecodable: content-encoding "br": only gzip is known',
    });
    expect(letters.find(({ id }) => id === "bomb")?.body.length).toBe(bomb.length);
  });
});
