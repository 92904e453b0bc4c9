// Redis Streams: node-redis, whose commands of one turn go out together, as its documentation shows.
import { createClient, RESP_TYPES } from "redis";
import { connectRedis } from "@wirespan/runtime/brokers/redis";
import { Order, orderOf } from "../orders.js";

export const service = { module: "redis", name: "redis" };
export const bars = { publish: 3, consume: 15 };
export const counts = {
  publish: { batched: 10_000, single: 2_000 },
  consume: { batched: 20_000, single: 1_000 },
};

/** Publishes in the air, and deliveries without a verdict, on both sides. */
export const [window, prefetch] = [100, 200];

export const connect = (url) => connectRedis(url);

const stream = "bench.raw";
const group = "raw";

/** Takes away what waits on either side. */
export async function empty(url) {
  const client = await createClient({ url }).connect();
  for (const key of [stream, "bench.orders"]) await client.xTrim(key, "MAXLEN", 0);
  await client.close();
}

/** The raw side. */
export async function connectRaw(url) {
  const client = await createClient({ url }).connect();
  const reading = createClient({ url, commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } });
  await reading.connect();
  await client.del(stream);
  await client.xGroupCreate(stream, group, "0", { MKSTREAM: true });
  let ids = 0;

  async function inTurns(count) {
    for (let sent = 0; sent < count; sent += window) {
      const turn = [];
      for (let i = sent; i < Math.min(count, sent + window); i++) {
        const fields = { id: String(ids++), type: "application/protobuf", body: Buffer.from(Order.encode(orderOf(i))) };
        turn.push(client.xAdd(stream, "*", fields));
      }
      await Promise.all(turn);
    }
  }

  return {
    publish: inTurns,
    async consume(count, mode, isLast) {
      for (let last = false; !last;) {
        const options = { COUNT: prefetch, BLOCK: 1_000 };
        const read = await reading.xReadGroup(group, "bench", [{ key: stream, id: ">" }], options);
        const messages = messagesOf(read);
        const done = messages.map(({ id }) => String(id));
        // once for all of them, before the last one counts
        if (done.length > 0) await client.xAck(stream, group, done);
        for (const { message } of messages) {
          Order.decode(message.body);
          last = isLast();
        }
      }
    },
  };
}

/** Of the only stream that was asked for. */
function messagesOf(read) {
  if (read === null) return [];
  return Array.isArray(read) ? (read[0]?.messages ?? []) : Object.values(read).flat();
}
