// Calls, streams and chats: every stack a server and a client process, all alive, slices in turns.
import { figure, missingFigure } from "../lib/figures.js";
import { median, spread } from "../lib/stats.js";
import { hasGo, startGoPair } from "./go.js";
import { startPair } from "./pairs.js";
import { tasks as allTasks } from "./tasks.js";

const ours = ["wirespan", "wirespan on grpc-js"];
const peers = ["grpc-js", "nice-grpc", "connect-node", "fastify JSON"];

/** At most so many times the CPU time of grpc-js with ts-proto, client and server together. */
const bars = { "unary.1KB.c1": 0.6, "unary.1KB.c64": 0.35, "stream.1KB": 0.6, "stream.100B": 0.6 };

/** Pairs that are warm, their entries, and what becomes of the samples. */
export async function prepare({ quick }) {
  const tasks = allTasks.filter((task) => task.quick || !quick);
  const tasksOf = (stack) => (stack === "fastify JSON" ? tasks.filter(({ kind }) => kind === "unary") : tasks);
  const stacks = [...ours, ...peers];
  const pairs = new Map();
  const close = () => pairs.forEach((pair) => pair.close());
  try {
    for (const stack of stacks) pairs.set(stack, await startPair(stack));
    if (hasGo()) pairs.set("grpc-go", await startGoPair());
    else process.stderr.write("rpc: Go is not installed, so nothing is compared with grpc-go\n");
    for (const [stack, pair] of pairs) {
      for (const task of tasksOf(stack)) {
        for (let slice = 0; slice < task.warm; slice++) await pair.run(task);
      }
    }
  } catch (error) {
    close();
    throw error;
  }
  const absent = !pairs.has("grpc-go") && process.env.CI === "true";
  return {
    // the stacks of one task next to each other: what is compared shares the machine's moments
    entries: tasks.flatMap((task) =>
      [...pairs]
        .filter(([stack]) => tasksOf(stack).includes(task))
        .map(([stack, pair]) => ({ id: `${task.id} ${stack}`, run: () => pair.run(task) })),
    ),
    figures: (samples) => [
      ...tasks.flatMap(({ id }) =>
        [...peers, "grpc-go"]
          .filter((peer) => samples.has(`${id} ${peer}`))
          .flatMap((peer) => compare(samples, id, ours[0], peer, `rpc.${id}`)),
      ),
      ...tasks.flatMap(({ id }) => compare(samples, id, ours[1], "grpc-js", `rpc.on-grpc-js.${id}`)),
      ...(absent ? [missingFigure("rpc.grpc-go", "Go is not installed")] : []),
    ],
    close,
  };
}

/** CPU time and rate of ours against a peer; a ratio is the median of those of the rounds. */
function compare(samples, task, own, peer, id) {
  const [a, b] = [own, peer].map((stack) => samples.get(`${task} ${stack}`));
  const most = own === ours[0] && peer === "grpc-js" ? bars[task] : undefined;
  const paired = (key) => median(a.map((sample, round) => sample[key] / b[round][key]));
  const values = (slices, key) => slices.map((slice) => slice[key]);
  const halves = (slices) => ["client", "server"].map((key) => Math.round(median(values(slices, key)))).join(" + ");
  const name = peer === "grpc-js" ? "grpc-js + ts-proto" : peer;
  return [
    figure({
      id: `${id}.cpu`,
      value: median(values(a, "sum")),
      unit: "µs",
      spread: spread(values(a, "sum")),
      peer: { name, value: median(values(b, "sum")) },
      ratio: paired("sum"),
      bar: most === undefined ? undefined : { most },
      note: `client + server: ${halves(a)}, peer ${halves(b)}`,
    }),
    figure({
      id: `${id}.rate`,
      value: median(values(a, "rate")),
      unit: "/s",
      spread: spread(values(a, "rate")),
      peer: { name, value: median(values(b, "rate")) },
      ratio: paired("rate"),
    }),
  ];
}
