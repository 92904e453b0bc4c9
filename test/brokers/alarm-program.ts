import { createMemoryBroker } from "../../src/runtime/brokers/memory.js";
import { createMetrics } from "../../src/runtime/interceptors/index.js";
import { bytesPayload, consume, PermanentError, publish, type ConsumeOptions } from "../../src/runtime/queue/index.js";

// Two messages of three fail, one for good and one until the kill switch stands in its way.
const listening: Readonly<Record<string, ConsumeOptions>> = {
  nothing: {},
  metrics: { metrics: { meter: createMetrics() } },
  onEvent: { onEvent: () => {} },
  logging: { logging: { logger: { debug() {}, info() {}, warn() {}, error() {} } } },
  none: { logging: false },
};
const broker = createMemoryBroker();
const channel = {
  id: "alarms",
  address: "alarms.here",
  message: bytesPayload,
  contentType: "application/octet-stream",
  bindings: {},
  consumer: { group: "g", deadLetter: true },
};
let left = 3;
let end = (): void => {};
const ended = new Promise<void>((resolve) => (end = resolve));
await consume(
  broker,
  channel,
  async ([n = 0]) => {
    if (--left === 0) end();
    if (n === 1) throw new PermanentError("no such user");
    if (n === 2) throw new Error("the database is away");
  },
  { ...listening[process.argv[2] ?? ""], retry: false, killSwitch: { minimum: 2, ratio: 0.5, pauseMs: 86_400_000 } },
);
for (const n of [0, 1, 2]) await publish(broker, channel, Uint8Array.of(n), { id: `m${n}` });
await ended;
// what is said about them is said in the turns after
for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
console.log("over");
