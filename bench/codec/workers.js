// The processes that measure, and their entries in a run.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("./worker.js", import.meta.url));

/** A process for some tasks of a library, "Lookup encode"; `ask(task, ms)` resolves to CPU nanoseconds per message. */
export async function startWorker(library, tasks) {
  const child = fork(script, [library, ...tasks]);
  const answer = () =>
    new Promise((resolve, reject) => {
      const fail = (status) => reject(new Error(`the process that measures ${library} ended with ${status}`));
      child.once("exit", fail);
      child.once("message", (message) => {
        child.off("exit", fail);
        resolve(message);
      });
    });
  await answer();
  return {
    async ask(task, ms) {
      const result = answer();
      child.send({ task, ms });
      return (await result).value;
    },
    close() {
      child.kill();
    },
  };
}
