// 1,000,000 publishes over one connection: nothing may be opened on the way, and the heap must not grow.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { connect } from "amqplib";
import { figure } from "../lib/figures.js";
import { startServer } from "./servers.js";
import { openTap } from "./tap.js";

const worker = fileURLToPath(new URL("./steady-worker.js", import.meta.url));
const address = "bench.steady";

/** A part of the suite. It runs once, whatever the number of rounds: its figures are bounds, not speeds. */
export async function prepare({ quick }) {
  const count = quick ? 50_000 : 1_000_000;
  const server = await startServer("rabbitmq");
  const tap = await openTap(server.url);
  await prepareQueue(server.url);
  let result;
  return {
    entries: [{ id: "steady", run: async () => (result ??= await run(tap, count)) }],
    figures() {
      const { growth, channels, connections, perSecond, cpuMicros } = result;
      const note = `${count.toLocaleString("en")} publishes, transient, confirmed, ${server.title}`;
      return [
        figure({ id: "queue.steady.heap", value: growth, unit: "MB more", bar: { most: 20 }, note }),
        figure({ id: "queue.steady.channels", value: channels, unit: "opened on the way", bar: { most: 0 } }),
        figure({ id: "queue.steady.connections", value: connections, unit: "in all", bar: { most: 2 } }),
        figure({ id: "queue.steady.rate", value: perSecond, unit: "publishes/s" }),
        figure({ id: "queue.steady.cpu", value: cpuMicros, unit: "µs" }),
      ];
    },
    async close() {
      tap.close();
      await server.stop();
    },
  };
}

/** Somewhere to go for the messages that keeps none of them. */
async function prepareQueue(url) {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  await channel.assertExchange("wirespan", "topic", { durable: true });
  await channel.assertQueue(address, { durable: true, maxLength: 1 });
  await channel.bindQueue(address, "wirespan", address);
  await connection.close();
}

function run(tap, count) {
  return new Promise((resolve, reject) => {
    const child = fork(worker, [tap.url, address, String(count)], {
      execArgv: ["--expose-gc"],
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    let text = "";
    let warm;
    child.stdout.on("data", (chunk) => (text += chunk));
    child.once("message", () => (warm = { ...tap.counts }));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code !== 0 || warm === undefined) return reject(new Error(`${worker} ended with ${code}`));
      const { before, after, seconds, cpuMicros } = JSON.parse(text);
      resolve({
        growth: after - before,
        channels: tap.counts.channels - warm.channels,
        connections: tap.counts.connections,
        perSecond: Math.round(count / seconds),
        cpuMicros,
      });
    });
  });
}
