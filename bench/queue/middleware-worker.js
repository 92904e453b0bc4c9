// Publishes and consumes on the memory broker with one middleware: node middleware-worker.js <none|trace|dedupe|metrics>.
import { createMemoryBroker } from "@wirespan/runtime/brokers/memory";
import { childTrace } from "@wirespan/runtime/context";
import { createMetrics } from "@wirespan/runtime/interceptors";
import { createMemoryIdempotencyStore } from "@wirespan/runtime/stores";
import { emitted } from "./build.js";
import { orderOf } from "./orders.js";
import { answerWith, measure } from "./workers.js";

const [, , name] = process.argv;
const { consumeOrders, publishOrders } = await emitted("orders.events.js");
const meter = createMetrics();
/** Makes spans with positions of their own and gives them to nobody: what an exporter costs is not ours. */
const tracer = {
  start(_, { parent }) {
    const span = { trace: childTrace(parent), set: () => span, event: () => span, end: () => {} };
    return span;
  },
};
const {
  broker: brokerOptions,
  publish,
  consume,
} = {
  none: {},
  trace: { broker: { tracer } },
  dedupe: { consume: { idempotency: { store: createMemoryIdempotencyStore() } } },
  metrics: { publish: { metrics: { meter } }, consume: { metrics: { meter } } },
}[name];
const broker = createMemoryBroker(brokerOptions);
/** Messages in the air. */
const window = 100;

let left = 0;
let done = () => {};
const handler = async () => {
  if (--left === 0) done();
};
await consumeOrders(broker, handler, {
  group: "bench",
  concurrency: window,
  buffer: window,
  killSwitch: false,
  ...consume,
});

async function run(count) {
  for (let sent = 0; sent < count; sent += window) {
    left = Math.min(window, count - sent);
    const handled = new Promise((resolve) => (done = resolve));
    const turn = Array.from({ length: left }, (_, i) => publishOrders(broker, orderOf(sent + i), publish));
    await Promise.all([handled, ...turn]);
  }
}

// until the engine has compiled what runs often
await run(200_000);

answerWith(async ({ count }) => {
  // what this process had in its caches went while others were measured
  await run(count / 5);
  return measure(count, () => run(count));
});
