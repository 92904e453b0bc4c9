// JetStream: publishes in the air and a pull consumer that acknowledges each message, as the client's documentation
// shows.
import { AckPolicy, jetstream, jetstreamManager, StorageType } from "@nats-io/jetstream";
import { connect as connectTcp } from "@nats-io/transport-node";
import { connectNats } from "@wirespan/runtime/brokers/nats";
import { Order, orderOf } from "../orders.js";

export const service = { module: "nats", name: "nats" };
export const bars = { publish: 2.5, consume: 10 };
/** Tasks whose naive way no option of ours gives: the raw client takes one and waits until the server has its verdict. */
export const naive = ["consume"];
export const counts = {
  publish: { batched: 10_000, single: 2_000 },
  consume: { batched: 20_000, single: 1_000 },
};

/** Publishes in the air, and deliveries without a verdict, on both sides. */
export const [window, prefetch] = [256, 1_000];

export const connect = (url) => connectNats(url);

const subject = "raw.orders";

/** Takes away what waits on either side. */
export async function empty(url) {
  const connection = await connectTcp({ servers: hostOf(url) });
  const { streams } = await jetstreamManager(connection);
  for await (const { config } of streams.list()) await streams.purge(config.name);
  await connection.close();
}

/** The raw side. */
export async function connectRaw(url) {
  const connection = await connectTcp({ servers: hostOf(url) });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: "RAW", subjects: ["raw.>"], storage: StorageType.File });
  await manager.consumers.add("RAW", {
    durable_name: "raw",
    ack_policy: AckPolicy.Explicit,
    filter_subject: subject,
    max_ack_pending: 10_000,
  });
  const js = jetstream(connection);
  let ids = 0;

  async function inTurns(count) {
    for (let sent = 0; sent < count; sent += window) {
      const turn = [];
      for (let i = sent; i < Math.min(count, sent + window); i++) {
        turn.push(js.publish(subject, Order.encode(orderOf(i)), { msgID: String(ids++) }));
      }
      await Promise.all(turn);
    }
  }

  async function oneByOne(consumer, isLast) {
    for (let last = false; !last;) {
      const message = await consumer.next();
      Order.decode(message.data);
      await message.ackAck();
      last = isLast();
    }
  }

  return {
    publish: inTurns,
    async consume(count, mode, isLast) {
      const consumer = await js.consumers.get("RAW", "raw");
      if (mode === "single") return oneByOne(consumer, isLast);
      const messages = await consumer.consume({ max_messages: prefetch });
      for await (const message of messages) {
        Order.decode(message.data);
        message.ack();
        if (isLast()) break;
      }
      await messages.close();
      await connection.flush();
    },
  };
}

function hostOf(url) {
  return url.replace(/^nats:\/\//, "");
}
