import { execFile, spawn } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { root } from "../support/compile.js";
import { startRabbitmq } from "../support/services.js";

const run = promisify(execFile);

/** A program of its own that does nothing but what is given; `npm run build` comes first. */
function program(body: string): string[] {
  const imports = `import { connectRabbitmq } from "@wirespan/runtime/brokers/rabbitmq";
import { consume, bytesPayload } from "@wirespan/runtime/queue";\n`;
  return ["--input-type=module", "--eval", imports + body];
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("a process that only waits for its broker stays alive", () => {
  test.each([
    ["nobody listens", async () => `amqp://127.0.0.1:${await freePort()}`],
    ["not an address", async () => "foo"],
  ])("connectRabbitmq rejects: %s", async (_name, url) => {
    const body = `await connectRabbitmq(${JSON.stringify(await url())}, { connectWithinMs: 300 }).catch((error) => console.log(error.name, error.code));`;
    const { stdout } = await run(process.execPath, program(body), { cwd: root, timeout: 10_000 });
    expect(stdout).toMatch(/^QueueError (disconnected|usage)\n$/);
  });

  const server = startRabbitmq();
  test("a consumer outlives its broker and goes on when that is back", { timeout: 60_000 }, async (context) => {
    const own = await server;
    if (own === undefined) return context.skip();
    try {
      const body = `
const broker = await connectRabbitmq(${JSON.stringify(own.url)});
const channel = { id: "c", address: "stay.alive", message: bytesPayload, contentType: "application/octet-stream", bindings: {}, consumer: { group: "g", retry: undefined, deadLetter: false } };
await consume(broker, channel, async (body) => console.log("got", Buffer.from(body).toString()));
console.log("ready");
`;
      const child = spawn(process.execPath, program(body), { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => (said += String(chunk)));
      await expect.poll(() => said, { timeout: 15_000 }).toContain("ready");
      await own.kill();
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect(child.exitCode, "still there without its broker").toBe(null);
      await own.restart();
      const publish = `
const broker = await connectRabbitmq(${JSON.stringify(own.url)});
const [result] = await broker.publish([{ address: "stay.alive", id: "1", headers: {}, contentType: "application/octet-stream", body: Buffer.from("again") }]);
if (!result.ok) throw result.error;
await broker.close();
`;
      await expect
        .poll(
          () =>
            run(process.execPath, program(publish), { cwd: root, timeout: 10_000 }).then(
              () => true,
              () => false,
            ),
          { timeout: 20_000 },
        )
        .toBe(true);
      await expect.poll(() => said, { timeout: 15_000 }).toContain("got again");
      child.kill("SIGKILL");
    } finally {
      await own.stop();
    }
  });
});
