// Times and limits that are promised: how soon a peer learns that its caller went away (M2), how exact deadlines are
// (M7), how long a dead server is in the way (M22), and how much a writer gets rid of that nobody reads. The worst of all
// rounds counts.
import { setTimeout as sleep } from "node:timers/promises";
import { figure } from "../lib/figures.js";
import { readBytes } from "./build.js";
import { startPair, startProcess } from "./pairs.js";

const transports = { http2: "wirespan", "grpc-js": "wirespan on grpc-js" };
const deadlineMs = 200;
const floodMs = 500;

/** Pairs of ours, and what they are asked. */
export async function prepare() {
  const megabytes = await sizeOfOrders();
  const pairs = [];
  const close = () => pairs.forEach((pair) => pair.close());
  const entries = [];
  try {
    for (const [transport, stack] of Object.entries(transports)) {
      const pair = await startPair(stack);
      pairs.push(pair);
      const add = (id, run) => entries.push({ id: `${id}.${transport}`, run });
      add("M2.cancel", () => cancel(pair));
      add("M7.deadline", async () => Math.abs((await pair.probe("deadline", { ms: deadlineMs })) - deadlineMs));
      add("M2.flooding-server", async () => {
        await pair.probe("slowReader", { ms: floodMs });
        return (await pair.state()).sent * megabytes;
      });
      add("M2.flooding-client", async () => (await pair.probe("floodingClient", { ms: floodMs })) * megabytes);
    }
    if (await skipsDead(0)) entries.push({ id: "M22.dead.http2", run: () => skipsDead(2_000) });
    else process.stderr.write("rpc: the http2 transport knows one address only, so M22 is not measured\n");
  } catch (error) {
    close();
    throw error;
  }
  return {
    entries,
    figures: (samples) =>
      entries.map(({ id }) => {
        const { bar, unit, note } = promised[id.slice(0, id.lastIndexOf("."))];
        return figure({ id: `rpc.${id}`, value: Math.max(...samples.get(id)), unit, bar, note });
      }),
    close,
  };
}

const promised = {
  "M2.cancel": { unit: "ms", bar: { most: 100 }, note: "from leaving the loop to the handler's signal" },
  "M7.deadline": { unit: "ms", bar: { most: 50 }, note: `beside ${deadlineMs} ms` },
  "M2.flooding-server": { unit: "MB", bar: { most: 2 }, note: "taken from a handler whose caller does not read" },
  "M2.flooding-client": { unit: "MB", bar: { most: 2 }, note: "taken from a caller whose handler does not read" },
  "M22.dead": {
    unit: "ms",
    bar: { most: 1_000 },
    note: "in which calls failed or hung, one of three servers killed",
  },
};

/** Milliseconds until the server knows. */
async function cancel(pair) {
  const left = await pair.probe("cancel");
  for (let waited = 0; waited < 2_000; waited += 5) {
    const { cancelledAt } = await pair.state();
    if (cancelledAt >= left) return cancelledAt - left;
    await sleep(5);
  }
  return Number.POSITIVE_INFINITY;
}

/** Milliseconds in which a dead server of three disturbs calls; undefined where the transport knows but one. */
async function skipsDead(ms) {
  const started = Array.from({ length: 3 }, () => startProcess("server.js", [transports.http2]));
  try {
    const ports = [];
    for (const server of started) ports.push((await server.first).port);
    const client = startProcess("client.js", [transports.http2, String(ports[0])]);
    started.push(client);
    await client.first;
    if (!(await client.ask({ probe: "balance", options: { ports } })).value) return undefined;
    if (ms === 0) return true;
    const { state } = await started[1].ask({});
    if (state.calls === 0) throw new Error("round robin leaves a server out");
    started[1].close();
    return (await client.ask({ probe: "afterDeath", options: { ms } })).value;
  } finally {
    for (const one of started) one.close();
  }
}

async function sizeOfOrders() {
  const all = (await readBytes())["1KB"];
  return all.reduce((sum, { length }) => sum + length, 0) / all.length / 1e6;
}
