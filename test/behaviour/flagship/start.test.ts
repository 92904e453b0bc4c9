import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../support/compile.js";
import { provideRabbitmq } from "../../support/services.js";

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an example's start.js; `until` ends the process with SIGINT once stdout holds that text. */
function start(example: string, env: Record<string, string>): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, "examples", example, "start.js")], {
      env: { ...process.env, PORT: "0", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += String(chunk)));
    child.stderr.on("data", (chunk: Buffer) => (stderr += String(chunk)));
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** The tree below `trace <id>`: depth, kind, name and program of each span. */
function traceOf(stdout: string): { readonly id: string; readonly spans: readonly string[] } {
  const [, id = "", tree = ""] = /trace ([0-9a-f]{32})\n([\s\S]*?)\n\n/.exec(stdout) ?? [];
  const spans = tree.split("\n").map((line) => line.replace(/^[ │└├─]+/, "").replace(/\s+/g, " "));
  return { id, spans };
}

const wholeWay = [
  /^server POST \/api\/v1\/users gateway 201/,
  /^client acme\.users\.v1\.UserService\/CreateUser gateway OK/,
  /^server acme\.users\.v1\.UserService\/CreateUser users OK/,
  /^producer publish user\.created users ok/,
  /^consumer process user\.created mail ok/,
];

const server = await provideRabbitmq();

// needs `npm run build`: the commands run as their users run them
describe.sequential("npm start", () => {
  test(
    "M43: embedded: exits 0 when not in a terminal and prints one trace, REST to consumer",
    { timeout: 60_000 },
    async () => {
      const { code, stdout, stderr } = await start("users", {});
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/broker\s+embedded/);
      expect(stdout).toMatch(/201 {2}Location: \/api\/v1\/users\/[0-9a-f-]{36}/);
      const { id, spans } = traceOf(stdout);
      expect(id).toMatch(/^[0-9a-f]{32}$/);
      expect(spans.length).toBe(wholeWay.length);
      wholeWay.forEach((pattern, i) => expect(spans[i]).toMatch(pattern));
      expect(stdout).toMatch(/curl -i http:\/\/127\.0\.0\.1:\d+\/api\/v1\/users/);
      expect(stdout).toMatch(/http:\/\/127\.0\.0\.1:\d+\/docs/);
    },
  );

  test.skipIf(server === undefined)(
    "M43: on RabbitMQ, the mail service a process of its own",
    { timeout: 60_000 },
    async () => {
      const { code, stdout, stderr } = await start("users", { BROKER_URL: server?.url ?? "" });
      expect(code, stderr).toBe(0);
      expect(stdout).not.toMatch(/broker\s+embedded/);
      wholeWay.forEach((pattern, i) => expect(traceOf(stdout).spans[i]).toMatch(pattern));
    },
  );

  test("the chat talks over WebSocket", { timeout: 60_000 }, async () => {
    const { code, stdout, stderr } = await start("chat", {});
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/Ada: Good evening\.\nAda: What is two and two\?\nCharles: Four\./);
  });
});
