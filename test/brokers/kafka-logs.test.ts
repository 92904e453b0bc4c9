import { randomUUID } from "node:crypto";
import { CompressionTypes, Kafka, logLevel, type Admin } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectKafka } from "../../src/runtime/brokers/kafka.js";
import { connectKafkajs } from "../../src/runtime/brokers/kafkajs.js";
import { createPort } from "../../src/runtime/brokers/kafkajs/port.js";
import { systemClock } from "../../src/runtime/context/index.js";
import type { Broker, BrokerDelivery, OutgoingMessage } from "../../src/runtime/queue/index.js";
import { provideKafka } from "../support/services.js";
import { eventually } from "./suite/workers.js";

const [kafka3, kafka4] = await Promise.all([provideKafka("3.9.1"), provideKafka("4.1.0")]);
/** How often it is looked for new partitions, too. */
const sessionTimeoutMs = 1_500;
const clientOf = (url: string): Kafka => new Kafka({ brokers: [new URL(url).host], logLevel: logLevel.NOTHING });
const subjects = [
  {
    title: "4.1.0 over @platformatic/kafka",
    server: kafka4,
    connect: (url: string) => connectKafka(url, { sessionTimeoutMs }),
    knowsIds: true,
  },
  {
    title: "3.9.1 over kafkajs",
    server: kafka3,
    connect: (url: string) => connectKafkajs(clientOf(url), { sessionTimeoutMs }),
    knowsIds: false,
  },
];

/** What becomes of a consumer whose topic is not what it was. */
describe.each(subjects)("Logs of Kafka $title", ({ server, connect, knowsIds }) => {
  if (server === undefined) return test.skip("needs a server", () => {});
  const { url } = server;
  const admin: Admin = clientOf(url).admin();
  let broker: Broker;

  beforeAll(async () => {
    [broker] = await Promise.all([connect(url), admin.connect()]);
  }, 20_000);
  afterAll(async () => {
    await Promise.all([broker.close(), admin.disconnect()]);
  }, 20_000);

  async function create(topic: string, numPartitions: number): Promise<void> {
    await admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor: 1 }], waitForLeaders: false });
    await eventually(async () => expect((await admin.fetchTopicOffsets(topic)).length).toBe(numPartitions));
  }

  const letters = (address: string, from: number, to: number, bytes = 0): OutgoingMessage[] =>
    Array.from({ length: to - from }, (_, i) => ({
      address,
      id: `m${from + i}`,
      key: `k${i % 16}`,
      headers: {},
      contentType: "text/plain",
      body: new Uint8Array(bytes),
    }));

  async function publish(from: Broker, messages: readonly OutgoingMessage[]): Promise<void> {
    const results = await from.publish(messages);
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
  }

  async function expectCommitted(topic: string, count: number): Promise<void> {
    await eventually(async () => {
      const [group] = await admin.fetchOffsets({ groupId: `${topic}.g`, topics: [topic] });
      const offsets = (group?.partitions ?? []).map(({ offset }) => Math.max(0, Number(offset)));
      expect(offsets.reduce((a, b) => a + b, 0)).toBe(count);
    });
  }

  const ids = (from: number, to: number): Set<string> =>
    new Set(Array.from({ length: to - from }, (_, i) => `m${from + i}`));

  test.each([
    ["longer than it was", 50, 80, 1],
    ["shorter than it was", 50, 20, 1],
    ["with more partitions", 40, 60, 3],
  ])(
    "M24: a topic that is made anew under a running consumer, %s, is read from its beginning",
    { timeout: 60_000 },
    async (_, before, after, partitions) => {
      const address = `anew.${randomUUID().slice(0, 8)}`;
      await create(address, 1);
      const seen = new Set<string>();
      const held: BrokerDelivery[] = [];
      const consumer = await broker.consume({ address, group: "g", prefetch: 100 }, (batch) => {
        for (const delivery of batch) {
          seen.add(delivery.id);
          if (delivery.id === "m0") held.push(delivery);
          else void delivery.ack().catch(() => {});
        }
      });
      await publish(broker, letters(address, 0, before));
      await eventually(() => expect(seen.size).toBe(before));
      await held[0]?.ack();
      await expectCommitted(address, before);
      await admin.deleteTopics({ topics: [address] });
      // a client that knows no ids of topics has to see that it was gone, or an offset that is out of range
      if (!knowsIds && after > before)
        await eventually(async () => expect(await broker.health()).toMatchObject({ ok: false }));
      await create(address, partitions);
      // one who knows nothing of the topic before
      const publisher = await connect(url);
      await publish(publisher, letters(address, before, before + after));
      await publisher.close();
      await eventually(() => expect(seen).toEqual(ids(0, before + after)), 30_000);
      await expectCommitted(address, after);
      expect(await broker.depth?.({ address, group: "g" })).toBe(0);
      await eventually(async () => expect(await broker.health()).toMatchObject({ ok: true }));
      await consumer.drain(1_000);
    },
  );

  test.runIf(knowsIds)("M24: so is one that has more than was read before anybody looks at it again", async () => {
    const address = `anew.${randomUUID().slice(0, 8)}`;
    await create(address, 1);
    const seen = new Set<string>();
    let go = (): void => {};
    const gone = new Promise<void>((resolve) => (go = resolve));
    const consumer = await broker.consume({ address, group: "g", prefetch: 100 }, (batch) => {
      for (const delivery of batch) {
        seen.add(delivery.id);
        void gone.then(() => delivery.ack()).catch(() => {});
      }
    });
    // in one batch, and so many that no more is fetched
    await publish(broker, letters(address, 0, 600));
    await eventually(() => expect(seen.size).toBe(100));
    await admin.deleteTopics({ topics: [address] });
    await create(address, 1);
    const publisher = await connect(url);
    await publish(publisher, letters(address, 2_000, 4_000));
    await publisher.close();
    go();
    await eventually(() => expect([...ids(2_000, 4_000)].filter((id) => !seen.has(id))).toEqual([]));
    await expectCommitted(address, 2_000);
    await consumer.drain(1_000);
  });

  test("M24: records that are deleted before they are read are passed over, and nothing else", async () => {
    const address = `deleted.${randomUUID().slice(0, 8)}`;
    await create(address, 1);
    const seen: string[] = [];
    const consumer = await broker.consume({ address, group: "g", prefetch: 100 }, (batch) => {
      for (const delivery of batch) void (seen.push(delivery.id), delivery.ack());
    });
    consumer.pause();
    // more than is read ahead and fetched at once
    for (let from = 0; from < 9_000; from += 900) await publish(broker, letters(address, from, from + 900, 500));
    await admin.deleteTopicRecords({ topic: address, partitions: [{ partition: 0, offset: "8800" }] });
    consumer.resume();
    await eventually(() => expect(seen.at(-1)).toBe("m8999"));
    const before = seen.length - 200;
    expect(before).toBeGreaterThanOrEqual(1_000);
    expect(before).toBeLessThan(8_000);
    expect(new Set(seen)).toEqual(new Set([...ids(0, before), ...ids(8_800, 9_000)]));
    await expectCommitted(address, 9_000);
    await consumer.drain(1_000);
  });

  test.runIf(knowsIds)("M24: a retry topic that is gone holds up nobody, and health tells of it", async () => {
    const address = `gone.${randomUUID().slice(0, 8)}`;
    const groups = [{ group: "g", retryDelaysMs: [100], deadLetter: undefined }];
    await broker.ensure({ addresses: [{ address, groups, bindings: {} }] });
    const seen: string[] = [];
    const consumer = await broker.consume({ address, group: "g", prefetch: 100 }, (batch) => {
      for (const delivery of batch) void (seen.push(delivery.id), delivery.ack());
    });
    const retryTopic = `${address}.g.retry.100`;
    await admin.deleteTopics({ topics: [retryTopic] });
    await eventually(async () => {
      const { ok, detail } = await broker.health();
      expect([ok, detail]).toEqual([false, expect.stringContaining(retryTopic)]);
    });
    await publish(broker, letters(address, 0, 50));
    await eventually(() => expect(new Set(seen)).toEqual(ids(0, 50)));
    await create(retryTopic, 1);
    await eventually(async () => expect(await broker.health()).toMatchObject({ ok: true }));
    await consumer.drain(1_000);
  });

  test("M24: partitions that were added are read", { timeout: 40_000 }, async () => {
    const address = `grown.${randomUUID().slice(0, 8)}`;
    await create(address, 1);
    const seen: string[] = [];
    const consumer = await broker.consume({ address, group: "g", prefetch: 100 }, (batch) => {
      for (const delivery of batch) void (seen.push(delivery.id), delivery.ack());
    });
    await publish(broker, letters(address, 0, 20));
    await eventually(() => expect(seen).toHaveLength(20));
    await admin.createPartitions({ topicPartitions: [{ topic: address, count: 4 }] });
    const publisher = await connect(url);
    await publish(publisher, letters(address, 20, 60));
    await publisher.close();
    await eventually(() => expect(new Set(seen)).toEqual(ids(0, 60)));
    expect(seen).toHaveLength(60);
    await consumer.drain(1_000);
  });
});

