// Kafka: @platformatic/kafka, batches of a hundred and commits every 100 ms, as its documentation shows.
import { Admin, Consumer, ProduceAcks, Producer } from "@platformatic/kafka";
import { connectKafka } from "@wirespan/runtime/brokers/kafka";
import { Order, orderOf } from "../orders.js";
import { window } from "../ours.js";

export const service = { module: "kafka", name: "kafka4" };
export const bars = { publish: 4, consume: 5 };
export const counts = {
  publish: { batched: 10_000, single: 1_000 },
  consume: { batched: 10_000, single: 1_000 },
};

export const connect = (url) => connectKafka(hostOf(url));

const topic = "bench.raw";
const sink = "bench.raw.sink";

/** The raw side. */
export async function connectRaw(url) {
  const bootstrapBrokers = [hostOf(url)];
  const admin = new Admin({ clientId: "bench", bootstrapBrokers });
  await admin.createTopics({ topics: [topic, sink], partitions: 1, replicas: 1 });
  await admin.close();
  const producer = new Producer({ clientId: "bench", bootstrapBrokers, idempotent: true });
  let ids = 0;

  async function inTurns(count, to) {
    for (let sent = 0; sent < count; sent += window) {
      const messages = [];
      for (let i = sent; i < Math.min(count, sent + window); i++) {
        const headers = new Map([["x-message-id", String(ids++)].map((text) => Buffer.from(text))]);
        messages.push({ topic: to, value: Buffer.from(Order.encode(orderOf(i))), headers });
      }
      await producer.send({ messages, acks: ProduceAcks.ALL });
    }
  }

  let round = 0;
  return {
    publish: (count) => inTurns(count, sink),
    fill: (count) => inTurns(count, topic),
    async consume(count, mode, isLast) {
      const consumer = new Consumer({
        groupId: "raw",
        clientId: `bench-${round++}`,
        bootstrapBrokers,
        autocommit: 100,
      });
      const stream = await consumer.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest" });
      for await (const message of stream) {
        Order.decode(message.value);
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
