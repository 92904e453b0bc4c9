import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { connectRabbitmq } from "../../src/runtime/brokers/rabbitmq.js";
import { consume, jsonPayload, publish, shape, type ChannelInfo } from "../../src/runtime/queue/index.js";
import { openProxy } from "../support/proxy.js";
import { provideRabbitmq } from "../support/services.js";
import { until } from "./contract.js";

const server = await provideRabbitmq();
const message = jsonPayload<{ n: number }>("Item", shape.object({ required: { n: shape.integer() } }));

describe.skipIf(server === undefined)("RabbitMQ connections", () => {
  const closers: (() => unknown)[] = [];
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  test("M23 come back after a loss, with topology and consumers; unacknowledged work is delivered again", async () => {
    const proxy = await openProxy(server?.url ?? "");
    closers.push(() => proxy.close());
    const broker = await connectRabbitmq(proxy.url, { exchange: "wirespan-tests" });
    closers.push(() => broker.close());
    const channel: ChannelInfo<{ n: number }> = {
      id: "lost",
      address: `lost.${randomUUID().slice(0, 8)}`,
      message,
      contentType: "application/json",
      // gone with its consumer: only declaring it again can bring it back
      bindings: { amqp: { queue: { name: `q-${randomUUID().slice(0, 8)}`, autoDelete: true } } },
      consumer: {},
    };
    const group = (channel.bindings["amqp"] as { queue: { name: string } }).queue.name;
    const seen: string[] = [];
    const unsettled: string[] = [];
    const first = until(() => seen.length === 1);
    const second = until(() => seen.length === 3);
    let releaseFirst = (): void => {};
    const held = new Promise<void>((resolve) => {
      releaseFirst = resolve;
    });
    const consumer = await consume(
      broker,
      channel,
      async ({ n }) => {
        seen.push(String(n));
        first.check();
        second.check();
        if (seen.length === 1) await held;
      },
      { group, concurrency: 4, onEvent: (event) => event.kind === "unsettled" && unsettled.push(event.error.message) },
    );
    await publish(broker, channel, { n: 1 });
    await first.done;
    proxy.block(true);
    proxy.cut();
    while ((await broker.health()).ok) await new Promise((resolve) => setTimeout(resolve, 5));
    // during the outage: waits for the connection instead of failing
    const during = publish(broker, channel, { n: 2 }).then(
      () => "confirmed",
      (error: { code: string }) => error.code,
    );
    releaseFirst();
    proxy.block(false);
    const outcome = await during;
    // the queue went with its consumer, so a publisher that is back first is told that nobody takes the message
    expect(["confirmed", "unroutable"]).toContain(outcome);
    for (let tries = 0; seen.length < 2 && tries < 100; tries++) {
      await publish(broker, channel, { n: 3 }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(seen.length).toBeGreaterThanOrEqual(2);
    expect(unsettled[0]).toContain("channel is gone");
    expect(await broker.health()).toMatchObject({ ok: true });
    await consumer.drain(1_000);
  });

  test("M23 a durable queue keeps what was unacknowledged, and nothing is lost over repeated cuts", async () => {
    const proxy = await openProxy(server?.url ?? "");
    closers.push(() => proxy.close());
    const broker = await connectRabbitmq(proxy.url, { exchange: "wirespan-tests" });
    closers.push(() => broker.close());
    const channel: ChannelInfo<{ n: number }> = {
      id: "cut",
      address: `cut.${randomUUID().slice(0, 8)}`,
      message,
      contentType: "application/json",
      bindings: {},
      consumer: { group: "g", concurrency: 4 },
    };
    const seen = new Set<number>();
    const all = until(() => seen.size === 300);
    const consumer = await consume(broker, channel, async ({ n }) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      seen.add(n);
      if (seen.size === 50 || seen.size === 150) proxy.cut();
      all.check();
    });
    for (let n = 0; n < 300; n++) {
      // a cut while a message waits for its confirm leaves its fate unknown: the publisher tries again
      for (let confirmed = false; !confirmed;) {
        confirmed = await publish(broker, channel, { n }).then(
          () => true,
          () => false,
        );
      }
    }
    await all.done;
    expect(seen.size).toBe(300);
    await consumer.drain(1_000);
  });

  test("M23 the first connection fails with the reason when there is no server", async () => {
    await expect(connectRabbitmq("amqp://127.0.0.1:1", { connectWithinMs: 300 })).rejects.toMatchObject({
      code: "disconnected",
    });
  });

  test("M23 exchange, queue and binding come from the contract's bindings", async () => {
    const broker = await connectRabbitmq(server?.url ?? "", { exchange: "wirespan-tests" });
    closers.push(() => broker.close());
    const id = randomUUID().slice(0, 8);
    const channel: ChannelInfo<{ n: number }> = {
      id: "bound",
      address: `bound.${id}.*`,
      message,
      contentType: "application/json",
      bindings: {
        amqp: {
          is: "routingKey",
          exchange: { name: `ex-${id}`, type: "topic", durable: false, autoDelete: true },
          queue: { name: `queue-${id}`, durable: true, exclusive: false, autoDelete: true },
        },
      },
      consumer: { group: `queue-${id}` },
    };
    let got = 0;
    const one = until(() => got === 1);
    await consume(broker, channel, async ({ n }) => {
      got = n;
      one.check();
    });
    const { connect: open } = await import("amqplib");
    const other = await open(server?.url ?? "");
    closers.push(() => other.close());
    const raw = await other.createChannel();
    await raw.checkExchange(`ex-${id}`);
    await raw.checkQueue(`queue-${id}`);
    // another client's message: no headers, no id, no content type
    raw.publish(`ex-${id}`, `bound.${id}.x`, Buffer.from('{"n":1}'));
    await one.done;
    expect(got).toBe(1);
  });

  test("M23 a queue that exists with other settings is a topology error that says so", async () => {
    const broker = await connectRabbitmq(server?.url ?? "", { exchange: "wirespan-tests" });
    closers.push(() => broker.close());
    const address = `clash.${randomUUID().slice(0, 8)}`;
    const topology = (durable: boolean) => ({
      addresses: [
        {
          address,
          groups: [{ group: "q", retryDelaysMs: [], deadLetter: undefined }],
          bindings: {
            amqp: { queue: { name: `q`, durable }, exchange: { name: `x-${address}`, durable, autoDelete: true } },
          },
        },
      ],
    });
    await broker.ensure(topology(false));
    await expect(broker.ensure(topology(true))).rejects.toMatchObject({
      code: "topology",
      message: expect.stringContaining("other settings") as string,
    });
    expect(await broker.health()).toMatchObject({ ok: true });
  });
});
