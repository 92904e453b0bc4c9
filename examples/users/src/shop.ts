import { fork } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createMetrics, type Logger } from "@wirespan/runtime/interceptors";
import { openBroker } from "./broker.js";
import { startGateway } from "./gateway.js";
import type { MailProcessMessage } from "./mail.js";
import { startMailService, type Mail } from "./mail-service.js";
import { startMetrics } from "./metrics.js";
import type { Running } from "./running.js";
import { programTracer, type ProgramSpan } from "./spans.js";
import { startUserService } from "./user-service.js";

export interface ShopOptions {
  /** Undefined: the embedded broker. */
  readonly brokerUrl: string | undefined;
  readonly gatewayPort: number;
  readonly logger: Logger;
  readonly onSpan: (span: ProgramSpan) => void;
  readonly onMail: (mail: Mail) => void;
}

export interface Shop extends Running {
  readonly gatewayPort: number;
  readonly usersPort: number;
  readonly metricsPort: number;
  readonly broker: string;
}

/** Starts mail service, user service and gateway, the ones that others call first. */
export async function startShop({ brokerUrl, gatewayPort, logger, onSpan, onMail }: ShopOptions): Promise<Shop> {
  const broker = await openBroker(brokerUrl, programTracer("users", onSpan));
  const mail =
    brokerUrl === undefined
      ? await startMailService({ broker, tracer: programTracer("mail", onSpan), send: onMail })
      : await forkMailService(brokerUrl, onSpan, onMail);
  const meter = createMetrics();
  const metrics = await startMetrics(0, meter);
  const users = await startUserService({
    listen: "127.0.0.1:0",
    broker,
    tracer: programTracer("users", onSpan),
    logger,
    meter,
  });
  const gateway = await startGateway({
    port: gatewayPort,
    users: `127.0.0.1:${users.port}`,
    tracer: programTracer("gateway", onSpan),
    documents: await readDocuments(),
  });
  return {
    gatewayPort: gateway.port,
    usersPort: users.port,
    metricsPort: metrics.port,
    broker: brokerUrl === undefined ? "embedded" : (await broker.health()).detail,
    async stop() {
      await gateway.stop();
      await users.stop();
      await metrics.stop();
      await mail.stop();
      await broker.close();
    },
  };
}

/** On a real broker the mail service is a process of its own. */
async function forkMailService(
  brokerUrl: string,
  onSpan: (span: ProgramSpan) => void,
  onMail: (mail: Mail) => void,
): Promise<Running> {
  const child = fork(fileURLToPath(new URL("mail.js", import.meta.url)), {
    env: { ...process.env, BROKER_URL: brokerUrl },
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the mail service ended at once, with code ${code}`)));
    child.on("message", (message: MailProcessMessage) => {
      if (message.kind === "ready") resolve();
      else if (message.kind === "span") onSpan(message.span);
      else onMail(message.mail);
    });
  });
  return {
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** The generated documents, served by the gateway. */
async function readDocuments(): Promise<Record<string, string>> {
  const gen = new URL("../src/gen/", import.meta.url);
  return {
    "/docs": await readFile(new URL("docs/index.html", gen), "utf8"),
    "/openapi.yaml": await readFile(new URL("openapi/acme.users.v1.yaml", gen), "utf8"),
  };
}
