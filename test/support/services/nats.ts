import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { inPath } from "./in-path.js";
import type { OwnServer, ServiceKind } from "./kind.js";
import { freePorts, startProcess, waitFor, type ServerProcess } from "./processes.js";
import { oncePerRun, testRunFolder } from "./run.js";

/** NATS with JetStream, of the distribution's version: an old one, so that nothing newer is needed. */
export const nats: ServiceKind = {
  id: "nats",
  title: "NATS",
  variables: ["NATS_URL"],
  defaultUrl: "nats://127.0.0.1:4222",
  packages: ["nats-server"],
  probe,
  findBinary: () => inPath("nats-server"),
  start: (binary) => startNats(binary),
};

/** The installed one; call it only where there is one. */
export function findNats(): string {
  return inPath("nats-server") ?? "nats-server";
}

const currentVersion = "v2.15.2";
const cache = fileURLToPath(
  new URL(`../../../node_modules/.cache/wirespan-tests/nats-${currentVersion}/`, import.meta.url),
);

/** The current NATS, built by Go where that is installed; undefined, after one visible line, where it is not. */
export async function startCurrentNats(): Promise<OwnServer | undefined> {
  const binary = join(cache, "nats-server");
  const reason = existsSync(binary) ? "" : await oncePerRun("nats-current", build);
  if (existsSync(binary)) return startNats(binary);
  const line = `NATS ${currentVersion}: ${reason}`;
  if (process.env["CI"] === "true") throw new Error(line);
  console.warn(`skipped: tests on ${line}`);
  return undefined;
}

/** Empty when it worked, else the reason. */
async function build(): Promise<string> {
  if (process.env["WIRESPAN_OFFLINE"] === "1") return "not built, and WIRESPAN_OFFLINE=1 forbids to fetch it";
  const go = inPath("go") ?? ["/usr/local/go/bin/go"].find((path) => existsSync(path));
  if (go === undefined) return "Go is not installed";
  await mkdir(cache, { recursive: true });
  try {
    await promisify(execFile)(go, ["install", `github.com/nats-io/nats-server/v2@${currentVersion}`], {
      env: { ...process.env, GOBIN: cache },
      timeout: 240_000,
    });
    return "";
  } catch (error) {
    const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return `go install failed: ${line}`;
  }
}

/** Connects and asks for JetStream. */
async function probe(url: string): Promise<string | undefined> {
  const { connect } = await import("@nats-io/transport-node");
  const { hostname, port, username, password } = new URL(url);
  const connection = await connect({
    servers: `${hostname}:${port}`,
    timeout: 3000,
    reconnect: false,
    ...(username === "" ? {} : { user: username, pass: password }),
  });
  try {
    return connection.info?.version ?? "of unknown version";
  } finally {
    await connection.close();
  }
}

/** Starts one with its streams in the folder of the run. `args`: more of the server's own. */
export async function startNats(binary: string, args: readonly string[] = []): Promise<OwnServer> {
  const folder = await mkdtemp(join(await testRunFolder(), "nats-"));
  const [port = 0] = await freePorts(1);
  const user = args.indexOf("--user");
  const login = user < 0 ? "" : `${args[user + 1]}:${args[args.indexOf("--pass") + 1]}@`;
  const url = `nats://${login}127.0.0.1:${port}`;
  let server: ServerProcess;
  let version = "";
  async function launch(): Promise<void> {
    server = await startProcess(binary, ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", folder, ...args], {
      log: join(folder, "server.log"),
      cwd: folder,
      env: { PATH: process.env["PATH"], LANG: "C.UTF-8" },
    });
    try {
      version = await waitFor("NATS", () => probe(url), { withinMs: 20_000, alive: server.running });
    } catch (error) {
      await server.kill();
      throw error;
    }
  }
  await launch();
  return {
    url,
    version,
    kill: () => server.kill(),
    restart: async () => {
      await server.kill();
      await launch();
    },
    stop: () => server.kill(),
  };
}
