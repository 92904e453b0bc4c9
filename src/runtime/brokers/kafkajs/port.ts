import { randomUUID } from "node:crypto";
import type { Admin, CompressionTypes, Kafka, Message, Producer, RecordMetadata, TopicMessages } from "kafkajs";
import type { Clock } from "../../context/index.js";
import { copyHeaders } from "../../queue/index.js";
import { KafkaFailure } from "../kafka/failure.js";
import type { KafkaPort, RecordToProduce } from "../kafka/port.js";
import { failureOf, request } from "./failures.js";
import { joinGroup } from "./member.js";

const joinToReadWithinMs = 10_000;

/** The client knows a topic from the moment when it was made and had no partitions, and remembers it so for minutes. */
function isConfused(error: unknown): boolean {
  return error instanceof KafkaFailure && error.cause instanceof TypeError;
}

/** The port over a kafkajs client. */
export function createPort(input: {
  readonly kafka: Kafka;
  readonly clock: Clock;
  readonly idempotent: boolean;
  readonly transactionalId: string | undefined;
  readonly compression: CompressionTypes;
  readonly sessionTimeoutMs: number;
}): KafkaPort {
  const { kafka, clock, idempotent, transactionalId, compression, sessionTimeoutMs } = input;
  const retry = { retries: 1, initialRetryTime: 50, maxRetryTime: 500 };
  const admin = kafka.admin({ retry });
  let producer: Promise<Producer> | undefined;

  /** Connects each time: that does nothing while the connection stands. */
  async function ask<T>(use: () => Promise<T>): Promise<T> {
    await request(admin.connect());
    return request(use());
  }

  async function connectProducer(): Promise<Producer> {
    const made = kafka.producer({
      retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 1_000 },
      allowAutoTopicCreation: false,
      idempotent: idempotent || transactionalId !== undefined,
      maxInFlightRequests: 1,
      // partitions are chosen before, as for every client
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
      ...(transactionalId === undefined ? {} : { transactionalId }),
    });
    await made.connect();
    return made;
  }

  async function produce(records: readonly RecordToProduce[], transaction: boolean): Promise<Map<string, number>> {
    try {
      producer ??= connectProducer();
      const mine = producer;
      mine.catch(() => {
        if (producer === mine) producer = undefined;
      });
      const batch = { acks: -1, compression, topicMessages: byTopic(records) };
      const open = await mine;
      return baseOffsets(transaction ? await inTransaction(open, batch) : await open.sendBatch(batch));
    } catch (error) {
      throw failureOf(error);
    }
  }

  async function fetchOffsets(topic: string): ReturnType<Admin["fetchTopicOffsets"]> {
    try {
      return await ask(() => admin.fetchTopicOffsets(topic));
    } catch (error) {
      if (!isConfused(error)) throw error;
    }
    const another = kafka.admin({ retry });
    try {
      await request(another.connect());
      return await request(another.fetchTopicOffsets(topic));
    } catch (error) {
      throw isConfused(error) ? new KafkaFailure("retriable", `${topic} has no partitions yet`, error) : error;
    } finally {
      await another.disconnect().catch(() => {});
    }
  }

  const port: KafkaPort = {
    servers: "the servers of the kafkajs client",
    ping: async () => {
      await ask(() => admin.describeCluster());
    },
    topics: () => ask(() => admin.listTopics()),
    async partitions(topic) {
      // asked by name, a server may create it there and then
      if (!(await port.topics()).includes(topic)) return undefined;
      try {
        const { topics } = await ask(() => admin.fetchTopicMetadata({ topics: [topic] }));
        return topics.find(({ name }) => name === topic)?.partitions.length;
      } catch (error) {
        // made a moment ago, and not everywhere yet
        if (error instanceof KafkaFailure && error.kind === "unknown_topic") return undefined;
        throw error;
      }
    },
    createTopic: ({ topic, partitions, replicas, configuration }) =>
      ask(() =>
        admin.createTopics({
          // waited for by whoever asked
          waitForLeaders: false,
          topics: [
            {
              topic,
              numPartitions: partitions,
              replicationFactor: replicas,
              configEntries: Object.entries(configuration).map(([name, value]) => ({ name, value })),
            },
          ],
        }),
      ),
    async offsets(topic) {
      const found = await fetchOffsets(topic);
      return found
        .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
        .sort((a, b) => a.partition - b.partition);
    },
    async committed(groupId, topics) {
      const found = await ask(() => admin.fetchOffsets({ groupId, topics: [...topics] }));
      return found.flatMap(({ topic, partitions }) =>
        partitions
          .map(({ partition, offset, metadata }) => {
            return { topic, partition, offset: Number(offset), metadata: metadata ?? "" };
          })
          .filter(({ offset }) => offset >= 0),
      );
    },
    produce,
    async resetProducer() {
      const old = producer;
      producer = undefined;
      await old?.then((open) => open.disconnect()).catch(() => {});
    },
    join: (member, withinMs) => joinGroup(kafka, member, { clock, sessionTimeoutMs }, withinMs),
    async read(topic, partitions, onRecords) {
      // the client reads in groups only; this one is of nobody else, commits nothing, and ends with it
      const groupId = `wirespan.read.${randomUUID()}`;
      let starts: (() => void)[] | undefined = [];
      const member = await joinGroup(
        kafka,
        {
          groupId,
          topics: [topic],
          onAssigned: () => starts?.forEach((start) => start()),
          onRevoking: () => {},
          onRecords: (name, partition, records, next) => {
            if (partitions.includes(partition)) onRecords(name, partition, records, next);
            // where to go on when the group, by whatever accident, is formed anew
            starts = [() => member.start(name, partition, next)];
          },
          onReset: () => {},
        },
        { clock, sessionTimeoutMs },
        joinToReadWithinMs,
      );
      return {
        start(name, partition, offset) {
          starts = [() => member.start(name, partition, offset)];
          member.start(name, partition, offset);
        },
        pause: (name, partition) => member.pause(name, partition),
        resume: (name, partition) => member.resume(name, partition),
        async close() {
          starts = undefined;
          await member.close();
          await admin.deleteGroups([groupId]).catch(() => {});
        },
      };
    },
    async close() {
      await port.resetProducer();
      await admin.disconnect().catch(() => {});
    },
  };
  return port;
}

async function inTransaction(
  producer: Producer,
  batch: Parameters<Producer["sendBatch"]>[0],
): Promise<RecordMetadata[]> {
  const transaction = await producer.transaction();
  try {
    const result = await transaction.sendBatch(batch);
    await transaction.commit();
    return result;
  } catch (error) {
    // where that fails too, the producer that takes its place aborts it
    if (transaction.isActive()) await transaction.abort().catch(() => {});
    throw error;
  }
}

function byTopic(records: readonly RecordToProduce[]): TopicMessages[] {
  const topics = new Map<string, Message[]>();
  for (const { topic, partition, key, value, headers } of records) {
    const message: Message = { partition, key: key ?? null, value, headers: headersOf(headers) };
    const messages = topics.get(topic);
    if (messages === undefined) topics.set(topic, [message]);
    else messages.push(message);
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}

function headersOf(headers: readonly string[]): Record<string, string> {
  const named = copyHeaders();
  for (let i = 0; i + 1 < headers.length; i += 2) named[headers[i] ?? ""] = headers[i + 1] ?? "";
  return named;
}

function baseOffsets(results: readonly RecordMetadata[]): Map<string, number> {
  return new Map(
    results.map(({ topicName, partition, baseOffset = "-1" }) => [`${topicName}:${partition}`, Number(baseOffset)]),
  );
}
