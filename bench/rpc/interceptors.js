// What ten of the interceptors that come with the runtime cost a call.
import { figure } from "../lib/figures.js";
import { median, spread } from "../lib/stats.js";
import { startProcess } from "./pairs.js";

/** Two pairs of processes, with layers and without, and the differences between them. */
export async function prepare() {
  const counts = ["0", "10", "http2", "no-sdk"];
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
      const [none, ten, plain, traced] = counts.map((count) => samples.get(`layers ${count}`));
      const cost = ten.map((value, round) => value - none[round]);
      const tracing = traced.map((value, round) => (value / plain[round] - 1) * 100);
      return [
        figure({
          id: "rpc.interceptors.10",
          value: median(cost),
          unit: "µs",
          spread: spread(cost),
          note: `CPU time of a call of 1 KB in memory: ${median(none).toFixed(1)} µs without, ${median(ten).toFixed(1)} with`,
        }),
        figure({
          id: "rpc.tracing.no-sdk",
          value: median(tracing),
          unit: "%",
          spread: spread(tracing),
          bar: { most: 5 },
          note: `more CPU time of a call of 1 KB over HTTP/2, client and server, where OpenTelemetry has no SDK: ${median(plain).toFixed(1)} µs without, ${median(traced).toFixed(1)} with`,
        }),
      ];
    },
    close,
  };
}
