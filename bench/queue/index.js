// Each broker against its raw client (broker.js with brokers/*.js), what middleware costs (middleware.js), payloads
// against other codecs (payloads.js), and a million publishes over one connection (steady.js). Each part gives
// `prepare({ quick })`, which resolves to `{ entries, figures(samples), close() }` like a suite.
import { prepareBroker } from "./broker.js";
import { buildQueue } from "./build.js";

export const peers = [];
export const rounds = { quick: 3, full: 11 };

/** One part after the other: processes that stand still while others are measured have forgotten what they learned. */
export const partByPart = true;

/** A broker is a file in brokers/ and a line here. */
export const parts = {
  rabbitmq: () => broker("rabbitmq"),
  redis: () => broker("redis"),
  nats: () => broker("nats"),
  kafka: () => broker("kafka"),
  middleware: () => import("./middleware.js"),
  payloads: () => import("./payloads.js"),
  steady: () => import("./steady.js"),
};

function broker(id) {
  return { prepare: (options) => prepareBroker(id, options) };
}

/** Generates our code and starts what measures a part. */
export async function prepare({ part, ...options }) {
  await buildQueue();
  const { prepare } = await parts[part]();
  return prepare(options);
}
