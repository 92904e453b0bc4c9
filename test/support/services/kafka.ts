import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { OwnServer, ServiceKind } from "./kind.js";
import { freePorts, startProcess, waitFor, type ServerProcess } from "./processes.js";
import { testRunFolder } from "./run.js";

const run = promisify(execFile);

/** A user that the SASL/PLAIN listener of our servers lets in. */
export const saslUser = { username: "ada", password: "correct-horse" } as const;

/**
 * A real single node in KRaft mode, from Maven. Its address has a fragment with the port of a second listener, which
 * asks for SASL/PLAIN: `kafka://127.0.0.1:9092#sasl=9094`.
 */
function kafkaOf(version: string, variable: string): ServiceKind {
  const folder = join(cacheFolder(), `kafka-${version}`);
  return {
    id: `kafka-${version}`,
    title: `Kafka ${version}`,
    variables: [variable],
    // nobody's default: two versions run beside each other, and one that listens already may be either
    defaultUrl: "",
    packages: [],
    probe,
    findBinary: () => (existsSync(join(folder, "complete")) ? folder : undefined),
    install: () => download(version, folder),
    start: (binary) => start(binary, version),
  };
}

export const kafka3: ServiceKind = kafkaOf("3.9.1", "KAFKA3_URL");
export const kafka4: ServiceKind = kafkaOf("4.1.0", "KAFKA4_URL");

/** Jars are the same for every checkout and every run. */
function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "wirespan-tests");
}

/** The server's own jars and what they need, as Maven resolves them. Empty when it worked, else the reason. */
async function download(version: string, folder: string): Promise<string> {
  for (const program of ["java", "mvn"]) {
    const found = await run(program, ["-version"]).then(
      () => true,
      () => false,
    );
    if (!found) return `${program} is not installed`;
  }
  if (process.env["WIRESPAN_OFFLINE"] === "1") return "not downloaded, and WIRESPAN_OFFLINE=1 forbids to fetch it";
  await mkdir(cacheFolder(), { recursive: true });
  const scratch = await mkdtemp(join(cacheFolder(), "download-"));
  const dependency = (group: string, artifact: string, number: string): string =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${number}</version></dependency>`;
  await writeFile(
    join(scratch, "pom.xml"),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>wirespan.tests</groupId><artifactId>kafka</artifactId><version>1</version><dependencies>
${dependency("org.apache.kafka", "kafka_2.13", version)}
${dependency("org.slf4j", "slf4j-simple", "1.7.36")}
</dependencies></project>\n`,
  );
  try {
    const goal = ["-q", "-B", "dependency:copy-dependencies", `-DoutputDirectory=${join(scratch, "lib")}`];
    await run("mvn", goal, { cwd: scratch, timeout: 240_000 });
    await writeFile(join(scratch, "complete"), version);
    await rename(scratch, folder).catch((error: unknown) => {
      // another run was faster
      if (!existsSync(join(folder, "complete"))) throw error;
    });
    return "";
  } catch (error) {
    const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return `Maven could not fetch it: ${line}`;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Asks for the cluster's metadata. The version is the one we started; the protocol does not tell it. */
async function probe(url: string): Promise<string | undefined> {
  if (url === "") return undefined;
  const { Admin } = await import("@platformatic/kafka");
  const admin = new Admin({
    clientId: "probe",
    bootstrapBrokers: [new URL(url).host],
    retries: 0,
    connectTimeout: 2000,
  });
  try {
    const { brokers } = await admin.metadata({ topics: [] });
    return brokers.size > 0 ? "of unknown version" : undefined;
  } finally {
    await admin.close();
  }
}

async function start(folder: string, version: string): Promise<OwnServer> {
  const home = await mkdtemp(join(await testRunFolder(), "kafka-"));
  const [port = 0, controller = 0, sasl = 0] = await freePorts(3);
  const url = `kafka://127.0.0.1:${port}#sasl=${sasl}`;
  const properties = join(home, "node.properties");
  const { username, password } = saslUser;
  const settings = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controller}`,
    "controller.listener.names": "CONTROLLER",
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller},SASL_PLAINTEXT://127.0.0.1:${sasl}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port},SASL_PLAINTEXT://127.0.0.1:${sasl}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.name.sasl_plaintext.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.sasl_plaintext.plain.sasl.jaas.config": `org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";`,
    "log.dirs": join(home, "data"),
    "auto.create.topics.enable": "false",
    "num.partitions": "1",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "2",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    // one that was killed is let in again once its predecessor is missed
    "broker.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "200",
    "num.network.threads": "2",
    "num.io.threads": "4",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(properties, lines.join(""));
  // short-lived and on a shared machine: no time for the optimising compiler, no threads for collecting
  const java = ["-Xmx400m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", join(folder, "lib", "*")];
  const bytes = randomBytes(16);
  // an id that begins with a hyphen would pass for an option
  bytes[0] = 0;
  const id = bytes.toString("base64url");
  await run("java", [...java, "kafka.tools.StorageTool", "format", "-t", id, "-c", properties], { cwd: home });

  const log = join(home, "server.log");
  let server: ServerProcess;
  async function launch(): Promise<void> {
    server = await startProcess("java", [...java, "kafka.Kafka", properties], { log, cwd: home, env: process.env });
    try {
      await waitFor(`Kafka ${version}`, () => probe(url), { withinMs: 60_000, alive: server.running });
    } catch (error) {
      await server.kill();
      const tail = (await readFile(log, "utf8").catch(() => "")).slice(-2000);
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${tail}`, { cause: error });
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
