// Each broker against its raw client (broker.js with brokers/*.js), what middleware costs (middleware.js), payloads
// against other codecs (payloads.js), and a million publishes over one connection (steady.js). Each part gives `prepare({ quick })`, which resolves to `{ entries, figures(samples), close() }` like a suite.
import { prepareBroker } from "./broker.js";
import { buildQueue } from "./build.js";

export const peers = [];
export const rounds = { quick: 3, full: 11 };

/** What can be measured alone. A broker is a file in brokers/ and a line here. */
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

/** Generates our code and starts what measures the parts. */
export async function prepare({ part, ...options }) {
  await buildQueue();
  const prepared = [];
  const close = async () => {
    for (const one of prepared) await one.close();
  };
  try {
    for (const load of part === undefined ? Object.values(parts) : [parts[part]]) {
      const { prepare } = await load();
      prepared.push(await prepare(options));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    entries: prepared.flatMap(({ entries }) => entries),
    figures: (samples) => prepared.flatMap(({ figures }) => figures(samples)),
    close,
  };
}
