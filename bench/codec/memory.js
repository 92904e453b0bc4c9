// Bytes that one encode allocates, against protobufjs static.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { figure } from "../lib/figures.js";
import { median } from "../lib/stats.js";
import { shapes } from "./data.js";

const script = fileURLToPath(new URL("./allocation.js", import.meta.url));
const measured = ["wirespan", "protobufjs"];

/** At most so much of what protobufjs allocates. */
const bar = { most: 0.5 };

/** A sample is a process of its own: what it allocates hardly varies, so every entry runs once and keeps its value. */
export async function prepare() {
  const found = new Map();
  const entries = Object.keys(shapes).flatMap((shape) =>
    measured.map((library) => {
      const id = `${shape} allocation ${library}`;
      const run = async () => {
        if (!found.has(id)) found.set(id, await allocated(library, shape));
        return found.get(id);
      };
      return { id, run };
    }),
  );
  return {
    entries,
    figures: (samples) =>
      Object.keys(shapes).map((shape) => {
        const [ours, peer] = measured.map((library) => median(samples.get(`${shape} allocation ${library}`)));
        return figure({
          id: `codec.${shape}.allocation`,
          value: ours,
          unit: "bytes",
          peer: { name: "protobufjs", value: peer },
          bar,
          note: "per encode: heap and array buffers",
        });
      }),
    close: () => {},
  };
}

/** Young objects fill a space that is big enough for all of a measurement, so that none is collected during it. */
function allocated(library, shape) {
  const execArgv = ["--expose-gc", "--min-semi-space-size=128", "--max-semi-space-size=128"];
  const child = fork(script, [library, shape], { execArgv });
  return new Promise((resolve, reject) => {
    child.once("message", ({ value }) => resolve(value));
    child.once("exit", (status) => reject(new Error(`the process that measures memory ended with ${status}`)));
  });
}
