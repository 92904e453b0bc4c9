// JetStream: publishes in the air and a pull consumer that acknowledges each message, as the client's documentation
// shows.
import { AckPolicy, jetstream, jetstreamManager, StorageType } from "@nats-io/jetstream";
import { connect as connectTcp } from "@nats-io/transport-node";
import { connectNats } from "@wirespan/runtime/brokers/nats";
import { Order, orderOf } from "../orders.js";
import { prefetch, window } from "../ours.js";

export const service = { module: "nats", name: "nats" };
export const bars = { publish: 2.5, consume: 10 };
export const counts = {
  publish: { batched: 10_000, single: 2_000 },
  consume: { batched: 10_000, single: 1_000 },
};

export const connect = (url) => connectNats(url);

const subject = "raw.orders";

/** The raw side. */
export async function connectRaw(url) {
  const connection = await connectTcp({ servers: url.replace(/^nats:\/\//, "") });
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

  return {
    publish: (count) => inTurns(count),
    async fill(count) {
      // what `publish` left behind
      await manager.streams.purge("RAW");
      await inTurns(count);
    },
    async consume(count, mode, isLast) {
      const consumer = await js.consumers.get("RAW", "raw");
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
