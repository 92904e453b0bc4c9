import { existsSync } from "node:fs";
import { kafka3, kafka4 } from "./services/kafka.js";
import type { OwnServer, ProgramKind, ServiceKind } from "./services/kind.js";
import { mosquitto } from "./services/mosquitto.js";
import { nats } from "./services/nats.js";
import { aptGet } from "./services/processes.js";
import { rabbitmq } from "./services/rabbitmq.js";
import { redis } from "./services/redis.js";
import { oncePerRun } from "./services/run.js";

export type { OwnServer } from "./services/kind.js";

/** A server that tests may use and that others of the run use too: never stop it, use names of your own in it. */
export interface ProvidedService {
  readonly id: string;
  readonly url: string;
  readonly version: string;
  readonly origin: "environment" | "listening" | "installed" | "apt-get" | "downloaded";
}

/** All kinds of servers that tests may need. */
export const serviceKinds: {
  readonly rabbitmq: ServiceKind;
  readonly redis: ServiceKind;
  readonly nats: ServiceKind;
  readonly mosquitto: ServiceKind;
} = { rabbitmq, redis, nats, mosquitto };

/**
 * A RabbitMQ for the tests of this run, brought up on first use: `RABBITMQ_URL`, else one that already listens, else
 * the installed server, else the distribution's package. Undefined, after one visible line, where none can be had;
 * under `CI=true` that is an error.
 *
 * @example
 * const server = await provideRabbitmq();
 * describe.skipIf(server === undefined)("RabbitMQ", () => { … });
 */
export function provideRabbitmq(): Promise<ProvidedService | undefined> {
  return provideService(rabbitmq);
}

/**
 * A RabbitMQ of this test's own, to be killed and restarted. Never one from the environment. Undefined as above;
 * stop it when done.
 */
export function startRabbitmq(): Promise<OwnServer | undefined> {
  return startOwn(rabbitmq);
}

/** The same for Redis: keys of other tests are there too. */
export function provideRedis(): Promise<ProvidedService | undefined> {
  return provideService(redis);
}

/** A Redis of this test's own, to be killed and restarted. */
export function startRedis(): Promise<OwnServer | undefined> {
  return startOwn(redis);
}

/** A Kafka of one version, for the tests of this run, as above: `KAFKA3_URL` or `KAFKA4_URL`, else one from Maven. */
export function provideKafka(version: "3.9.1" | "4.1.0"): Promise<ProvidedService | undefined> {
  return provideService(version === "3.9.1" ? kafka3 : kafka4);
}

/** A Kafka of this test's own, to be killed and restarted. */
export function startKafka(version: "3.9.1" | "4.1.0"): Promise<OwnServer | undefined> {
  return startOwn(version === "3.9.1" ? kafka3 : kafka4);
}

/** The path of a program, installed now if need be. Undefined as above. */
export async function provideProgram(kind: ProgramKind): Promise<string | undefined> {
  const binary = await binaryOf(kind);
  return typeof binary === "object" ? binary.path : missing(kind, binary);
}

interface Outcome {
  readonly service: ProvidedService | null;
  readonly reason: string;
}

/** The same for a server of any kind. */
export async function provideService(kind: ServiceKind): Promise<ProvidedService | undefined> {
  const outcome = await oncePerRun(kind.id, async (): Promise<Outcome> => {
    const found = await find(kind);
    if (found.service !== null) {
      const { version, origin, url } = found.service;
      console.info(`${kind.title} ${version} (${origins[origin]}) at ${withoutPassword(url)}`);
    }
    return found;
  });
  if (outcome.service === null) return missing(kind, outcome.reason);
  return outcome.service;
}

const origins: Readonly<Record<ProvidedService["origin"], string>> = {
  environment: "from the environment",
  listening: "already listening",
  installed: "installed, started for this run",
  "apt-get": "installed with apt-get, started for this run",
  downloaded: "downloaded, started for this run",
};

async function find(kind: ServiceKind): Promise<Outcome> {
  const variable = kind.variables.find((name) => (process.env[name] ?? "") !== "");
  const given = variable === undefined ? undefined : process.env[variable];
  if (given !== undefined) {
    // a wrong address is a mistake to hear about, not a reason to use something else
    const version = await kind.probe(given);
    if (version === undefined) throw new Error(`${variable} names a server that does not answer`);
    return { service: { id: kind.id, url: given, version, origin: "environment" }, reason: "" };
  }
  const listening = await kind.probe(kind.defaultUrl).catch(() => undefined);
  if (listening !== undefined) {
    return { service: { id: kind.id, url: kind.defaultUrl, version: listening, origin: "listening" }, reason: "" };
  }
  const binary = await binaryOf(kind);
  if (typeof binary !== "object") return { service: null, reason: binary };
  const { url, version } = await kind.start(binary.path);
  return { service: { id: kind.id, url, version, origin: binary.origin }, reason: "" };
}

async function startOwn(kind: ServiceKind): Promise<OwnServer | undefined> {
  const binary = await binaryOf(kind);
  return typeof binary === "object" ? kind.start(binary.path) : missing(kind, binary);
}

/** The installed program, installed now if need be, or why there is none. */
async function binaryOf(
  kind: ProgramKind,
): Promise<{ readonly path: string; readonly origin: "installed" | "apt-get" | "downloaded" } | string> {
  const installed = kind.findBinary();
  if (installed !== undefined) return { path: installed, origin: "installed" };
  const reason = await oncePerRun(`apt-${kind.id}`, () => install(kind));
  const path = kind.findBinary();
  return path === undefined ? reason : { path, origin: kind.install === undefined ? "apt-get" : "downloaded" };
}

/** Empty when it worked, else the reason. */
async function install(kind: ProgramKind): Promise<string> {
  if (kind.install !== undefined) return kind.install();
  if (process.env["WIRESPAN_OFFLINE"] === "1") return "not installed, and WIRESPAN_OFFLINE=1 forbids to fetch it";
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
    return `not installed, and only root on Debian can fetch it; set ${kind.variables[0]}`;
  }
  try {
    await aptGet(kind.packages);
    return "apt-get installed no such program";
  } catch (error) {
    const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return `not installed, and apt-get failed: ${line}`;
  }
}

function missing(kind: ProgramKind, reason: string): undefined {
  const line = `${kind.title}: ${reason}`;
  if (process.env["CI"] === "true") throw new Error(line);
  console.warn(`skipped: tests on ${line}`);
  return undefined;
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//");
}
