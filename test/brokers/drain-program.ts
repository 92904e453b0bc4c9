import { writeSync } from "node:fs";
import { createMemoryBroker } from "../../src/runtime/brokers/memory.js";
import { consume, encodeMessage, flushPublishes, publish } from "../../src/runtime/queue/index.js";
import { shutdownOnSignal } from "../../src/runtime/services/shutdown.js";
import { killChannel } from "./kill-channel.js";

// 1,000 messages at work when SIGTERM comes; each publishes one more before it ends. Prints what became of them.
const [stuck = "0", withinMs = "10000"] = process.argv.slice(2);
const broker = createMemoryBroker();
const channel = killChannel("drained");
const results = killChannel("results");
await broker.ensure({
  addresses: [
    { address: results.address, bindings: {}, groups: [{ group: "kept", retryDelaysMs: [], deadLetter: undefined }] },
  ],
});
let started = 0;
let handled = 0;
const consumer = await consume(
  broker,
  channel,
  async ({ n }) => {
    if (++started === 1_000) writeSync(1, "ready\n");
    await new Promise((resolve) => setTimeout(resolve, 300 + (n % 200)));
    if (n < Number(stuck)) await new Promise(() => {});
    await publish(broker, results, { n });
  },
  { concurrency: 1_000, onEvent: ({ kind }) => void (kind === "handled" && handled++) },
);
shutdownOnSignal({
  servers: [consumer],
  after: [
    () => flushPublishes(broker),
    async () => {
      const waiting = await broker.depth?.({ address: channel.address, group: consumer.group });
      const published = await broker.depth?.({ address: results.address, group: "kept" });
      writeSync(1, `result ${JSON.stringify({ handled, waiting, published })}\n`);
    },
    broker,
  ],
  withinMs: Number(withinMs),
});
// keeps the process alive, as a server would
setInterval(() => {}, 60_000);
await broker.publish(Array.from({ length: 1_200 }, (_, n) => encodeMessage(channel, { n })));
