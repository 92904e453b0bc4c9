import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { OwnServer, ServiceKind } from "./kind.js";
import { freePorts, startProcess, waitFor, type ServerProcess } from "./processes.js";
import { testRunFolder } from "./run.js";

/** Redis, with every write on disk before it is answered, so that it may be killed. */
export const redis: ServiceKind = {
  id: "redis",
  title: "Redis",
  variables: ["REDIS_URL"],
  defaultUrl: "redis://127.0.0.1:6379",
  packages: ["redis-server"],
  probe,
  findBinary,
  start,
};

/** The version, or undefined when nobody is there that lets us. */
async function probe(url: string): Promise<string | undefined> {
  const { createClient } = await import("redis");
  const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 3000 } });
  // it is thrown as well
  client.on("error", () => {});
  await client.connect();
  try {
    const info = String(await client.sendCommand(["INFO", "server"]));
    return /^redis_version:(\S+)/m.exec(info)?.[1] ?? "of unknown version";
  } finally {
    client.destroy();
  }
}

const folders = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];

function findBinary(): string | undefined {
  const inPath = (process.env["PATH"] ?? "").split(":").filter((folder) => folder !== "");
  return [...inPath, ...folders].map((folder) => join(folder, "redis-server")).find((path) => existsSync(path));
}

async function start(binary: string): Promise<OwnServer> {
  const folder = await mkdtemp(join(await testRunFolder(), "redis-"));
  const [port = 0] = await freePorts(1);
  const url = `redis://127.0.0.1:${port}`;
  let server: ServerProcess;
  let version = "";
  async function launch(): Promise<void> {
    const network = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
    const storage = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
    server = await startProcess(binary, [...network, ...storage], {
      log: join(folder, "server.log"),
      cwd: folder,
      env: { PATH: process.env["PATH"], LANG: "C.UTF-8" },
    });
    try {
      version = await waitFor("Redis", () => probe(url), { withinMs: 20_000, alive: server.running });
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
