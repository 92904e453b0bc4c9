import { describe, expect, test } from "vitest";
import { createMetrics, jsonLogger } from "../../../src/runtime/interceptors/index.js";
import { consume, PermanentError, publish, type ConsumeOptions } from "../../../src/runtime/queue/index.js";
import { redacting, hide, type MessageType } from "../../../src/runtime/wire/index.js";
import { consumeItems, itemChannel, setup, turn, type Item } from "./support.js";

const channel = itemChannel();

/** What a consumer of good, failing and poisonous messages tells its meter and its logger. */
async function run(options: ConsumeOptions) {
  const all = setup();
  const consumer = await consumeItems(
    all,
    async ({ n }, { attempt }) => {
      if (n === 1 && attempt === 1) throw new TypeError("down");
      if (n === 2) throw new PermanentError("never");
    },
    { retry: { maxAttempts: 3, quick: 1, delaysMs: [1_000] }, deadLetter: true, ...options },
  );
  for (let n = 0; n < 3; n++) await publish(all.broker, channel, { n }, { id: `m${n}` });
  await all.clock.pass(2_000);
  return { ...all, consumer };
}

describe("metrics", () => {
  test("M54 OpenTelemetry's names for messaging, retries, dead letters, in flight and depth, with bounded labels", async () => {
    const meter = createMetrics();
    const { consumer, broker, clock } = await run({ metrics: { meter, depthEveryMs: 500 } });
    const told = (name: string) =>
      meter
        .points()
        .filter((point) => point.name === name)
        .map(({ attributes, value, count }) => ({ attributes, value, count }));
    const labels = {
      "messaging.system": "memory",
      "messaging.destination.name": "items",
      "messaging.consumer.group.name": "g",
    };
    expect(told("messaging.client.consumed.messages")).toMatchObject([
      { value: 4, attributes: { ...labels, "messaging.operation.type": "receive" } },
    ]);
    const processed = told("messaging.process.duration");
    expect(processed.map(({ count, attributes }) => [attributes["error.type"], count])).toEqual([
      [undefined, 2],
      ["TypeError", 1],
      ["PermanentError", 1],
    ]);
    expect(told("wirespan.queue.retries")).toMatchObject([{ value: 1, attributes: labels }]);
    expect(told("wirespan.queue.dead_letters")).toMatchObject([
      { value: 1, attributes: { ...labels, "wirespan.queue.dead_reason": "permanent" } },
    ]);
    expect(told("wirespan.queue.in_flight")).toMatchObject([{ value: 0 }]);
    consumer.pause();
    for (let n = 0; n < 5; n++) await publish(broker, channel, { n: 7 });
    await clock.pass(600);
    expect(told("wirespan.queue.depth")).toMatchObject([{ value: 5, attributes: labels }]);
    await consumer.drain(0);
    expect(told("wirespan.queue.depth")).toMatchObject([{ value: 0 }]);
    expect(told("wirespan.queue.in_flight")).toMatchObject([{ value: 0 }]);
    expect(clock.timers).toBe(0);
    const text = meter.prometheus();
    for (const line of text.trim().split("\n")) {
      expect(line).toMatch(/^(# (HELP|TYPE|UNIT) .+|[a-zA-Z_:][\w:]*(\{.*\})? [0-9.eE+-]+)$/);
    }
    expect(text).toContain("messaging_process_duration");
  });

  test("M54 names of errors that grow without end become one label", async () => {
    const meter = createMetrics();
    const all = setup();
    await consumeItems(
      all,
      async ({ n }) => {
        throw Object.assign(new Error("x"), { name: `Error${n}` });
      },
      { retry: false, deadLetter: true, killSwitch: false, metrics: { meter } },
    );
    for (let n = 0; n < 80; n++) await publish(all.broker, channel, { n });
    await all.clock.pass(100);
    const series = meter.points().filter(({ name }) => name === "messaging.process.duration");
    expect(series).toHaveLength(51);
    expect(series.find(({ attributes }) => attributes["error.type"] === "_OTHER")?.count).toBe(30);
  });

  test("M54 in flight counts what is held", async () => {
    const meter = createMetrics();
    const all = setup();
    await consumeItems(all, () => new Promise(() => {}), { concurrency: 2, buffer: 3, metrics: { meter } });
    for (let n = 0; n < 9; n++) await publish(all.broker, channel, { n });
    await turn();
    expect(meter.points().find(({ name }) => name === "wirespan.queue.in_flight")?.value).toBe(5);
  });
});

describe("logs", () => {
  test("M56 one JSON line for each delivery: topic, group, outcome, duration, attempt, trace id", async () => {
    const lines: Record<string, unknown>[] = [];
    const logger = jsonLogger((line) => lines.push(JSON.parse(line) as Record<string, unknown>));
    await run({
      logging: { logger, fields: ({ headers }) => ({ tenant: headers["x-tenant"] ?? "none", topic: "mine" }) },
    });
    expect(lines.map(({ id, outcome, level, attempt, message }) => [id, outcome, level, attempt, message])).toEqual(
      [
        ["m0", "handled", "info", 1, "message handled"],
        ["m2", "dead", "error", 1, "message dead-lettered"],
        ["m1", "retried", "warn", 1, "message to be tried again"],
        ["m1", "handled", "info", 2, "message handled"],
      ].sort(byOrderOf(lines)),
    );
    for (const line of lines) {
      expect(line).toMatchObject({ topic: "items", group: "g", tenant: "none", time: expect.any(String) as string });
      expect(line["traceId"]).toMatch(/^[0-9a-f]{32}$/);
      expect(typeof line["ms"]).toBe("number");
    }
    expect(lines.find(({ outcome }) => outcome === "retried")).toMatchObject({
      error: "down",
      nextAttempt: 2,
      delayMs: 1_000,
      err: { type: "TypeError" },
    });
    expect(lines.every((line) => line["payload"] === undefined)).toBe(true);
  });

  test("M56 payloads on request, without what the contract keeps out of logs, cut, and never bytes that do not decode", async () => {
    const all = setup();
    const lines: Record<string, unknown>[] = [];
    const logger = jsonLogger((line) => lines.push(JSON.parse(line) as Record<string, unknown>));
    // as emitted for a field with `redact`
    const plain: MessageType<Item> = { ...channel.message, kind: "message" };
    const message = redacting(plain, (json) => hide(json, "key"));
    await consume(all.broker, { ...channel, message }, async () => {}, {
      logging: { logger, payloads: true },
      deadLetter: true,
    });
    await publish(all.broker, channel, { n: 1, key: "secret" });
    await publish(all.broker, channel, { n: 2, key: "x".repeat(5_000) });
    const body = Buffer.from('{"n":"secret"}');
    await all.broker.publish([{ address: "items", id: "bad", headers: {}, contentType: "application/json", body }]);
    await turn();
    expect(lines.map(({ payload }) => payload)).toEqual([
      { n: 1, key: "[redacted]" },
      { n: 2, key: "[redacted]" },
      undefined,
    ]);
    expect(JSON.stringify(lines)).not.toContain("secret");
  });

  test("M56 a logger or an observer that throws changes nothing", async () => {
    const thrower = (): never => {
      throw new Error("disk full");
    };
    const logger = { debug: thrower, info: thrower, warn: thrower, error: thrower };
    const all = await run({ logging: { logger, level: thrower } });
    expect(all.events.filter(({ kind }) => kind === "handled")).toHaveLength(2);
  });
});

/** Deliveries end in an order of their own; what is compared is the lines. */
function byOrderOf(lines: readonly Record<string, unknown>[]) {
  const place = ([id, outcome]: readonly unknown[]): number =>
    lines.findIndex((line) => line["id"] === id && line["outcome"] === outcome);
  return (a: readonly unknown[], b: readonly unknown[]): number => place(a) - place(b);
}
