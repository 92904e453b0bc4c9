import { execFile } from "node:child_process";
import { chmod, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { inPath } from "./in-path.js";
import type { OwnServer, ServiceKind } from "./kind.js";
import { freePorts, startProcess, waitFor, type ServerProcess } from "./processes.js";
import { testRunFolder } from "./run.js";

/** mosquitto, with sessions on disk and without limits of its own. */
export const mosquitto: ServiceKind = {
  id: "mosquitto",
  title: "mosquitto",
  variables: ["MQTT_URL"],
  defaultUrl: "mqtt://127.0.0.1:1883",
  packages: ["mosquitto"],
  probe,
  findBinary: () => inPath("mosquitto"),
  start: (binary) => startMosquitto(binary),
};

/** The installed one; call it only where there is one. */
export function findMosquitto(): string {
  return inPath("mosquitto") ?? "mosquitto";
}

/** Logs in. MQTT has no word for the version, `$SYS` has. */
async function probe(url: string): Promise<string | undefined> {
  const { connectAsync } = await import("mqtt");
  const client = await connectAsync(url, { connectTimeout: 3000, reconnectPeriod: 0 });
  try {
    const version = new Promise<string>((resolve) => client.once("message", (_topic, text) => resolve(String(text))));
    await client.subscribeAsync("$SYS/broker/version");
    const limit = new Promise<string>((resolve) => void setTimeout(resolve, 1000, "of unknown version").unref());
    return (await Promise.race([version, limit])).replace(/^mosquitto version /, "");
  } finally {
    client.end(true);
  }
}

/** Starts one. `settings`: more lines of its configuration; `users`: name and password of those who may connect. */
export async function startMosquitto(
  binary: string,
  settings: readonly string[] = [],
  users: readonly (readonly [name: string, password: string])[] = [],
): Promise<OwnServer> {
  const folder = await mkdtemp(join(await testRunFolder(), "mosquitto-"));
  const [port = 0] = await freePorts(1);
  const [first] = users;
  const url = `mqtt://${first === undefined ? "" : `${first.join(":")}@`}127.0.0.1:${port}`;
  const config = join(folder, "mosquitto.conf");
  const passwords = join(folder, "passwords");
  if (first !== undefined) {
    await writeFile(passwords, users.map((user) => user.join(":")).join("\n") + "\n", { mode: 0o644 });
    await promisify(execFile)("mosquitto_passwd", ["-U", passwords]);
    await chmod(passwords, 0o644);
  }
  const lines = [
    `listener ${port} 127.0.0.1`,
    ...(first === undefined ? ["allow_anonymous true"] : ["allow_anonymous false", `password_file ${passwords}`]),
    "persistence true",
    `persistence_location ${folder}/`,
    "autosave_interval 1",
    "autosave_on_changes true",
    // without it, a window of confirmed messages is slower than one at a time
    "set_tcp_nodelay true",
    // else 20 unacknowledged and 1,000 waiting messages per session, what is more is thrown away
    "max_inflight_messages 0",
    "max_queued_messages 0",
    // else it becomes the user mosquitto, who must not enter the folder of the run
    "user root",
    ...settings,
  ];
  await writeFile(config, `${lines.join("\n")}\n`);
  let server: ServerProcess;
  let version = "";
  async function launch(): Promise<void> {
    server = await startProcess(binary, ["-c", config], {
      log: join(folder, "server.log"),
      cwd: folder,
      env: { PATH: process.env["PATH"], LANG: "C.UTF-8" },
    });
    try {
      version = await waitFor("mosquitto", () => probe(url), { withinMs: 20_000, alive: server.running });
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
