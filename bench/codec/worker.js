// A process that measures one library: node worker.js <library> <task> …, a task being "Lookup encode". Asked for a task,
// it answers with the CPU nanoseconds (user and system, garbage collector and compiler threads included) that one
// message took.
import { readBytes } from "./bytes.js";
import { loadLibrary } from "./libraries.js";
import { createOperation } from "./operations.js";

const [name, ...tasks] = process.argv.slice(2);
const load = await loadLibrary(name);
const prepared = new Map();
for (const task of tasks) {
  const [shape, operation] = task.split(" ");
  const run = createOperation(operation, load(shape), await readBytes(shape));
  prepared.set(task, { run, laps: 1 });
}

// all in turns, as in a program that does everything; then each long enough to know how often it fits into a sample
const warmUp = 1_000_000;
const turns = 40;
for (let turn = 0; turn < turns; turn++) {
  for (const { run } of prepared.values()) spend(run, warmUp / turns / Math.min(tasks.length, 4));
}
for (const task of prepared.values()) task.laps = spend(task.run, 50_000) / 50;

process.on("message", ({ task, ms }) => {
  const { run, laps } = prepared.get(task);
  const count = Math.max(1, Math.round(laps * ms));
  const before = process.cpuUsage();
  let messages = 0;
  for (let lap = 0; lap < count; lap++) messages += run();
  const { user, system } = process.cpuUsage(before);
  process.send({ value: ((user + system) * 1000) / messages });
});
process.send({ ready: true });

/** Runs for that many CPU microseconds; gives the laps. */
function spend(run, microseconds) {
  const before = process.cpuUsage();
  for (let laps = 1; ; laps++) {
    run();
    const { user, system } = process.cpuUsage(before);
    if (user + system >= microseconds) return laps;
  }
}
