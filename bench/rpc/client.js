// The client of a stack in a process of its own: node client.js <stack> <port>. Asked for a task, or for a probe of
// probes.js, it answers with what came of it.
import { probes } from "./probes.js";
import { loadStack } from "./stacks/index.js";
import { checkAnswers, runTask } from "./tasks.js";

const [name, port] = process.argv.slice(2);
const stack = await loadStack(name);
const client = stack.connect(`127.0.0.1:${port}`);
await checkAnswers(stack, client);

process.on("message", ({ task, probe, options }) => {
  const work = probe === undefined ? measure(task) : probes[probe](stack, client, options);
  work.then(
    (value) => process.send({ value }),
    (error) => process.send({ error: error.stack }),
  );
});
process.on("disconnect", () => process.exit());
process.send({ ready: true });

async function measure(task) {
  const before = process.cpuUsage();
  const started = performance.now();
  await runTask(task, stack, client);
  const seconds = (performance.now() - started) / 1e3;
  const { user, system } = process.cpuUsage(before);
  return { cpu: user + system, seconds };
}
