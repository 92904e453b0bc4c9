import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { connect } from "./client.js";
import { createTaskRunner, type Task } from "./worker.js";

// Consumers in a process of their own, to be told what to do by lines of JSON, and to be killed.
const [url = "", member = ""] = process.argv.slice(2);

/** Straight to the file: what was said must be out when the process is killed. */
function say(line: object): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      // the pipe is full: the reader is a moment behind
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
    }
  }
}

const broker = await connect(url, { member });
const runner = createTaskRunner(broker, (report) => say({ report }));

/** What the test asks for. */
type Command =
  | { readonly call: number; readonly op: "start"; readonly task: Task }
  | { readonly call: number; readonly op: "drain"; readonly ref: string; readonly withinMs: number };

createInterface({ input: process.stdin }).on("line", (line) => {
  // sound: the test's own lines
  const command = JSON.parse(line) as Command;
  const done = command.op === "start" ? runner.start(command.task) : runner.drain(command.ref, command.withinMs);
  done.then(
    (result) => say({ call: command.call, result: result ?? null }),
    (error: unknown) => say({ call: command.call, error: String(error) }),
  );
});
process.stdin.on("end", () => process.exit(0));

// as a program ends in production
process.once("SIGTERM", () => {
  void runner
    .close()
    .then(() => broker.close())
    .then(() => process.exit(0));
});
say({ ready: true });
