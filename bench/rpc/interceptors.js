// What five and ten of the interceptors that come with the runtime cost a call, on each transport.
import { figure } from "../lib/figures.js";
import { median, spread } from "../lib/stats.js";
import { startProcess } from "./pairs.js";

const transports = ["memory", "http2", "grpc-js"];
const counts = ["0", "5", "10"];

/** A process for each, and the differences between them. */
export async function prepare() {
  const all = [...transports.flatMap((id) => counts.map((count) => [id, count])), ["http2", "no-sdk"]];
  const processes = [];
  const close = () => processes.forEach((one) => one.close());
  try {
    for (const args of all) {
      processes.push(startProcess("layers.js", args));
      // one after the other: what is warmed up together is measured together, and gets hot at other times
      await processes.at(-1).first;
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    entries: processes.map((one, i) => ({ id: idOf(...all[i]), run: async () => (await one.ask({})).value })),
    figures: (samples) => [
      ...transports.flatMap((id) => costs(samples, id)),
      tracingWithoutSdk(samples.get(idOf("http2", "0")), samples.get(idOf("http2", "no-sdk"))),
    ],
    close,
  };
}

function idOf(transport, count) {
  return `layers ${transport} ${count}`;
}

/** What layers cost; the bar is held in memory, where nothing else hides it. */
function costs(samples, transport) {
  const none = samples.get(idOf(transport, "0"));
  return ["5", "10"].map((count) => {
    const some = samples.get(idOf(transport, count));
    const cost = some.map((value, round) => value - none[round]);
    return figure({
      id: `rpc.interceptors.${transport}.${count}`,
      value: median(cost),
      unit: "µs",
      spread: spread(cost),
      ...(transport === "memory" && count === "10" ? { bar: { most: 15 } } : {}),
      note: `CPU time of a call of 1 KB: ${median(none).toFixed(1)} µs without, ${median(some).toFixed(1)} with`,
    });
  });
}

function tracingWithoutSdk(plain, traced) {
  const more = traced.map((value, round) => (value / plain[round] - 1) * 100);
  return figure({
    id: "rpc.tracing.no-sdk",
    value: median(more),
    unit: "%",
    spread: spread(more),
    bar: { most: 5 },
    note: `more CPU time of a call of 1 KB over HTTP/2, client and server, where OpenTelemetry has no SDK: ${median(plain).toFixed(1)} µs without, ${median(traced).toFixed(1)} with`,
  });
}
