import { execFile, spawn, type ChildProcess } from "node:child_process";
import { open } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { guardProcess } from "./run.js";

/** A server that we started, in a process group of its own. */
export interface ServerProcess {
  readonly pid: number;
  /** True until it has ended. */
  running(): boolean;
  /** Ends the whole group at once and resolves when the server is gone. */
  kill(): Promise<void>;
}

/** Starts a server whose output goes to a file. The guard ends it with the test run. */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: { readonly log: string; readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<ServerProcess> {
  const log = await open(options.log, "a");
  const child: ChildProcess = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  try {
    const pid = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("spawn", () => resolve(child.pid ?? 0));
    });
    await guardProcess(pid);
    child.unref();
    return {
      pid,
      running: () => child.exitCode === null && child.signalCode === null,
      async kill() {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.ref();
        process.kill(-pid, "SIGKILL");
        await ended;
      },
    };
  } finally {
    await log.close();
  }
}

/** Ports of the loopback interface that nobody listens on. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(0, "127.0.0.1", resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Asks again until there is an answer. @throws when the time is over or `alive` says that it is in vain. */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  { withinMs, alive = () => true }: { readonly withinMs: number; readonly alive?: () => boolean },
): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    if (!alive()) throw new Error(`${what} ended while it was starting`);
    if (Date.now() > until) throw new Error(`${what} was not ready within ${withinMs} ms`);
    await delay(100);
  }
}

const run = promisify(execFile);

/** Installs packages of the distribution. Their services are not started: we start our own. */
export async function aptGet(packages: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const settings = [
    "-qq",
    "-o",
    "DPkg::Lock::Timeout=120",
    "-o",
    "Acquire::Retries=1",
    "-o",
    "Acquire::http::Timeout=15",
  ];
  await run("apt-get", [...settings, "update"], { env, timeout: 120_000 });
  await run("apt-get", [...settings, "install", "-y", "--no-install-recommends", ...packages], {
    env,
    timeout: 300_000,
  });
}
