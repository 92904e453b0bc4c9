// RabbitMQ: amqplib with a confirm channel, as its documentation shows; `noDelay`, without which everything waits 40 ms.
import { connect as connectAmqp } from "amqplib";
import { connectRabbitmq } from "@wirespan/runtime/brokers/rabbitmq";
import { Order, orderOf } from "../orders.js";
import { prefetch, window } from "../ours.js";

export const service = { module: "rabbitmq", name: "rabbitmq" };
/** How many times as fast as one at a time. */
export const bars = { publish: 10, transient: 4, consume: 5 };
export const counts = {
  publish: { batched: 10_000, single: 500 },
  transient: { batched: 10_000, single: 2_000 },
  consume: { batched: 10_000, single: 2_000 },
};

export const connect = (url) => connectRabbitmq(url);

const queue = "bench.raw";

/** The raw side. */
export async function connectRaw(url) {
  const publishing = await connectAmqp(url, { noDelay: true });
  const consuming = await connectAmqp(url, { noDelay: true });
  const channel = await publishing.createConfirmChannel();
  await channel.assertQueue(queue, { durable: true });
  await channel.assertExchange("bench.raw", "topic", { durable: true });
  await channel.bindQueue(queue, "bench.raw", "bench.orders");
  await channel.assertQueue(`${queue}.sink`, { durable: true, maxLength: 1 });
  await channel.bindQueue(`${queue}.sink`, "bench.raw", "bench.sink");
  let ids = 0;

  async function inTurns(count, key, persistent) {
    for (let sent = 0; sent < count; sent += window) {
      for (let i = sent; i < Math.min(count, sent + window); i++) {
        const body = Buffer.from(Order.encode(orderOf(i)));
        const messageId = String(ids++);
        channel.publish("bench.raw", key, body, {
          persistent,
          mandatory: true,
          messageId,
          contentType: "application/protobuf",
        });
      }
      await channel.waitForConfirms();
    }
  }

  return {
    publish: (count, mode, transient) => inTurns(count, "bench.sink", !transient),
    fill: (count) => inTurns(count, "bench.orders", true),
    async consume(count, mode, isLast) {
      const consumer = await consuming.createChannel();
      await consumer.prefetch(prefetch);
      await new Promise((resolve, reject) => {
        const take = (message) => {
          Order.decode(message.content);
          consumer.ack(message);
          if (isLast()) resolve();
        };
        consumer.consume(queue, take).catch(reject);
      });
      await consumer.close();
    },
  };
}
