import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { freePorts, startProcess, waitFor, type ServerProcess } from "./processes.js";
import { testRunFolder } from "./run.js";
import type { OwnServer, ServiceKind } from "./kind.js";

/** RabbitMQ by its own launcher: the distribution's wrapper changes to another user, who cannot write to our folder. */
export const rabbitmq: ServiceKind = {
  id: "rabbitmq",
  title: "RabbitMQ",
  variables: ["RABBITMQ_URL"],
  defaultUrl: "amqp://guest:guest@127.0.0.1:5672",
  packages: ["rabbitmq-server"],
  probe,
  findBinary,
  start,
};

/** Logs in. The version, or undefined when nobody is there that lets us. */
async function probe(url: string): Promise<string | undefined> {
  const { connect: open } = await import("amqplib");
  const connection = await open(url, { timeout: 3000 });
  connection.on("error", () => {});
  const { version } = connection.connection.serverProperties;
  await connection.close();
  return typeof version === "string" ? version : "of unknown version";
}

const launcherFolders = ["/usr/lib/rabbitmq/lib", "/usr/local/lib/rabbitmq/lib", "/opt/rabbitmq/lib"];
const launchers = [
  "/usr/lib/rabbitmq/bin/rabbitmq-server",
  "/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server",
  "/usr/local/opt/rabbitmq/sbin/rabbitmq-server",
  "/usr/local/sbin/rabbitmq-server",
];

function findBinary(): string | undefined {
  const versioned = launcherFolders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name, "sbin/rabbitmq-server")));
  return [...versioned, ...launchers].find((path) => existsSync(path));
}

const startAttempts = 3;

async function start(binary: string): Promise<OwnServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(binary);
    } catch (error) {
      // somebody else may have taken a port in between
      if (attempt >= startAttempts) throw error;
    }
  }
}

async function startOnce(binary: string): Promise<OwnServer> {
  const folder = await mkdtemp(join(await testRunFolder(), "rabbitmq-"));
  const [port = 0, distPort = 0, epmdPort = 0] = await freePorts(3);
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  const log = join(folder, "log", "server.log");
  await mkdir(join(folder, "log"));
  await writeFile(join(folder, "enabled_plugins"), "[].\n");
  await writeFile(join(folder, "rabbitmq-env.conf"), "");
  await writeFile(join(folder, "rabbitmq.conf"), "disk_free_limit.absolute = 10MB\nlog.console = false\n");
  const env: NodeJS.ProcessEnv = {
    PATH: process.env["PATH"],
    LANG: "C.UTF-8",
    HOME: folder,
    RABBITMQ_NODENAME: `wirespan-${randomBytes(6).toString("hex")}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    ERL_EPMD_PORT: String(epmdPort),
    RABBITMQ_MNESIA_BASE: join(folder, "data"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
    RABBITMQ_CONF_ENV_FILE: join(folder, "rabbitmq-env.conf"),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    RABBITMQ_PID_FILE: join(folder, "pid"),
    // one core's worth of schedulers that do not spin: tests share the machine
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "+sbwt none +sbwtdcpu none +sbwtdio none",
  };

  // in the foreground and ours: the daemon that Erlang starts by itself would outlive the server
  const epmd = await startProcess(findEpmd(), ["-port", String(epmdPort), "-address", "127.0.0.1"], {
    log,
    cwd: folder,
    env,
  });
  await waitFor("epmd", () => listens(epmdPort), { withinMs: 5000, alive: epmd.running });

  let server: ServerProcess;
  let version = "";
  async function launch(): Promise<void> {
    server = await startProcess(binary, [], { log, cwd: folder, env });
    try {
      version = await waitFor("RabbitMQ", () => probe(url), { withinMs: 60_000, alive: server.running });
    } catch (error) {
      await server.kill();
      const tail = (await readFile(log, "utf8").catch(() => "")).slice(-2000);
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${tail}`, { cause: error });
    }
  }

  try {
    await launch();
  } catch (error) {
    await epmd.kill();
    throw error;
  }
  return {
    url,
    version,
    kill: () => server.kill(),
    restart: async () => {
      await server.kill();
      await launch();
    },
    stop: async () => {
      await server.kill();
      await epmd.kill();
    },
  };
}

/** Beside the Erlang that the launcher finds; `epmd` is not in every PATH. */
function findEpmd(): string {
  const folders = (process.env["PATH"] ?? "").split(":").map((folder) => join(folder, "epmd"));
  const erlang = "/usr/lib/erlang";
  const own = existsSync(erlang)
    ? readdirSync(erlang)
        .filter((name) => name.startsWith("erts-"))
        .map((name) => join(erlang, name, "bin/epmd"))
    : [];
  return [...folders, ...own].find((path) => existsSync(path)) ?? "epmd";
}

function listens(port: number): Promise<true> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", reject);
  });
}
