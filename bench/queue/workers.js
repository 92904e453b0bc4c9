// Programs of this folder that answer messages.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** `first` is what it says by itself, `ask` its answer to a message. */
export function startWorker(script, args) {
  const child = fork(fileURLToPath(new URL(`./${script}`, import.meta.url)), args);
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const answer = () =>
    new Promise((resolve, reject) => {
      const fail = (status) => reject(new Error(`${script} ${args.slice(0, 2).join(" ")} ended with ${status}`));
      child.once("exit", fail);
      child.once("message", (message) => {
        child.off("exit", fail);
        if (message.error === undefined) resolve(message);
        else reject(new Error(`${script} ${args.slice(0, 2).join(" ")}: ${message.error}`));
      });
    });
  const first = answer();
  // it is awaited later; a process that ends before must not end this one
  first.catch(() => {});
  return {
    first,
    ask(message) {
      const result = answer();
      child.send(message);
      return result;
    },
    async close() {
      child.kill();
      await gone;
    },
  };
}

/** Answers what a worker is asked; `value` of a rejected one is an error of the run. */
export function answerWith(run) {
  process.on("message", async (message) => {
    try {
      process.send({ value: await run(message) });
    } catch (error) {
      process.send({ error: error instanceof Error ? error.message : String(error) });
    }
  });
  process.send({ value: "ready" });
}

/** CPU microseconds (user and system) of a message, and messages a second. */
export async function measure(count, run) {
  const stop = startMeasure();
  await run();
  return stop(count);
}

/** The same from here until what it returns is called. */
export function startMeasure() {
  const before = process.cpuUsage();
  const start = performance.now();
  return (count) => {
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(before);
    return { cpu: (user + system) / count, rate: count / seconds };
  };
}
