// Starts the shop, drives a few requests through it and shows what happened. BROKER_URL=amqp://… uses RabbitMQ.
import { jsonLogger, type Logger } from "@wirespan/runtime/interceptors";
import type { Mail } from "./mail-service.js";
import { startShop } from "./shop.js";
import { printTrace, type ProgramSpan } from "./spans.js";

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const port = readPort(process.env["PORT"] ?? "8080");
const spans: ProgramSpan[] = [];
const mails: Mail[] = [];
const waiting = new Set<() => void>();
const changed = (): void => waiting.forEach((check) => check());

const shop = await startShop({
  brokerUrl: process.env["BROKER_URL"],
  gatewayPort: port,
  logger: process.env["LOG"] === undefined ? silent : jsonLogger(),
  onSpan(span) {
    spans.push(span);
    changed();
  },
  onMail(mail) {
    mails.push(mail);
    changed();
  },
}).catch((error: Error & { code?: string }) => {
  if (error.code === "EADDRINUSE") console.error(`port ${port} is taken: choose another with PORT=8081 npm start`);
  else console.error(error.message);
  process.exit(2);
});

let stopping = false;
async function stop(code: number): Promise<void> {
  if (stopping) process.exit(130);
  stopping = true;
  await shop.stop();
  process.exit(code);
}
process.on("SIGINT", () => {
  console.log("\nfinishing what is under way … (Ctrl-C again ends at once)");
  void stop(0);
});
process.on("SIGTERM", () => void stop(0));

const base = `http://127.0.0.1:${shop.gatewayPort}`;
console.log(`gateway        ${base}`);
console.log(`user service   grpc://127.0.0.1:${shop.usersPort}`);
console.log(`metrics        http://127.0.0.1:${shop.metricsPort}/metrics`);
console.log(`broker         ${shop.broker}`);

try {
  await demonstrate();
  printNextSteps();
} catch (error) {
  console.error(error);
  await stop(1);
}
if (process.stdout.isTTY !== true || process.stdin.isTTY !== true) await stop(0);
else console.log("\nrunning; Ctrl-C stops");

function readPort(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  console.error(`PORT is ${JSON.stringify(text)}, not a number from 0 to 65535`);
  process.exit(2);
}

async function demonstrate(): Promise<void> {
  const ada = { name: "Ada Lovelace", email: "ada@example.com", plan: "PLAN_PRO" };
  const created = await show("POST", "/api/v1/users", ada);
  const { id } = JSON.parse(created) as { id: string };
  await show("GET", `/api/v1/users/${id}`);
  await show("GET", "/api/v1/users?name=Ada&plans=PLAN_PRO&limit=10");
  await show("POST", "/api/v1/users", ada);
  await show("GET", "/api/v1/users/nobody");

  const traceId = spans.find(({ name, kind }) => kind === "server" && name.includes("/api/v1/users"))?.traceId ?? "";
  const ofTrace = (): ProgramSpan[] => spans.filter((span) => span.traceId === traceId);
  await until(() => mails.length > 0 && ofTrace().some(({ program }) => program === "mail"));
  console.log(`\nmail to ${mails[0]?.to}: ${mails[0]?.subject}\n\nwhat the first request did, REST to consumer:\n`);
  console.log(printTrace(ofTrace()));
}

/** Sends a request and prints it with its answer; gives the body of the answer. */
async function show(method: string, path: string, body?: object): Promise<string> {
  const init =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(`${base}${path}`, { method, ...init });
  const text = (await response.text()).trimEnd();
  const location = response.headers.get("location");
  console.log(`\n${method} ${path}\n  ${response.status}${location === null ? "" : `  Location: ${location}`}`);
  console.log(text.replace(/^/gm, "  "));
  return text;
}

async function until(condition: () => boolean): Promise<void> {
  const limit = Date.now() + 10_000;
  while (!condition()) {
    const left = limit - Date.now();
    if (left <= 0) throw new Error("the mail did not arrive within 10 seconds");
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        waiting.delete(wake);
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(wake, left);
      waiting.add(wake);
    });
  }
}

function printNextSteps(): void {
  console.log(`
try next
  curl -i ${base}/api/v1/users -H 'content-type: application/json' -d '{"name":"Grace","email":"grace@example.com"}'
  curl ${base}/api/v1/users                 # one user a line, as they are found
  curl -N -H 'accept: text/event-stream' ${base}/api/v1/users
  open ${base}/docs                         # REST, gRPC and events on one page
  curl http://127.0.0.1:${shop.metricsPort}/metrics              # what Prometheus scrapes
  less examples/users/src/gen/acme/users/v1/users.rpc.ts
  BROKER_URL=amqp://localhost npm start     # the same programs on RabbitMQ`);
}
