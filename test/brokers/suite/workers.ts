import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import type { Broker } from "../../../src/runtime/queue/index.js";
import { createTaskRunner, type Report, type Task, type TaskRunner } from "./worker.js";

/** Somebody who runs consumers: a process of the operating system, or a broker object where there is none. */
export interface Worker {
  start(task: Task): Promise<void>;
  drain(ref: string, withinMs: number): Promise<readonly string[]>;
  reports(ref: string, event?: Report["event"]): readonly Report[];
  /** kill -9, or its like. */
  kill(): Promise<void>;
}

/** Waits until the condition holds; fails with its last complaint when it does not in time. */
export async function eventually(check: () => unknown, withinMs = 15_000): Promise<void> {
  for (const end = Date.now() + withinMs; ;) {
    try {
      return void (await check());
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await wait(15);
  }
}

/** A worker inside this process: a broker in memory has no other. */
export function localWorker(broker: Broker): Worker {
  const said: Report[] = [];
  const runner: TaskRunner = createTaskRunner(broker, (report) => said.push(report));
  return {
    start: (task) => runner.start(task),
    drain: (ref, withinMs) => runner.drain(ref, withinMs),
    reports: (ref, event) => reportsOf(said, ref, event),
    kill: () => runner.close(),
  };
}

function reportsOf(all: readonly Report[], ref: string, event: Report["event"] | undefined): readonly Report[] {
  return all.filter((report) => report.ref === ref && (event === undefined || report.event === event));
}

type Line =
  | { readonly ready: true }
  | { readonly report: Report }
  | { readonly call: number; readonly result?: unknown; readonly error?: string };

/** A worker in a process of its own; `program` was made by the bundler. */
export async function processWorker(program: string, url: string, member: string): Promise<Worker> {
  const child = spawn(process.execPath, [program, url, member], { stdio: ["pipe", "pipe", "pipe"] });
  const said: Report[] = [];
  const calls = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let last = 0;
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4_000)));
  // a command on its way to somebody who was killed
  child.stdin.on("error", () => {});
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const ready = new Promise<void>((resolve, reject) => {
    void gone.then(() => {
      const error = new Error(`${member} ended: ${errors}`);
      reject(error);
      for (const call of calls.values()) call.reject(error);
    });
    createInterface({ input: child.stdout }).on("line", (text) => {
      // sound: the program's own lines
      const line = JSON.parse(text) as Line;
      if ("ready" in line) return resolve();
      if ("report" in line) return void said.push(line.report);
      const call = calls.get(line.call);
      calls.delete(line.call);
      if (line.error === undefined) call?.resolve(line.result);
      else call?.reject(new Error(line.error));
    });
  });
  const ask = (command: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const call = ++last;
      calls.set(call, { resolve, reject });
      child.stdin.write(`${JSON.stringify({ ...command, call })}\n`);
    });
  await ready;
  return {
    start: async (task) => void (await ask({ op: "start", task })),
    // sound: what the program answers to this
    drain: async (ref, withinMs) => (await ask({ op: "drain", ref, withinMs })) as readonly string[],
    reports: (ref, event) => reportsOf(said, ref, event),
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
