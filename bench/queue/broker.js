// One broker: generated code against the raw client at like settings, and batched against one at a time. Each side is a
// process of its own, so that neither runs on code that the other has made slow.
import { figure } from "../lib/figures.js";
import { median, spread } from "../lib/stats.js";
import { startServer } from "./servers.js";
import { startWorker } from "./workers.js";

/** Allowed beside 5 % for what raw clients do not do: ids, headers, results for each message. */
const allowanceUs = 3;

const tasks = { publish: "publish", transient: "publish, not to be written down", consume: "consume" };

/** Starts the broker and both sides. */
export async function prepareBroker(id, { quick }) {
  const { bars, counts, empty, naive = [] } = await import(`./brokers/${id}.js`);
  const server = await startServer(id);
  const workers = [];
  const close = async () => {
    for (const worker of workers) await worker.close();
    await server.stop();
  };
  try {
    for (const side of ["ours", "raw"]) {
      workers.push(startWorker("worker.js", [id, side, server.url]));
      await workers.at(-1).first;
    }
  } catch (error) {
    await close();
    throw error;
  }
  const [ours, raw] = workers;
  const few = (count) => Math.ceil(quick ? count / 10 : count);
  const entries = Object.keys(bars).flatMap((task) => {
    const { batched, single } = counts[task];
    const entry = (name, worker, mode, count) => ({
      id: `${id} ${task} ${name}`,
      async run() {
        // a full queue is slower than an empty one
        await empty(server.url);
        return (await worker.ask({ task, mode, count: few(count) })).value;
      },
    });
    return [
      entry("ours", ours, "batched", batched),
      entry("raw", raw, "batched", batched),
      entry("single", ours, "single", single),
      ...(naive.includes(task) ? [entry("naive", raw, "single", single)] : []),
    ];
  });
  return {
    entries,
    figures: (samples) =>
      Object.entries(bars).flatMap(([task, multiple]) => {
        const of = (name) => samples.get(`${id} ${task} ${name}`);
        return figuresOf(`queue.${id}.${task}`, of, multiple, `${tasks[task]}, ${server.title}`);
      }),
    close,
  };
}

function figuresOf(id, of, multiple, what) {
  const [ours, raw, single, naive = single] = ["ours", "raw", "single", "naive"].map(of);
  const cpu = ours.map((sample) => sample.cpu);
  const rate = ours.map((sample) => sample.rate);
  const pairs = (mine, theirs, ratio) => mine.map((value, round) => ratio(value, theirs[round]));
  const factor = pairs(ours, naive, (batched, one) => batched.rate / one.rate);
  const rateOf = (samples) => Math.round(median(samples.map((sample) => sample.rate)));
  const own = naive === single ? "" : `; ours one at a time, which settles many at once: ${rateOf(single)}`;
  return [
    figure({
      id: `${id}.cpu`,
      value: median(cpu),
      unit: "µs",
      spread: spread(cpu),
      peer: { name: "raw client", value: median(raw.map((sample) => sample.cpu)) },
      ratio: median(pairs(ours, raw, (a, b) => (a.cpu - allowanceUs) / b.cpu)),
      bar: { most: 1.05 },
      note: `CPU of a message of 1 KB, ${what}; the ratio is of what is above ${allowanceUs} µs`,
    }),
    figure({
      id: `${id}.rate`,
      value: median(rate),
      unit: "1/s",
      spread: spread(rate),
      peer: { name: "raw client", value: median(raw.map((sample) => sample.rate)) },
      ratio: median(pairs(ours, raw, (a, b) => a.rate / b.rate)),
      note: "messages a second",
    }),
    figure({
      id: `${id}.batched`,
      value: median(factor),
      unit: "×",
      spread: spread(factor),
      bar: { least: multiple },
      note: `as many messages a second as one at a time, ${rateOf(naive)}${own}`,
    }),
  ];
}
