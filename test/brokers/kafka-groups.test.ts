import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { Kafka, logLevel, Partitioners, type Admin } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectKafka, type KafkaOptions } from "../../src/runtime/brokers/kafka.js";
import { connectKafkajs } from "../../src/runtime/brokers/kafkajs.js";
import {
  consume,
  encodeMessage,
  jsonPayload,
  shape,
  type Broker,
  type BrokerConsumer,
  type BrokerDelivery,
  type ChannelInfo,
  type OutgoingMessage,
} from "../../src/runtime/queue/index.js";
import { provideKafka } from "../support/services.js";
import { eventually } from "./suite/workers.js";

interface OrderCreated {
  n: number;
  key?: string;
}

const orderCreated = jsonPayload<OrderCreated>(
  "OrderCreated",
  shape.object({ required: { n: shape.integer() }, optional: { key: shape.string() } }),
);

const [kafka3, kafka4] = await Promise.all([provideKafka("3.9.1"), provideKafka("4.1.0")]);
const servers = [kafka4, kafka3].filter((server) => server !== undefined);
const [server] = servers;

describe.skipIf(server === undefined)("Kafka groups, keys and offsets", () => {
  const url = server?.url ?? "kafka://nowhere";
  const other = new Kafka({ clientId: "oracle", brokers: [new URL(url).host], logLevel: logLevel.NOTHING });
  const admin: Admin = other.admin();
  const closers: (() => Promise<unknown>)[] = [];
  let broker: Broker;

  async function open(options: KafkaOptions = {}): Promise<Broker> {
    const opened = await connectKafka(url, { sessionTimeoutMs: 5_000, ...options });
    closers.push(() => opened.close());
    return opened;
  }

  beforeAll(async () => {
    [broker] = await Promise.all([open(), admin.connect()]);
  }, 20_000);
  afterAll(async () => {
    await Promise.all(closers.map((close) => close()));
    await admin.disconnect();
  }, 20_000);

  function channelOf(partitions = 4, more: Record<string, unknown> = {}): ChannelInfo<OrderCreated> {
    return {
      id: "orderCreated",
      address: `orders.created.${randomUUID().slice(0, 8)}`,
      message: orderCreated,
      contentType: "application/json",
      key: "$message.payload#/key",
      bindings: { kafka: { partitions, ...more } },
      consumer: { group: "billing" },
    };
  }

  async function ensure({ address, bindings }: ChannelInfo<OrderCreated>, group = "billing"): Promise<void> {
    const groups = [{ group, retryDelaysMs: [], deadLetter: undefined }];
    await broker.ensure({ addresses: [{ address, groups, bindings }] });
  }

  async function publishAll(
    channel: ChannelInfo<OrderCreated>,
    count: number,
    keys = 16,
    from = broker,
  ): Promise<void> {
    const letters = Array.from({ length: count }, (_, n) =>
      encodeMessage(channel, { n, key: `k${n % keys}` }, { id: `m${n}` }),
    );
    const results = await from.publish(letters);
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
  }

  /** The group's own state: committed offset and end of each partition that has anything. */
  async function offsetsOf(topic: string, groupId: string): Promise<{ committed: number; end: number }[]> {
    const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const ends = await admin.fetchTopicOffsets(topic);
    return ends
      .filter(({ high }) => high !== "0")
      .map(({ partition, high }) => ({
        committed: Number(committed?.partitions.find((one) => one.partition === partition)?.offset ?? -1),
        end: Number(high),
      }));
  }

  const letterOf = (address: string, n: number, more: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
    address,
    id: `m${n}`,
    headers: {},
    contentType: "text/plain",
    body: new TextEncoder().encode(String(n)),
    ...more,
  });

  test("M24: a key decides about the partition, and as Java's client would", async () => {
    const channel = channelOf(7);
    await ensure(channel);
    const keys = ["", "a", "ab", "abc", "abcd", "order-4711", "ä☃", "k".repeat(100)];
    const results = await broker.publish([...keys, ...keys].map((key, n) => letterOf(channel.address, n, { key })));
    const chosen = results.map((result) => (result.ok ? /-([0-9]+)@[0-9]+$/.exec(result.position ?? "")?.[1] : ""));
    const oracle = Partitioners.DefaultPartitioner();
    const partitionMetadata = Array.from({ length: 7 }, (_, partitionId) => {
      return { partitionErrorCode: 0, partitionId, leader: 1, replicas: [1], isr: [1] };
    });
    const expected = keys.map((key) => {
      // an empty key is none to the oracle
      if (key === "") return chosen[0];
      return String(oracle({ topic: "t", partitionMetadata, message: { key: Buffer.from(key), value: "" } }));
    });
    expect(chosen).toEqual([...expected, ...expected]);
    expect(new Set(chosen).size).toBeGreaterThan(2);
  });

  test("M24: offsets are committed after the verdicts and never past one that is missing", async () => {
    const channel = channelOf(1);
    const { address } = channel;
    await ensure(channel);
    await publishAll(channel, 10);
    const held: BrokerDelivery[] = [];
    const consumer = await broker.consume({ address, group: "billing", prefetch: 20 }, (batch) => held.push(...batch));
    await eventually(() => expect(held).toHaveLength(10));
    // acknowledged in one turn, two are missing
    await Promise.all(held.filter((_, n) => n !== 3 && n !== 7).map((delivery) => delivery.ack()));
    const groupId = `${address}.billing`;
    await eventually(async () => expect(await offsetsOf(address, groupId)).toEqual([{ committed: 3, end: 10 }]));
    expect(await broker.depth?.({ address, group: "billing" })).toBe(7);
    await held[3]?.ack();
    await eventually(async () => expect(await offsetsOf(address, groupId)).toEqual([{ committed: 7, end: 10 }]));
    expect((await consumer.drain(0)).map(({ id }) => id)).toEqual(["m7"]);
    // what was done behind the missing one is known to the next consumer, and that one was delivered before
    const again: BrokerDelivery[] = [];
    const next = await broker.consume({ address, group: "billing", prefetch: 20 }, (batch) => again.push(...batch));
    await eventually(() => expect(again.map(({ id, redelivered }) => [id, redelivered])).toEqual([["m7", true]]));
    await again[0]?.ack();
    await next.drain(1_000);
    expect(await offsetsOf(address, groupId)).toEqual([{ committed: 10, end: 10 }]);
    expect(again).toHaveLength(1);
  });

  test("M24: attempts inside a process go on in the next one, in place", async () => {
    const channel = channelOf(1);
    const { address } = channel;
    await ensure(channel);
    await publishAll(channel, 3);
    const held: BrokerDelivery[] = [];
    const first = await broker.consume({ address, group: "billing", prefetch: 3 }, (batch) => held.push(...batch));
    await eventually(() => expect(held).toHaveLength(3));
    first.pause();
    await held[1]?.nack(0, { "x-attempt": "3", "x-first-failure-at": "2026-11-22T00:00:00Z" });
    await first.drain(0);
    const again: BrokerDelivery[] = [];
    const second = await broker.consume({ address, group: "billing", prefetch: 3 }, (batch) => again.push(...batch));
    await eventually(() =>
      expect(again.map(({ id, attempt }) => [id, attempt])).toEqual([
        ["m0", 1],
        ["m1", 3],
        ["m2", 1],
      ]),
    );
    expect(again[1]?.headers["x-first-failure-at"]).toBe("2026-11-22T00:00:00Z");
    await second.drain(0);
  });

  test(
    "M24: a rebalance in mid-run loses none of 4,000 and repeats only what was unfinished",
    { timeout: 30_000 },
    async () => {
      const channel = channelOf(6);
      const { address } = channel;
      await ensure(channel);
      const brokers = [broker, await open(), await open()];
      const runs = new Map<number, number>();
      /** Handed out and without a verdict that was accepted. */
      const unfinished = new Set<number>();
      const consumers: BrokerConsumer[] = [];
      let lateVerdicts = 0;

      const start = async (on: Broker): Promise<void> => {
        consumers.push(
          await on.consume({ address, group: "billing", prefetch: 40 }, (batch) => {
            for (const delivery of batch) {
              const n = Number(delivery.id.slice(1));
              // one that had its verdict must not come again
              if (runs.has(n)) expect(unfinished, `${n} came again`).toContain(n);
              runs.set(n, (runs.get(n) ?? 0) + 1);
              unfinished.add(n);
              void wait(1 + (n % 5))
                .then(() => delivery.ack())
                .then(
                  () => unfinished.delete(n),
                  () => lateVerdicts++,
                );
            }
          }),
        );
      };

      await publishAll(channel, 4_000, 500);
      await start(broker);
      await eventually(() => expect(runs.size).toBeGreaterThan(400));
      for (const on of brokers.slice(1)) await start(on);
      await eventually(() => expect(runs.size).toBeGreaterThan(2_500));
      // and one leaves again
      await consumers[0]?.drain(5_000);
      await eventually(() => expect(runs.size).toBe(4_000));
      await Promise.all(consumers.slice(1).map((consumer) => consumer.drain(5_000)));
      // a handler may end after the one that has its message now
      const twice = [...runs.values()].filter((count) => count > 1).length;
      await eventually(() => expect(twice).toBeLessThanOrEqual(lateVerdicts));
      expect(lateVerdicts).toBeLessThanOrEqual(3 * 40 * 3);
      const offsets = await offsetsOf(address, `${address}.billing`);
      expect(offsets.map(({ end }) => end).reduce((a, b) => a + b, 0)).toBe(4_000);
      for (const { committed, end } of offsets) expect(committed).toBe(end);
    },
  );

  test("M24: three groups each get all of OrderCreated, one named by its binding", async () => {
    const channel = channelOf(3, { groupId: { type: "string", enum: [`invoices-${randomUUID()}`] } });
    const named = (channel.bindings["kafka"] as { groupId: { enum: string[] } }).groupId.enum[0] ?? "";
    const groups = ["billing", "shipping", named];
    const got = new Map(groups.map((group) => [group, [] as number[]]));
    const consumers = await Promise.all(
      groups.map((group) => consume(broker, channel, async ({ n }) => void got.get(group)?.push(n), { group })),
    );
    await publishAll(channel, 200);
    await eventually(() => {
      for (const group of groups) expect(got.get(group)).toHaveLength(200);
    });
    await Promise.all(consumers.map((consumer) => consumer.drain(2_000)));
    for (const group of groups) {
      expect(new Set(got.get(group)).size).toBe(200);
      const groupId = group === named ? named : `${channel.address}.${group}`;
      for (const { committed, end } of await offsetsOf(channel.address, groupId)) expect(committed).toBe(end);
    }
  });

  test("M24: a handler that takes longer than the session keeps its partition and loses nothing", async () => {
    const channel = channelOf(1);
    const patient = await open({ sessionTimeoutMs: 1_000 });
    const runs: number[] = [];
    const late: unknown[] = [];
    const consumer = await consume(
      patient,
      channel,
      async ({ n }) => {
        runs.push(n);
        if (n === 0) await wait(1_800);
      },
      { onEvent: (event) => void (event.kind === "unsettled" && late.push(event.error)) },
    );
    await publishAll(channel, 3);
    await eventually(() => expect(runs).toEqual([0, 1, 2]));
    await consumer.drain(2_000);
    expect(late).toEqual([]);
    expect(await offsetsOf(channel.address, `${channel.address}.billing`)).toEqual([{ committed: 3, end: 3 }]);
  });

  test("M24: both clients may be in one group, each with topics of its own", async () => {
    const shared = `fleet-${randomUUID().slice(0, 8)}`;
    const first = channelOf(4, { groupId: shared });
    const second = channelOf(2, { groupId: shared });
    const mixed = await connectKafkajs(other, { sessionTimeoutMs: 5_000 });
    closers.push(() => mixed.close());
    const seen = { first: new Set<number>(), second: new Set<number>() };
    const both = await Promise.all([
      consume(broker, first, async ({ n }) => void seen.first.add(n), { group: shared }),
      consume(mixed, second, async ({ n }) => void seen.second.add(n), { group: shared }),
    ]);
    await publishAll(first, 100);
    await publishAll(second, 100, 16, mixed);
    await eventually(() => {
      expect(seen.first.size).toBe(100);
      expect(seen.second.size).toBe(100);
    });
    await Promise.all(both.map((consumer) => consumer.drain(2_000)));
  });

  test("M24: a transaction is seen whole or not at all, and what was aborted never", async () => {
    const channel = channelOf(2);
    const { address } = channel;
    await ensure(channel);
    const atomic = await open({ transactional: `tests-${randomUUID()}` });
    const foreign = other.producer({
      transactionalId: `tests-${randomUUID()}`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await foreign.connect();
    closers.push(() => foreign.disconnect());
    const aborted = await foreign.transaction();
    await aborted.send({
      topic: address,
      messages: [
        { value: "no", partition: 0 },
        { value: "no", partition: 1 },
      ],
    });
    await aborted.abort();
    const good = await atomic.publish([letterOf(address, 1), letterOf(address, 2, { key: "b" })]);
    expect(good.map(({ ok }) => ok)).toEqual([true, true]);
    // one of them is too large for the server: neither is to be seen
    const bad = await atomic.publish([letterOf(address, 3), letterOf(address, 4, { body: Buffer.alloc(1_200_000) })]);
    expect(bad.map(({ ok }) => ok)).toEqual([false, false]);
    const after = await atomic.publish([letterOf(address, 5)]);
    expect(after).toMatchObject([{ ok: true }]);
    const texts: string[] = [];
    const consumer = await broker.consume({ address, group: "billing", prefetch: 10 }, (batch) => {
      for (const delivery of batch) void (texts.push(delivery.id), delivery.ack());
    });
    await eventually(() => expect(texts.sort()).toEqual(["m1", "m2", "m5"]));
    await consumer.drain(1_000);
    expect(texts).toHaveLength(3);
  });

  test("M24: one message too large fails alone; the rest of its batch and what follows is written once", async () => {
    const channel = channelOf(2);
    const { address } = channel;
    await ensure(channel);
    const sizes = [10, 1_200_000, 20, 300_000, 300_000, 300_000, 300_000, 30];
    const results = await broker.publish(
      sizes.map((size, n) => letterOf(address, n, { key: `k${n % 2}`, body: Buffer.alloc(size) })),
    );
    expect(results.map(({ ok }) => ok)).toEqual(sizes.map((size) => size < 1_000_000));
    expect(results[1]).toMatchObject({ error: { name: "QueueError", code: "refused" } });
    // the numbers of an idempotent producer must not make the next pass for repetitions
    for (let n = 10; n < 16; n++) {
      const [result] = await broker.publish([letterOf(address, n, { key: `k${n % 2}` })]);
      expect(result).toMatchObject({ ok: true });
    }
    const ids: string[] = [];
    const consumer = await broker.consume({ address, group: "billing", prefetch: 50 }, (batch) => {
      for (const delivery of batch) void (ids.push(delivery.id), delivery.ack());
    });
    const expected = [0, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15].map((n) => `m${n}`);
    await eventually(() => expect([...ids].sort()).toEqual([...expected].sort()));
    await consumer.drain(1_000);
  });

  test("M24: concurrent publishes of one turn are one batch of the producer, and keep their order", async () => {
    const channel = channelOf(1);
    const { address } = channel;
    await ensure(channel);
    const [first] = await broker.publish([letterOf(address, 0)]);
    expect(first).toMatchObject({ ok: true, position: `${address}-0@0` });
    const all = await Promise.all(Array.from({ length: 500 }, (_, n) => broker.publish([letterOf(address, n + 1)])));
    expect(all.map(([result]) => result)).toEqual(
      Array.from({ length: 500 }, (_, n) => ({ ok: true, position: `${address}-0@${n + 1}` })),
    );
  });

  test("M24: topics are made as the bindings say, and never changed", async () => {
    const channel = channelOf(3, {
      topic: `t-${randomUUID()}`,
      topicConfiguration: { "cleanup.policy": ["compact"], "retention.ms": 4_000_000 },
    });
    await ensure(channel);
    const topic = (channel.bindings["kafka"] as { topic: string }).topic;
    await broker.ensure({
      addresses: [
        {
          ...channel,
          groups: [
            {
              group: "g",
              retryDelaysMs: [100],
              deadLetter: broker.deadLetterAddress(channel.address, "g", channel.bindings),
            },
          ],
        },
      ],
    });
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic, `${topic}.g.retry.100`, `${topic}.g.dead`] });
    expect(topics.map(({ name, partitions }) => [name, partitions.length]).sort()).toEqual([
      [topic, 3],
      [`${topic}.g.dead`, 1],
      [`${topic}.g.retry.100`, 3],
    ]);
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: topic, configNames: ["cleanup.policy", "retention.ms"] }],
    });
    const configured = resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]);
    expect(Object.fromEntries(configured ?? [])).toEqual({ "cleanup.policy": "compact", "retention.ms": "4000000" });
    // another broker object with another opinion
    const second = await open();
    const bindings = { kafka: { topic, partitions: 9 } };
    await second.ensure({ addresses: [{ address: channel.address, groups: [], bindings }] });
    const [after] = (await admin.fetchTopicMetadata({ topics: [topic] })).topics;
    expect(after?.partitions).toHaveLength(3);
  });

  test("M24: what cannot be consumed is an error that says why", async () => {
    const address = `missing.${randomUUID()}`;
    const source = { address, group: "g", prefetch: 1 };
    await expect(broker.consume(source, () => {})).rejects.toMatchObject({ name: "QueueError", code: "topology" });
    const open = { ...source, address: `${address}.{tenant}` };
    await expect(broker.consume(open, () => {})).rejects.toMatchObject({ code: "unsupported" });
    const [result] = await broker.publish([letterOf(address, 1)]);
    expect(result).toMatchObject({ ok: false, error: { code: "unroutable" } });
    await expect(async () => {
      for await (const found of broker.browse(address, { limit: 1 })) expect(found).toBeUndefined();
    }).rejects.toMatchObject({ code: "topology" });
  });

  test("M24: addresses with parameters share a topic where the contract names one", async () => {
    const channel = {
      ...channelOf(1, { topic: `shared-${randomUUID()}` }),
      address: "orders/{tenant}/created",
      parameters: [{ name: "tenant" }],
    };
    await ensure(channel);
    const seen: string[] = [];
    const consumer = await consume(broker, channel, async (_message, { address }) => void seen.push(address));
    const results = await broker.publish(
      ["orders/acme/created", "orders/b-c/created"].map((address, n) => ({
        ...letterOf(address, n),
        contentType: "application/json",
        body: new TextEncoder().encode('{"n":1}'),
      })),
    );
    expect(results.map(({ ok }) => ok)).toEqual([true, true]);
    await eventually(() => expect(seen).toEqual(["orders/acme/created", "orders/b-c/created"]));
    await consumer.drain(1_000);
  });
});
