// The mail service as a process of its own, on a real broker: BROKER_URL=amqp://… node dist/mail.js
import { openBroker } from "./broker.js";
import { startMailService, type Mail } from "./mail-service.js";
import { programTracer, type ProgramSpan } from "./spans.js";

/** What this process tells the one that started it, if any. */
export type MailProcessMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "span"; readonly span: ProgramSpan }
  | { readonly kind: "mail"; readonly mail: Mail };

const tell = (message: MailProcessMessage): void => {
  if (process.send !== undefined) process.send(message);
  else if (message.kind === "mail") console.log(`mail to ${message.mail.to}: ${message.mail.subject}`);
};

const url = process.env["BROKER_URL"];
if (url === undefined) {
  console.error("BROKER_URL is not set: the embedded broker lives inside of one process, so this one needs a real one");
  process.exit(2);
}
const tracer = programTracer("mail", (span) => tell({ kind: "span", span }));
const broker = await openBroker(url, tracer);
const service = await startMailService({ broker, tracer, send: (mail) => tell({ kind: "mail", mail }) });
tell({ kind: "ready" });

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) process.exit(130);
  stopping = true;
  await service.stop();
  await broker.close();
  process.exit(0);
}
process.on("SIGINT", () => void stop());
process.on("SIGTERM", () => void stop());
process.on("disconnect", () => void stop());
