// Kafka: @platformatic/kafka, batches of a hundred and commits every 100 ms, as its documentation shows.
import { Admin, Consumer, ProduceAcks, Producer } from "@platformatic/kafka";
import { connectKafka } from "@wirespan/runtime/brokers/kafka";
import { Order, orderOf } from "../orders.js";

export const service = { module: "kafka", name: "kafka4" };
export const bars = { publish: 4, consume: 5 };
/** Tasks whose naive way no option of ours gives: the raw client commits each message before it takes the next. */
export const naive = ["consume"];
// half a second each: what a process had in its caches goes while the other is measured
export const counts = {
  publish: { batched: 40_000, single: 1_000 },
  consume: { batched: 40_000, single: 1_000 },
};

/** Publishes in the air, and deliveries without a verdict, on both sides. */
export const [window, prefetch] = [100, 200];

export const connect = (url) => connectKafka(hostOf(url));

const topic = "bench.raw";

const [idName, typeName, contentType] = ["x-message-id", "content-type", "application/protobuf"].map((text) =>
  Buffer.from(text),
);

/** Nothing: a log costs the same however long it is. */
export async function empty() {}

/** The raw side. */
export async function connectRaw(url) {
  const bootstrapBrokers = [hostOf(url)];
  const admin = new Admin({ clientId: "bench", bootstrapBrokers });
  await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
  await admin.close();
  const producer = new Producer({ clientId: "bench", bootstrapBrokers, idempotent: true });
  let ids = 0;

  async function inTurns(count) {
    for (let sent = 0; sent < count; sent += window) {
      const messages = [];
      for (let i = sent; i < Math.min(count, sent + window); i++) {
        const headers = new Map([
          [idName, Buffer.from(String(ids++))],
          [typeName, contentType],
        ]);
        messages.push({ topic, value: Buffer.from(Order.encode(orderOf(i))), headers });
      }
      await producer.send({ messages, acks: ProduceAcks.ALL });
    }
  }

  let round = 0;
  return {
    publish: inTurns,
    async consume(count, mode, isLast) {
      const consumer = new Consumer({
        groupId: "raw",
        clientId: `bench-${round++}`,
        bootstrapBrokers,
        autocommit: mode === "single" ? false : 100,
        // what our side asks a partition for; else one fetch brings all, before the first message counts
        maxBytes: 1_048_576,
      });
      const stream = await consumer.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest" });
      for await (const message of stream) {
        Order.decode(message.value);
        if (mode === "single") await message.commit();
        if (isLast()) break;
      }
      await stream.close().catch(() => {});
      await consumer.close(true);
    },
  };
}

function hostOf(url) {
  return url.replace(/^[a-z-]+:\/\//, "").replace(/[/#].*$/, "");
}
