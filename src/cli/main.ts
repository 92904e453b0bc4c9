import { favourShortRun } from "../short-run.js";
import { internalError } from "./internal-error.js";
import type { Io, Output } from "./io.js";
import { run } from "./run.js";

const args = process.argv.slice(2);
// only advice: who writes it in another way waits a little longer for a process that stays
if (!args.some((word) => ["watch", "--watch", "-w"].includes(word))) favourShortRun();

const controller = new AbortController();
let interrupted = false;

/** The first Ctrl-C lets the run end in order, the second does not wait. */
function interrupt(): void {
  if (interrupted) process.exit(130);
  interrupted = true;
  controller.abort();
}

process.on("SIGINT", interrupt);
process.on("SIGTERM", interrupt);
for (const stream of [process.stdout, process.stderr]) {
  // a reader that has seen enough (`| head`) is no fault
  stream.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 70));
}

function output(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    isTTY: stream.isTTY ?? false,
    get columns() {
      return stream.columns ?? 100;
    },
  };
}

const io: Io = {
  cwd: process.cwd(),
  env: process.env,
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  signal: controller.signal,
  now: () => new Date(),
};

process.on("uncaughtException", (error) => process.exit(internalError(io, args, error)));

const code = await run(args, io);
// pipes may be asynchronous: what was written must arrive before the process ends
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write("", () => resolve()))),
);
process.exit(code);
