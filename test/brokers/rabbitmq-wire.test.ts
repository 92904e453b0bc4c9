import { randomUUID } from "node:crypto";
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from "node:net";
import type { Channel, ChannelModel } from "amqplib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectRabbitmq } from "../../src/runtime/brokers/rabbitmq.js";
import type { Broker, BrokerDelivery, OutgoingMessage } from "../../src/runtime/queue/index.js";
import { provideRabbitmq } from "../support/services.js";
import { eventually } from "./suite/workers.js";

const server = await provideRabbitmq();

/** A verdict as it went over the wire. */
interface Ack {
  readonly tag: number;
  readonly multiple: boolean;
}

/** Lets a connection pass and notes acknowledgements, publishes and writes of the client. */
async function openTap(url: string) {
  const target = new URL(url);
  const { hostname, port } = target;
  const sockets = new Set<Socket>();
  const acks: Ack[] = [];
  let publishes = 0;
  const writes: number[] = [];
  const tap = createServer((client) => {
    const upstream = connectSocket(Number(port), hostname);
    sockets.add(client).add(upstream);
    let rest = Buffer.alloc(0);
    client.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      let found = 0;
      // the protocol's greeting is eight bytes without a frame
      if (rest.subarray(0, 4).toString() === "AMQP") rest = rest.subarray(8);
      for (
        ;
        rest.length >= 7 && rest.length >= 8 + rest.readUInt32BE(3);
        rest = rest.subarray(8 + rest.readUInt32BE(3))
      ) {
        if (rest[0] !== 1) continue;
        const [group, method] = [rest.readUInt16BE(7), rest.readUInt16BE(9)];
        if (group === 60 && method === 40) found++;
        if (group === 60 && method === 80)
          acks.push({ tag: Number(rest.readBigUInt64BE(11)), multiple: rest[19] === 1 });
      }
      if (found > 0) writes.push(found);
      publishes += found;
      upstream.write(chunk);
    });
    upstream.on("data", (chunk: Buffer) => client.write(chunk));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => tap.listen(0, "127.0.0.1", resolve));
  target.port = String((tap.address() as AddressInfo).port);
  return {
    url: target.href,
    acks,
    writes,
    publishes: () => publishes,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    close: () => {
      sockets.forEach((socket) => socket.destroy());
      tap.close();
    },
  };
}

