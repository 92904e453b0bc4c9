// What ten of the interceptors that come with the runtime cost a call.
import { figure } from "../lib/figures.js";
import { median, spread } from "../lib/stats.js";
import { startProcess } from "./pairs.js";

/** Two processes, with layers and without, and the difference between them. */
export async function prepare() {
  const counts = ["0", "10"];
  const processes = counts.map((count) => startProcess("layers.js", [count]));
  const close = () => processes.forEach((one) => one.close());
  try {
    for (const one of processes) await one.first;
  } catch (error) {
    close();
    throw error;
  }
  return {
    entries: processes.map((one, i) => ({
      id: `layers ${counts[i]}`,
      run: async () => (await one.ask({})).value,
    })),
    figures: (samples) => {
      const [none, ten] = counts.map((count) => samples.get(`layers ${count}`));
      const cost = ten.map((value, round) => value - none[round]);
      return [
        figure({
          id: "rpc.interceptors.10",
          value: median(cost),
          unit: "µs",
          spread: spread(cost),
          note: `CPU time of a call of 1 KB in memory: ${median(none).toFixed(1)} µs without, ${median(ten).toFixed(1)} with`,
        }),
      ];
    },
    close,
  };
}
