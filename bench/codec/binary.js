// Encode and decode: every library in processes of their own.
import { figure } from "../lib/figures.js";
import { median, spread } from "../lib/stats.js";
import { shapes } from "./data.js";
import { libraries } from "./libraries.js";
import { operationNames } from "./operations.js";
import { startWorker } from "./workers.js";

const peers = libraries.slice(1);
const tasks = Object.keys(shapes).flatMap((shape) => operationNames.map((operation) => `${shape} ${operation}`));

/** At least so many times as fast as protobufjs static, by shape. */
const bars = {
  Lookup: { encode: 2, literal: 2, decode: 1.3 },
  OrderPlaced: { encode: 2, literal: 2, decode: 1.8 },
  ReadingBatch: { encode: 1.3, literal: 1.3, decode: 1.15 },
};

/** CPU milliseconds of a sample. */
export function sampleMs(quick) {
  return quick ? 30 : 60;
}

/**
 * The entries, and what becomes of their samples. Bars are about processes that know one shape and do one thing; each
 * figure has its counterpart from a process that does everything in turns.
 */
export async function prepare({ quick }) {
  const workers = [];
  const entries = [];
  const add = async (library, tasks, prefix) => {
    const worker = await startWorker(library, tasks);
    workers.push(worker);
    for (const task of tasks) {
      entries.push({ id: `${prefix}${task} ${library}`, run: () => worker.ask(task, sampleMs(quick)) });
    }
  };
  for (const library of libraries) {
    for (const task of tasks) await add(library, [task], "");
    await add(library, tasks, "mixed ");
  }

  return {
    entries,
    figures: (samples) => [
      ...peers.flatMap((peer) =>
        tasks.map((task) => {
          const [shape, operation] = task.split(" ");
          const bar = peer === "protobufjs" ? { least: bars[shape][operation] } : undefined;
          return compareSpeed(samples, task, peer, bar);
        }),
      ),
      ...peers.flatMap((peer) => tasks.map((task) => compareSpeed(samples, `mixed ${task}`, peer))),
    ],
    close: () => workers.forEach((worker) => worker.close()),
  };
}

/** Thousands of messages a second; the ratio is how many times as fast as the peer we are. */
export function compareSpeed(samples, key, peer, bar) {
  const rate = (library) => 1e6 / median(samples.get(`${key} ${library}`));
  const ours = samples.get(`${key} wirespan`);
  return figure({
    id: `codec.${key.replaceAll(" ", ".")}`,
    value: rate("wirespan"),
    unit: "k/s",
    spread: (rate("wirespan") * spread(ours)) / median(ours),
    peer: { name: peer, value: rate(peer) },
    bar,
  });
}