describe.skipIf(server === undefined)(`RabbitMQ ${server?.version} on the wire`, () => {
  const url = server?.url ?? "";
  let raw: ChannelModel;
  let channel: Channel;
  const closers: (() => unknown)[] = [];

  beforeAll(async () => {
    const { connect } = await import("amqplib");
    raw = await connect(url);
    channel = await raw.createChannel();
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
    await raw.close();
  });

  async function open(at: string = url): Promise<Broker> {
    const broker = await connectRabbitmq(at, { exchange: "wirespan-tests" });
    closers.push(() => broker.close());
    return broker;
  }

  async function ensure(broker: Broker, address: string, bindings: Readonly<Record<string, unknown>> = {}) {
    const groups = [{ group: "g", retryDelaysMs: [], deadLetter: undefined }];
    await broker.ensure({ addresses: [{ address, groups, bindings }] });
  }

  const letter = (address: string, n: number, more: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
    address,
    id: `m${n}`,
    headers: {},
    contentType: "text/plain",
    body: Buffer.from(String(n)),
    ...more,
  });

  test("M23 publishes of one turn leave in few writes; acks of one turn are one frame up to the lowest unfinished", async () => {
    const tap = await openTap(url);
    closers.push(() => tap.close());
    const broker = await open(tap.url);
    const address = `wire.${randomUUID().slice(0, 8)}`;
    await ensure(broker, address);
    const results = await Promise.all(Array.from({ length: 200 }, (_, n) => broker.publish([letter(address, n)])));
    expect(results.flat().filter(({ ok }) => !ok)).toEqual([]);
    expect(tap.publishes()).toBe(200);
    // each its own publish(), all in one turn: a handful of writes of the socket
    expect(tap.writes.length).toBeLessThanOrEqual(10);

    const got: BrokerDelivery[] = [];
    const consumer = await broker.consume({ address, group: "g", prefetch: 200 }, (batch) => got.push(...batch));
    await eventually(() => expect(got).toHaveLength(200));
    // all but the 50th, backwards, in one turn
    await Promise.all(
      got
        .filter((_, i) => i !== 49 && i < 60)
        .reverse()
        .map((delivery) => delivery.ack()),
    );
    await eventually(() => expect(tap.acks.length).toBeGreaterThanOrEqual(11));
    const first = tap.acks.splice(0);
    expect(first.filter(({ multiple }) => multiple)).toEqual([{ tag: 49, multiple: true }]);
    // beyond what is unfinished each alone: nothing else may be taken for acknowledged
    expect(
      first
        .filter(({ multiple }) => !multiple)
        .map(({ tag }) => tag)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 10 }, (_, i) => 51 + i));
    await got[49]?.ack();
    await Promise.all(got.slice(60).map((delivery) => delivery.ack()));
    await eventually(() => expect(tap.acks.at(-1)).toEqual({ tag: 200, multiple: true }));
    expect(tap.acks.length).toBeLessThanOrEqual(2);
    expect(await consumer.drain(1_000)).toEqual([]);
    expect(await broker.depth?.({ address, group: "g" })).toBe(0);
  });

  test("M33 batches that do not fit into the client's buffer at once keep their order", async () => {
    const broker = await open();
    const address = `large.${randomUUID().slice(0, 8)}`;
    await ensure(broker, address, { amqp: { deliveryMode: 1 } });
    const body = (n: number): Buffer => Buffer.alloc(4_000, `${n};`);
    const batches = Array.from({ length: 4 }, (_, b) =>
      Array.from({ length: 500 }, (_, i) => letter(address, b * 500 + i, { body: body(b * 500 + i) })),
    );
    const results = await Promise.all(batches.map((batch) => broker.publish(batch)));
    expect(results.flat().filter(({ ok }) => !ok)).toEqual([]);
    const ids: string[] = [];
    const consumer = await broker.consume({ address, group: "g", prefetch: 2_000 }, (batch) => {
      for (const delivery of batch) {
        ids.push(delivery.id);
        void delivery.ack();
      }
    });
    await eventually(() => expect(ids).toHaveLength(2_000));
    expect(ids).toEqual(Array.from({ length: 2_000 }, (_, n) => `m${n}`));
    await consumer.drain(1_000);
  });

  test("M23 a consumer that the server refuses is refused for good: none comes to life later", async () => {
    const broker = await open();
    const address = `ghost.${randomUUID().slice(0, 8)}`;
    await ensure(broker, address);
    const { consumerTag } = await channel.consume(`${address}.g`, () => {}, { exclusive: true });
    const got: BrokerDelivery[] = [];
    const refused = broker.consume({ address, group: "g", prefetch: 10 }, (batch) => got.push(...batch));
    await expect(refused).rejects.toMatchObject({ code: "topology", message: /ACCESS_REFUSED|403/ });
    await channel.cancel(consumerTag);
    // longer than the pause after which consumers begin again
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect((await channel.checkQueue(`${address}.g`)).consumerCount).toBe(0);
    expect(got).toEqual([]);
    expect(await broker.health()).toMatchObject({ ok: true, detail: "connected, 0 consumers" });
  });

  test("M23 a consumer whose queue was deleted makes it again and goes on on another channel", async () => {
    const broker = await open();
    const address = `gone.${randomUUID().slice(0, 8)}`;
    await ensure(broker, address);
    const got: string[] = [];
    const consumer = await broker.consume({ address, group: "g", prefetch: 10 }, (batch) => {
      for (const delivery of batch) {
        got.push(delivery.id);
        void delivery.ack();
      }
    });
    await channel.deleteQueue(`${address}.g`);
    await eventually(async () => {
      const results = await broker.publish([letter(address, 1)]);
      expect(results).toMatchObject([{ ok: true }]);
    });
    await eventually(() => expect(got).toContain("m1"));
    await consumer.drain(1_000);
  });

  test("T2 M37 what waits for a retry survives a kill of the server: the queue is one that dead-letters at least once", async () => {
    const broker = await open();
    const address = `tier.${randomUUID().slice(0, 8)}`;
    const groups = [{ group: "g", retryDelaysMs: [700], deadLetter: undefined }];
    await broker.ensure({ addresses: [{ address, groups, bindings: {} }] });
    const needed: Readonly<Record<string, string | number>> = {
      "x-queue-type": "quorum",
      "x-message-ttl": 700,
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": `${address}.g`,
      "x-dead-letter-strategy": "at-least-once",
      "x-overflow": "reject-publish",
    };
    // the server refuses to declare a queue again that exists with other arguments
    const declare = async (more: Readonly<Record<string, string | number | undefined>>): Promise<string> => {
      const own = await raw.createChannel();
      own.on("error", () => {});
      const options = { durable: true, arguments: { ...needed, ...more } };
      const outcome = await own.assertQueue(`${address}.g.retry.700`, options).then(
        () => "the same",
        (error: unknown) => String(error),
      );
      await own.close().catch(() => {});
      return outcome;
    };
    expect(await declare({})).toBe("the same");
    expect(await declare({ "x-dead-letter-strategy": "at-most-once" })).toContain("406");
    expect(await declare({ "x-overflow": "drop-head" })).toContain("406");
  });

  test("M23 headers that would send copies elsewhere are not sent, nor taken from others", async () => {
    const broker = await open();
    const address = `copies.${randomUUID().slice(0, 8)}`;
    await ensure(broker, address);
    const { queue: elsewhere } = await channel.assertQueue("", { exclusive: true });
    await channel.bindQueue(elsewhere, "wirespan-tests", elsewhere);
    const got: BrokerDelivery[] = [];
    const consumer = await broker.consume({ address, group: "g", prefetch: 10 }, (batch) => got.push(...batch));
    const headers = { CC: elsewhere, BCC: elsewhere, "x-plain": "v" };
    expect(await broker.publish([letter(address, 1, { headers })])).toMatchObject([{ ok: true }]);
    channel.publish("wirespan-tests", address, Buffer.from("2"), { headers: { CC: [elsewhere], "x-plain": "v" } });
    await eventually(() => expect(got).toHaveLength(2));
    for (const delivery of got) {
      expect(Object.keys(delivery.headers)).not.toContain("CC");
      expect(delivery.headers["x-plain"]).toBe("v");
      await delivery.ack();
    }
    expect((await channel.checkQueue(elsewhere)).messageCount).toBe(1);
    await consumer.drain(1_000);
  });

  test("M23 what is unfinished when its consumer goes is delivered again, what was acknowledged around it is not", async () => {
    const broker = await open();
    const address = `gaps.${randomUUID().slice(0, 8)}`;
    await ensure(broker, address);
    await broker.publish(Array.from({ length: 40 }, (_, n) => letter(address, n)));
    const got: BrokerDelivery[] = [];
    const consumer = await broker.consume({ address, group: "g", prefetch: 40 }, (batch) => got.push(...batch));
    await eventually(() => expect(got).toHaveLength(40));
    const kept = new Set(["m0", "m7", "m8", "m39"]);
    for (const delivery of got) if (!kept.has(delivery.id)) void delivery.ack();
    expect((await consumer.drain(50)).map(({ id }) => id)).toEqual([...kept]);
    expect(await broker.depth?.({ address, group: "g" })).toBe(4);
    const again: BrokerDelivery[] = [];
    const next = await broker.consume({ address, group: "g", prefetch: 40 }, (batch) => again.push(...batch));
    await eventually(() => expect(again.map(({ id }) => id)).toEqual([...kept]));
    for (const delivery of again) await delivery.ack();
    await next.drain(1_000);
    expect(await broker.depth?.({ address, group: "g" })).toBe(0);
  });

  test("M23 each message of a batch has a result of its own: a wrong address, a name that AMQP cannot hold, the rest", async () => {
    const broker = await open();
    const address = `mixed.${randomUUID().slice(0, 8)}`;
    await ensure(broker, address);
    const results = await broker.publish([
      letter(address, 1),
      letter(`${address}.nobody`, 1),
      letter(address, 3, { headers: { ["x".repeat(300)]: "v" } }),
      letter(`${address}.nobody`, 1),
      letter(address, 5),
    ]);
    expect(results.map((result) => (result.ok ? "ok" : (result.error as { code?: string }).code))).toEqual([
      "ok",
      "unroutable",
      "usage",
      "unroutable",
      "ok",
    ]);
    expect(await broker.depth?.({ address, group: "g" })).toBe(2);
    // more than may be in flight, and more than the client buffers: all confirmed, in order
    const body = Buffer.alloc(2_000, 120);
    const many = await broker.publish(Array.from({ length: 3_000 }, (_, n) => letter(address, n, { body })));
    expect(many.filter(({ ok }) => !ok)).toEqual([]);
    expect(await broker.depth?.({ address, group: "g" })).toBe(3_002);
    const ids: string[] = [];
    const consumer = await broker.consume({ address, group: "g", prefetch: 500 }, (batch) => {
      for (const delivery of batch) {
        ids.push(delivery.id);
        void delivery.ack();
      }
    });
    await eventually(() => expect(ids).toHaveLength(3_002));
    expect(ids.slice(2)).toEqual(Array.from({ length: 3_000 }, (_, n) => `m${n}`));
    await consumer.drain(1_000);
  });

  test("M23 operation bindings are the properties of messages", async () => {
    const broker = await open();
    const id = randomUUID().slice(0, 8);
    const address = `bound.${id}`;
    const amqp = {
      exchange: { name: `ex-${id}`, type: "topic", durable: false, autoDelete: true },
      deliveryMode: 1,
      priority: 7,
      expiration: 60_000,
      mandatory: false,
      replyTo: "answers",
      userId: "guest",
      cc: [`${address}.copy`],
      bcc: [`${address}.blind`],
    };
    await ensure(broker, address, { amqp });
    const queues: string[] = [];
    for (const key of ["copy", "blind"]) {
      const { queue } = await channel.assertQueue("", { exclusive: true });
      await channel.bindQueue(queue, `ex-${id}`, `${address}.${key}`);
      queues.push(queue);
    }
    const [result] = await broker.publish([letter(address, 1, { headers: { "x-correlation-id": "c-1" } })]);
    expect(result).toMatchObject({ ok: true });
    for (const queue of queues) {
      await eventually(async () => expect(await channel.get(queue, { noAck: true })).not.toBe(false));
    }
    const original = await channel.get(`${address}.g`, { noAck: true });
    if (original === false) throw new Error("the queue of the group is empty");
    expect(original.properties).toMatchObject({
      deliveryMode: 1,
      priority: 7,
      expiration: "60000",
      replyTo: "answers",
      correlationId: "c-1",
      userId: "guest",
      messageId: "m1",
    });
    // the blind copy is nobody's business
    expect(original.properties.headers).toMatchObject({ CC: [`${address}.copy`] });
    expect(original.properties.headers).not.toHaveProperty("BCC");
    // not mandatory: that nobody takes it is no error
    await channel.deleteQueue(`${address}.g`);
    await channel.bindQueue(queues[0] ?? "", `ex-${id}`, "keeps the exchange");
    await ensure(broker, `${address}.other`, { amqp: { ...amqp, cc: [], bcc: [] } });
    await channel.deleteQueue(`${address}.other.g`);
    expect(await broker.publish([letter(`${address}.other`, 2)])).toEqual([{ ok: true }]);
  });

  test("M30 another client's request with its native reply queue is answered, our inbox takes its replies", async () => {
    const broker = await open();
    const address = `ask.${randomUUID().slice(0, 8)}`;
    await ensure(broker, address);
    await broker.consume({ address, group: "g", prefetch: 5 }, (batch) => {
      for (const { headers } of batch) {
        const to = headers["x-reply-to"] ?? "";
        const correlation = headers["x-correlation-id"] ?? "";
        void broker.publish([letter(to, 2, { headers: { "x-correlation-id": correlation } })]);
      }
      for (const delivery of batch) void delivery.ack();
    });
    const answers: string[] = [];
    const asking = await raw.createChannel();
    await asking.consume(
      "amq.rabbitmq.reply-to",
      (message) => answers.push(`${message?.properties.correlationId}=${message?.content.toString()}`),
      { noAck: true },
    );
    asking.publish("wirespan-tests", address, Buffer.from("?"), {
      replyTo: "amq.rabbitmq.reply-to",
      correlationId: "native-1",
    });
    await eventually(() => expect(answers).toEqual(["native-1=2"]));

    const mine: OutgoingMessage[] = [];
    const inbox = await broker.openInbox?.((messages) => mine.push(...messages));
    channel.sendToQueue(inbox?.address ?? "", Buffer.from("!"), { correlationId: "other-1" });
    await eventually(() => expect(mine).toHaveLength(1));
    expect(mine[0]?.headers["x-correlation-id"]).toBe("other-1");
    await inbox?.close();
    // gone with its owner: a late reply is an error for the one who sends it
    const [late] = await broker.publish([letter(inbox?.address ?? "", 3)]);
    expect(late).toMatchObject({ ok: false, error: { code: "unroutable" } });
  });

  test("M30 an inbox comes back under the same address after its connection was lost", async () => {
    const tap = await openTap(url);
    closers.push(() => tap.close());
    const broker = await open(tap.url);
    const other = await open();
    const got: string[] = [];
    const inbox = await broker.openInbox?.((messages) => got.push(...messages.map(({ id }) => id)));
    const to = inbox?.address ?? "";
    await other.publish([letter(to, 1)]);
    await eventually(() => expect(got).toEqual(["m1"]));
    tap.cut();
    await eventually(async () => {
      await other.publish([letter(to, 2)]);
      expect(got).toContain("m2");
    });
    await inbox?.close();
  });
});