test.skipIf(kafka3 === undefined)(
  "M24: a kafkajs member that cannot subscribe goes on trying, and reads all topics then",
  async () => {
    const kafka = clientOf(kafka3?.url ?? "");
    const admin = kafka.admin();
    await admin.connect();
    const port = createPort({
      kafka,
      clock: systemClock,
      idempotent: true,
      transactionalId: undefined,
      compression: CompressionTypes.None,
      sessionTimeoutMs,
    });
    const name = `late.${randomUUID().slice(0, 8)}`;
    const create = (topic: string): Promise<boolean> => admin.createTopics({ topics: [{ topic }] });
    await create(name);
    const seen = new Set<string>();
    const start = new Map<string, () => void>();
    const member = await port.join(
      {
        groupId: name,
        clientId: undefined,
        topics: [name],
        onAssigned: (topics) => void setImmediate(() => [...topics.keys()].forEach((topic) => start.get(topic)?.())),
        onRevoking: () => {},
        onReset: () => {},
        onRecords: (topic) => void seen.add(topic),
      },
      10_000,
    );
    for (const topic of [name, `${name}.retry`]) start.set(topic, () => member.start(topic, 0, 0));
    void member.subscribe([name, `${name}.retry`]);
    await eventually(() => expect(member.fault).toMatchObject({ kind: "unknown_topic" }));
    // the client throws at whoever tells it anything now
    member.pause(name, 0);
    member.resume(name, 0);
    member.start(name, 0, 0);
    const offset = { topic: name, partition: 0, offset: 0, metadata: "" };
    await expect(member.commit([offset])).rejects.toMatchObject({ kind: "rebalance" });
    await create(`${name}.retry`);
    const record = { partition: 0, key: undefined, value: Buffer.alloc(1), headers: [], bytes: 1 };
    await port.produce(
      [name, `${name}.retry`].map((topic) => ({ ...record, topic })),
      false,
    );
    await eventually(() => expect([...seen].sort()).toEqual([name, `${name}.retry`]));
    expect(member.fault).toBeUndefined();
    await member.close();
    await port.close();
    await admin.disconnect();
  },
);
