// A stack's server and client, each in a process of its own.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A pair of Node processes; `run(task)` resolves to what a slice cost, `probe(name, options)` to its answer. */
export async function startPair(stack) {
  const server = startProcess("server.js", [stack]);
  const started = [server];
  const close = () => started.forEach((one) => one.close());
  try {
    const { port } = await server.first;
    const client = startProcess("client.js", [stack, String(port)]);
    started.push(client);
    await client.first;
    return {
      port,
      run: (task) =>
        runSlice(
          task,
          async () => (await client.ask({ task })).value,
          async () => (await server.ask({})).cpu,
        ),
      probe: async (probe, options = {}) => (await client.ask({ probe, options })).value,
      /** What the server side of a probe tells. */
      state: async () => (await server.ask({})).state,
      pid: server.pid,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** CPU microseconds of a call, of the client and of the server, and calls a second. */
export async function runSlice({ calls }, measure, serverCpu) {
  const before = await serverCpu();
  const { cpu, seconds } = await measure();
  const client = cpu / calls;
  const server = ((await serverCpu()) - before) / calls;
  return { client, server, sum: client + server, rate: calls / seconds };
}

/** A program of this folder: `first` is what it says by itself, `ask` its answer to a message. */
export function startProcess(script, args) {
  const child = fork(fileURLToPath(new URL(`./${script}`, import.meta.url)), args);
  const answer = () =>
    new Promise((resolve, reject) => {
      const fail = (status) => reject(new Error(`${script} ${args.join(" ")} ended with ${status}`));
      child.once("exit", fail);
      child.once("message", (message) => {
        child.off("exit", fail);
        if (message.error === undefined) resolve(message);
        else reject(new Error(`${script} ${args.join(" ")}: ${message.error}`));
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
    pid: child.pid,
    close: () => child.kill(),
  };
}
