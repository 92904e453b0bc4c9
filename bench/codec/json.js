// ProtoJSON: as values and as text, against protobuf-es, which is conformant, and ts-proto, which is fast.
import { isDeepStrictEqual } from "node:util";
import { compareSpeed, sampleMs } from "./binary.js";
import { readBytes } from "./bytes.js";
import { shapes } from "./data.js";
import { loadLibrary } from "./libraries.js";
import { jsonOperationNames } from "./operations.js";
import { startWorker } from "./workers.js";

// ts-proto with its own defaults: its JSON has dates and 64-bit integers as numbers then, and is fastest
const libraries = ["wirespan", "protobuf-es", "ts-proto defaults"];
const tasks = Object.keys(shapes).flatMap((shape) => jsonOperationNames.map((operation) => `${shape} ${operation}`));

/** At least so many times as fast, by shape and peer; the biggest shape is for information. */
const objects = { "protobuf-es": { toJson: 4, fromJson: 4 }, "ts-proto defaults": { toText: 1.25 } };
const bars = { Lookup: objects, OrderPlaced: objects, ReadingBatch: {} };

/** The entries, and what becomes of their samples. */
export async function prepare({ quick }) {
  await checkSameJson();
  const workers = [];
  const entries = [];
  for (const library of libraries) {
    for (const task of tasks) {
      const worker = await startWorker(library, [task]);
      workers.push(worker);
      entries.push({ id: `json ${task} ${library}`, run: () => worker.ask(task, sampleMs(quick)) });
    }
  }
  return {
    entries,
    figures: (samples) =>
      libraries.slice(1).flatMap((peer) =>
        tasks.map((task) => {
          const [shape, operation] = task.split(" ");
          const least = bars[shape][peer]?.[operation];
          return compareSpeed(samples, `json ${task}`, peer, least === undefined ? undefined : { least });
        }),
      ),
    close: () => workers.forEach((worker) => worker.close()),
  };
}

/** What is no ProtoJSON would be measured at other work. */
async function checkSameJson() {
  const [ours, conformant] = await Promise.all(["wirespan", "protobuf-es"].map(loadLibrary));
  for (const shape of Object.keys(shapes)) {
    for (const [i, bytes] of (await readBytes(shape)).entries()) {
      const [a, b] = [ours, conformant].map((library) => {
        const { decode, json } = library(shape);
        return json.toJson(decode(bytes));
      });
      if (!isDeepStrictEqual(a, b))
        throw new Error(`message ${i} of ${shape} has other JSON than protobuf-es gives it`);
    }
  }
}
