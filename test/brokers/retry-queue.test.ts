import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { connectRabbitmq } from "../../src/runtime/brokers/rabbitmq.js";
import { systemClock } from "../../src/runtime/context/index.js";
import { consume, encodeMessage, jsonPayload, shape, type ChannelInfo } from "../../src/runtime/queue/index.js";
import { provideRabbitmq } from "../support/services.js";
import { until } from "./contract.js";

const server = await provideRabbitmq();

describe.skipIf(server === undefined)("a retry queue on RabbitMQ that takes no messages", () => {
  const closers: (() => unknown)[] = [];
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  test("T2 M37 stops nothing else, shows in health and events, costs no attempt; once repaired, retries go on", async () => {
    let ahead = 0;
    const clock = { ...systemClock, now: () => Date.now() + ahead };
    const broker = await connectRabbitmq(server?.url ?? "", { exchange: "wirespan-tests", clock });
    closers.push(() => broker.close());
    const channel: ChannelInfo<{ n: number }> = {
      id: "clogged",
      address: `clogged.${randomUUID().slice(0, 8)}`,
      message: jsonPayload<{ n: number }>("Item", shape.object({ required: { n: shape.integer() } })),
      contentType: "application/json",
      bindings: {},
      consumer: { group: "g", deadLetter: true, retry: { maxAttempts: 2, quick: 1, delaysMs: [50] } },
    };
    const tier = `${channel.address}.g.retry.50`;
    const poison = 10;
    const good = new Set<number>();
    const attempts = new Set<number>();
    const unsettled: string[] = [];
    let dead = 0;
    const allGood = until(() => good.size === 100);
    const allDead = until(() => dead === poison);
    const consumer = await consume(
      broker,
      channel,
      async ({ n }, { attempt }) => {
        if (n >= poison) {
          good.add(n);
          return allGood.check();
        }
        attempts.add(attempt);
        throw new Error("poison");
      },
      {
        // fewer places than failing messages: given back at the head of the queue they would take up all of them
        concurrency: 1,
        buffer: 3,
        killSwitch: false,
        onEvent: (event) => {
          if (event.kind === "unsettled") unsettled.push(event.error.message);
          if (event.kind === "dead") dead++;
          allDead.check();
        },
      },
    );

    // in its place one that is full and refuses
    const { connect } = await import("amqplib");
    const other = await connect(server?.url ?? "");
    closers.push(() => other.close());
    const raw = await other.createConfirmChannel();
    await raw.deleteQueue(tier);
    await raw.assertQueue(tier, { arguments: { "x-max-length": 1, "x-overflow": "reject-publish" } });
    raw.sendToQueue(tier, Buffer.from("full"));
    await raw.waitForConfirms();

    const numbers = Array.from({ length: poison + 100 }, (_, n) => n);
    const results = await broker.publish(numbers.map((n) => encodeMessage(channel, { n })));
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    await allGood.done;
    expect(await broker.health()).toMatchObject({ ok: false, detail: expect.stringContaining(tier) as string });
    // the first that is refused closes the channel, and with it others may fail before it is told
    expect(unsettled.some((message) => message.includes(tier))).toBe(true);
    expect([...attempts]).toEqual([1]);
    expect(dead).toBe(0);

    await raw.deleteQueue(tier);
    ahead = 60_000;
    await allDead.done;
    expect([...attempts]).toEqual([1, 2]);
    expect(await broker.health()).toMatchObject({ ok: true });
    await consumer.drain(1_000);
  });
});
