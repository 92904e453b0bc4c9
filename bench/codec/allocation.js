// A process that answers with the bytes that one encode allocates: node --expose-gc allocation.js <library> <shape>.
// Nothing is collected between two readings, which the trace of the collector proves, so their difference is all that
// was allocated: objects on the heap, and array buffers outside of it.
import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { readBytes } from "./bytes.js";
import { loadLibrary } from "./libraries.js";
import { operationsOf } from "./operations.js";

const [name, shape] = process.argv.slice(2);
const bytes = await readBytes(shape);
const { encode } = operationsOf((await loadLibrary(name))(shape), bytes);

/** About this much is encoded between two readings, far below what makes an engine collect. */
const budget = 4_000_000;
const laps = Math.ceil(budget / bytes.reduce((sum, one) => sum + one.length + 200, 0));

let collections = 0;
new PerformanceObserver((list) => (collections += list.getEntries().length)).observe({ entryTypes: ["gc"] });

for (const start = process.cpuUsage(); process.cpuUsage(start).user < 1_000_000;) encode();
const samples = [];
for (let attempt = 0; samples.length < 5 && attempt < 50; attempt++) {
  globalThis.gc();
  await sleep(20);
  collections = 0;
  const before = reading();
  let messages = 0;
  for (let lap = 0; lap < laps; lap++) messages += encode();
  const after = reading();
  // the observer hears of collections a little later
  await sleep(20);
  if (collections === 0) samples.push((after - before) / messages);
}
if (samples.length < 5) throw new Error("the collector did not pause long enough to measure");
process.send({ value: samples.sort((a, b) => a - b)[2] });
process.disconnect();

/** Bytes in use. `external` would not do: the engine brings it up to date when it collects. */
function reading() {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
