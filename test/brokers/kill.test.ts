import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterEach, describe, expect, test } from "vitest";
import { connectRabbitmq } from "../../src/runtime/brokers/rabbitmq.js";
import { encodeMessage } from "../../src/runtime/queue/index.js";
import { provideRabbitmq } from "../support/services.js";
import { killChannel } from "./kill-channel.js";
import { until } from "./contract.js";

const server = await provideRabbitmq();
const children: ChildProcess[] = [];

afterEach(() => children.forEach((child) => child.kill("SIGKILL")));

describe.skipIf(server === undefined)("a consumer killed (-9) mid-handle on RabbitMQ", () => {
  test("M23 loses none of 10,000 messages", { timeout: 60_000 }, async () => {
    const url = server?.url ?? "";
    const program = await bundleConsumer();
    const channel = killChannel(`kill.${randomUUID().slice(0, 8)}`);
    const broker = await connectRabbitmq(url, { exchange: "wirespan-tests" });
    const handled = new Map<number, number>();

    /** Runs a consumer until that many different messages are handled, then kills it in the middle of the next ones. */
    async function consumeUntil(total: number, onReady: () => Promise<void> = () => Promise.resolve()): Promise<void> {
      const child = spawn(process.execPath, [program, url, channel.address], { stdio: ["ignore", "pipe", "inherit"] });
      children.push(child);
      const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      const enough = until(() => handled.size >= total);
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (line === "ready") return void onReady();
        handled.set(Number(line), (handled.get(Number(line)) ?? 0) + 1);
        enough.check();
      });
      await enough.done;
      child.kill("SIGKILL");
      await gone;
    }

    await consumeUntil(1_500, async () => {
      const letters = Array.from({ length: 10_000 }, (_, n) => encodeMessage(channel, { n }));
      const results = await broker.publish(letters);
      expect(results.filter(({ ok }) => !ok)).toEqual([]);
    });
    await consumeUntil(5_000);
    await consumeUntil(10_000);
    expect([...handled.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
    // only what was in flight at a kill may come twice
    const twice = [...handled.values()].filter((times) => times > 1).length;
    expect(twice).toBeLessThanOrEqual(2 * 40);
    await broker.close();
  });
});

/** The consumer as plain JavaScript next to the packages it needs. */
async function bundleConsumer(): Promise<string> {
  const outfile = fileURLToPath(new URL("../../node_modules/.cache/wirespan-tests/kill-consumer.mjs", import.meta.url));
  await build({
    entryPoints: [fileURLToPath(new URL("./kill-consumer.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["amqplib"],
    logLevel: "error",
  });
  return outfile;
}
