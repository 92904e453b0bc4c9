// RabbitMQ: amqplib with a confirm channel, as its documentation shows; `noDelay`, without which everything waits 40 ms.
import { connect as connectAmqp } from "amqplib";
import { connectRabbitmq } from "@wirespan/runtime/brokers/rabbitmq";
import { Order, orderOf } from "../orders.js";

export const service = { module: "rabbitmq", name: "rabbitmq" };
/** How many times as fast as one at a time. */
export const bars = { publish: 10, transient: 4, consume: 5 };
export const counts = {
  publish: { batched: 10_000, single: 500 },
  transient: { batched: 10_000, single: 2_000 },
  consume: { batched: 10_000, single: 2_000 },
};

/** Publishes in the air, and deliveries without a verdict, on both sides. */
export const [window, prefetch] = [256, 200];

export const connect = (url) => connectRabbitmq(url);

const queue = "bench.raw";
const ticks = "bench.raw.ticks";

/** Takes away what waits on either side. */
export async function empty(url) {
  const connection = await connectAmqp(url);
  const channel = await connection.createChannel();
  for (const name of [queue, ticks, "bench.orders.ours", "bench.ticks.ours"]) await channel.purgeQueue(name);
  await connection.close();
}

/** The raw side. */
export async function connectRaw(url) {
  const publishing = await connectAmqp(url, { noDelay: true });
  const consuming = await connectAmqp(url, { noDelay: true });
  const channel = await publishing.createConfirmChannel();
  await channel.assertQueue(queue, { durable: true });
  await channel.assertExchange("bench.raw", "topic", { durable: true });
  await channel.bindQueue(queue, "bench.raw", "bench.orders");
  await channel.assertQueue(ticks, { durable: true });
  await channel.bindQueue(ticks, "bench.raw", "bench.ticks");
  let ids = 0;

  async function inTurns(count, transient) {
    const [key, persistent] = transient ? ["bench.ticks", false] : ["bench.orders", true];
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
    publish: (count, mode, transient) => inTurns(count, transient),
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
