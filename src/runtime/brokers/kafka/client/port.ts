import { Admin, Producer, type CompressionAlgorithmValue, type ProduceResult } from "@platformatic/kafka";
import type { Clock } from "../../../context/index.js";
import { KafkaFailure } from "../failure.js";
import type { CommittedOffset, KafkaPort, PartitionOffsets, RecordToProduce } from "../port.js";
import { failedOn, request } from "./failures.js";
import { createFetcher } from "./fetcher.js";
import { joinGroup } from "./member.js";
import { adapterHeaders } from "../records.js";
import type { ClientSettings } from "./types.js";

const earliest = -2n;
const latest = -1n;
const allReplicas = -1;

/** The port over `@platformatic/kafka`: one producer, one admin client, a consumer for each that consumes. */
export function createPort(input: {
  readonly settings: ClientSettings;
  readonly clock: Clock;
  readonly idempotent: boolean;
  readonly transactionalId: string | undefined;
  readonly compression: CompressionAlgorithmValue;
  readonly sessionTimeoutMs: number;
}): KafkaPort {
  const { settings, clock, idempotent, transactionalId, compression } = input;
  const admin = new Admin({ ...settings, retries: 0 });
  // without a listener an error event would end the process; requests fail with it
  admin.on("error", () => {});
  const ask = <T>(made: Promise<T>): Promise<T> => request(made, admin.connections);
  let producer: Producer | undefined;

  function createProducer(): Producer {
    const made = new Producer({
      ...settings,
      idempotent: idempotent || transactionalId !== undefined,
      compression,
      // "none yet": with its default of 0 the server takes a successor under the same id for a stranger
      producerId: -1n,
      producerEpoch: -1,
      ...(transactionalId === undefined ? {} : { transactionalId }),
    });
    made.on("error", () => {});
    return made;
  }

  async function offsets(topic: string): Promise<PartitionOffsets[]> {
    const { topics } = await ask(admin.metadata({ topics: [topic], forceUpdate: true }));
    const count = topics.get(topic)?.partitionsCount ?? 0;
    const [low, high] = await Promise.all([listOffsets(topic, count, earliest), listOffsets(topic, count, latest)]);
    return Array.from({ length: count }, (_, partition) => {
      return { partition, low: low.get(partition) ?? 0, high: high.get(partition) ?? 0 };
    });
  }

  async function listOffsets(topic: string, count: number, timestamp: bigint): Promise<Map<number, number>> {
    const partitions = Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp }));
    const [answer] = await ask(admin.listOffsets({ topics: [{ name: topic, partitions }] }));
    return new Map((answer?.partitions ?? []).map((one) => [one.partitionIndex, Number(one.offset)]));
  }

  async function firstOffset(topic: string, partition: number): Promise<number> {
    const found = (await offsets(topic))[partition];
    if (found === undefined) throw new KafkaFailure("retriable", `${topic} has no partition ${partition}`, undefined);
    return found.low;
  }

  async function produce(records: readonly RecordToProduce[], transaction: boolean): Promise<Map<string, number>> {
    const mine = (producer ??= createProducer());
    const options = {
      messages: records.map((record) => {
        const { topic, partition, key, value } = record;
        const headers = headersOf(record.headers);
        return key === undefined ? { topic, partition, value, headers } : { topic, partition, key, value, headers };
      }),
      acks: allReplicas,
    };
    try {
      return baseOffsets(transaction ? await inTransaction(mine, options) : await mine.send(options));
    } catch (error) {
      throw failedOn(mine.connections, error);
    }
  }

  const port: KafkaPort = {
    servers: settings.bootstrapBrokers.join(","),
    ping: async () => {
      await ask(admin.metadata({ topics: [], forceUpdate: true }));
    },
    topics: () => ask(admin.listTopics()),
    async partitions(topic) {
      try {
        const { topics } = await ask(admin.metadata({ topics: [topic], forceUpdate: true }));
        return topics.get(topic)?.partitionsCount;
      } catch (error) {
        if (error instanceof KafkaFailure && error.kind === "unknown_topic") return undefined;
        throw error;
      }
    },
    async createTopic({ topic, partitions, replicas, configuration }) {
      const configs = Object.entries(configuration).map(([name, value]) => ({ name, value }));
      try {
        await ask(admin.createTopics({ topics: [topic], partitions, replicas, configs }));
        return true;
      } catch (error) {
        if (error instanceof KafkaFailure && error.message.includes("TOPIC_ALREADY_EXISTS")) return false;
        throw error;
      }
    },
    offsets,
    async committed(groupId, topics) {
      const wanted: { name: string; partitionIndexes: number[] }[] = [];
      for (const name of topics) {
        const count = (await port.partitions(name)) ?? 0;
        wanted.push({ name, partitionIndexes: Array.from({ length: count }, (_, index) => index) });
      }
      const groups = await ask(admin.listConsumerGroupOffsets({ groups: [{ groupId, topics: wanted }] }));
      const found: CommittedOffset[] = [];
      for (const { name: topic, partitions } of groups.flatMap((group) => group.topics)) {
        for (const { partitionIndex: partition, committedOffset, metadata } of partitions) {
          if (committedOffset < 0n) continue;
          found.push({ topic, partition, offset: Number(committedOffset), metadata: metadata ?? "" });
        }
      }
      return found;
    },
    produce,
    async resetProducer() {
      const old = producer;
      producer = undefined;
      if (old !== undefined) await closed(old);
    },
    join: (member, withinMs) =>
      joinGroup(member, { settings, clock, sessionTimeoutMs: input.sessionTimeoutMs, earliest: firstOffset }, withinMs),
    read: async (_topic, _partitions, onRecords) =>
      createFetcher({ client: admin, settings, clock, earliest: firstOffset, onRecords, onReset: () => {} }),
    async close() {
      await Promise.all([producer === undefined ? undefined : closed(producer), admin.close().catch(() => {})]);
    },
  };
  return port;
}

function closed(producer: Producer): Promise<void> {
  return new Promise((resolve) => producer.close(true, () => resolve()));
}

async function inTransaction(
  producer: Producer,
  options: Parameters<Producer["send"]>[0] & { acks: number },
): Promise<ProduceResult> {
  const transaction = await producer.beginTransaction();
  try {
    const result = await transaction.send(options);
    await transaction.commit();
    return result;
  } catch (error) {
    // where that fails too, the producer that takes its place aborts it
    await transaction.abort().catch(() => {});
    throw error;
  }
}

function baseOffsets({ offsets = [] }: ProduceResult): Map<string, number> {
  return new Map(offsets.map(({ topic, partition, offset }) => [`${topic}:${partition}`, Number(offset)]));
}

/** Texts that come with every message: names of headers, and content types. */
const known = new Map<string, Buffer>();
const maxKnown = 1_000;

function knownBytes(text: string): Buffer {
  let bytes = known.get(text);
  if (bytes === undefined) {
    bytes = Buffer.from(text);
    if (known.size < maxKnown) known.set(text, bytes);
  }
  return bytes;
}

function headersOf(headers: readonly string[]): Map<Buffer, Buffer> {
  const entries = new Map<Buffer, Buffer>();
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? "";
    const text = headers[i + 1] ?? "";
    entries.set(knownBytes(name), name === adapterHeaders.contentType ? knownBytes(text) : Buffer.from(text));
  }
  return entries;
}
