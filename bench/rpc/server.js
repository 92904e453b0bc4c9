// The server of a stack in a process of its own: node server.js <stack>. It says its port, and its CPU time when asked.
import { loadStack } from "./stacks/index.js";

const stack = await loadStack(process.argv[2]);
const { port, state } = await stack.serve();

process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpu: user + system, state });
});
process.on("disconnect", () => process.exit());
process.send({ port });
