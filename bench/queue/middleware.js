// What middleware costs a message, on the memory broker: a process for each, and its difference to the one without.
import { figure } from "../lib/figures.js";
import { median, spread } from "../lib/stats.js";
import { startWorker } from "./workers.js";

/** CPU microseconds that each may add to a message that is published and consumed. */
const budgets = { trace: 5, dedupe: 1, metrics: 1 };

/** Starts a process for each, one after the other: what is warmed up together gets hot at other times. */
export async function prepare({ quick }) {
  const workers = [];
  const close = async () => {
    for (const worker of workers) await worker.close();
  };
  const names = ["none", ...Object.keys(budgets)];
  try {
    for (const name of names) {
      workers.push(startWorker("middleware-worker.js", [name]));
      await workers.at(-1).first;
    }
  } catch (error) {
    await close();
    throw error;
  }
  const count = quick ? 5_000 : 20_000;
  return {
    entries: names.map((name, i) => ({
      id: `middleware ${name}`,
      run: async () => (await workers[i].ask({ count })).value.cpu,
    })),
    figures: (samples) => {
      const none = samples.get("middleware none");
      return [
        figure({
          id: "queue.memory.cpu",
          value: median(none),
          unit: "µs",
          spread: spread(none),
          note: "CPU of a message of 1 KB, published and consumed, without middleware",
        }),
        ...Object.entries(budgets).map(([name, most]) => {
          const cost = samples.get(`middleware ${name}`).map((value, round) => value - none[round]);
          return figure({
            id: `queue.middleware.${name}`,
            value: median(cost),
            unit: "µs",
            spread: spread(cost),
            bar: { most },
            note: "more CPU of a message, published and consumed",
          });
        }),
      ];
    },
    close,
  };
}
