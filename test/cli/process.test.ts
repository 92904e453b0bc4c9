import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { createProject, helloProto, type Project } from "../support/project.js";

const bin = fileURLToPath(new URL("../../bin/wirespan.js", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when stderr holds these words. */
  said(words: string): Promise<void>;
}

/** The real command, as users start it. */
function wirespan(cwd: string, ...argv: readonly string[]): Running {
  const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env;
  const child = spawn(process.execPath, [bin, ...argv], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  const waiting = new Set<() => void>();
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
    waiting.forEach((look) => look());
  });
  return {
    child,
    ended: new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr }))),
    said: (words) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (stderr.includes(words)) resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

function project(): Project {
  return createProject({ "contracts/hello/v1/hello.proto": helloProto });
}

beforeAll(() => {
  if (!existsSync(new URL("../../dist/cli/main.js", import.meta.url))) throw new Error("npm run build comes first");
});

test("stdout is data, stderr is progress, 0 is well", async () => {
  const { root, list } = project();
  const dry = await wirespan(root, "contracts", "--dry-run").ended;
  expect(dry).toMatchObject({ code: 0, stderr: "" });
  expect(dry.stdout).toMatch(/^create {4}hello\/v1\/hello\.pb\.ts\n/);
  const written = await wirespan(root, "contracts").ended;
  expect(written).toMatchObject({ code: 0, stdout: "" });
  expect(written.stderr).toMatch(/^✓ \d+ files written \d+/);
  expect(list("src/gen")).toContain("hello/v1/hello.rpc.ts");
});

test("1 for findings, 2 for usage, 3 for drift; no stack, no colours in a pipe", async () => {
  const { root, write } = project();
  const drift = await wirespan(root, "check", "contracts").ended;
  expect(drift.code).toBe(3);
  expect((await wirespan(root, "--otu").ended).code).toBe(2);
  write("contracts/hello/v1/hello.proto", helloProto.replace("string name", "strng name"));
  const findings = await wirespan(root, "contracts").ended;
  expect(findings.code).toBe(1);
  expect(findings.stderr).toMatch(/^error E2\d{3}: .*\n {2}--> contracts\/hello\/v1\/hello\.proto:11:3\n/);
  expect(`${drift.stdout}${findings.stderr}`).not.toContain("\x1b[");
  expect(findings.stderr).not.toMatch(/^\s+at /m);
});

test("Ctrl-C ends watch in order: 130", async () => {
  const { root, write, read } = project();
  const { child, ended, said } = wirespan(root, "watch", "contracts");
  await said("watching");
  write("contracts/hello/v1/hello.proto", `${helloProto}message Added {}\n`);
  await said("hello.proto →");
  expect(read("src/gen/hello/v1/hello.pb.ts")).toContain("Added");
  child.kill("SIGINT");
  expect((await ended).code).toBe(130);
});

test("a TypeScript configuration that imports defineConfig works without an installation", async () => {
  const { root } = createProject();
  expect((await wirespan(root, "init").ended).code).toBe(0);
  const { code, stderr } = await wirespan(root).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^✓ \d+ files written/) });
});

test("a reader that has seen enough is no fault", async () => {
  const { root } = project();
  const { child, ended } = wirespan(root, "--help");
  child.stdout?.destroy();
  expect((await ended).stderr).toBe("");
});
