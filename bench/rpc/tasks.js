// What is measured, and how a client does it. Slices are numbers of calls and not times: on a busy machine a time would
// hold few calls, and those of the slow stacks would never get warm.
import { isDeepStrictEqual } from "node:util";

/**
 * The tasks. `inFlight` calls at a time, `calls` to a slice, `warm` slices before anything counts: most where many calls
 * are under way, which is the quickest way to get the engine to compile what the other tasks run, too. A look takes
 * those that are `quick`.
 */
export const tasks = [
  { id: "unary.1KB.c64", kind: "unary", size: "1KB", inFlight: 64, calls: 2_000, warm: 5, quick: true },
  { id: "unary.1KB.c1", kind: "unary", size: "1KB", inFlight: 1, calls: 600, warm: 10, quick: true },
  { id: "unary.10KB.c64", kind: "unary", size: "10KB", inFlight: 64, calls: 300, warm: 2 },
  { id: "unary.10KB.c1", kind: "unary", size: "10KB", inFlight: 1, calls: 100, warm: 1 },
  { id: "unary.100KB.c64", kind: "unary", size: "100KB", inFlight: 64, calls: 64, warm: 1, quick: true },
  { id: "unary.100KB.c1", kind: "unary", size: "100KB", inFlight: 1, calls: 25, warm: 1 },
  { id: "stream.1KB", kind: "stream", size: "1KB", inFlight: 1, calls: 10_000, warm: 2, quick: true },
  { id: "stream.100B", kind: "stream", size: "100B", inFlight: 1, calls: 10_000, warm: 1 },
  { id: "chat.1KB", kind: "chat", size: "1KB", inFlight: 1, calls: 500, warm: 2, quick: true },
];

const runs = { unary: runUnary, stream: runStream, chat: runChat };

/** A slice of a task: calls, messages of a stream, or round trips of a chat. */
export function runTask(task, stack, client) {
  return runs[task.kind](task, stack.orders[task.size], client);
}

/** Other answers would be other work. */
export async function checkAnswers(stack, client) {
  for (const [size, [order]] of Object.entries(stack.orders)) {
    if (!isDeepStrictEqual(await client.echo(order), order)) throw new Error(`an order of ${size} came back otherwise`);
  }
}

async function runUnary({ inFlight, calls }, orders, client) {
  let started = 0;
  const caller = async () => {
    while (started < calls) await client.echo(orders[started++ % orders.length]);
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
}

async function runStream({ size, calls }, _orders, client) {
  const received = await client.watch(calls, size);
  if (received !== calls) throw new Error(`${received} messages instead of ${calls}`);
}

async function runChat({ calls }, orders, client) {
  const chat = client.chat();
  for (let i = 0; i < calls; i++) {
    const order = orders[i % orders.length];
    const answer = await chat.send(order);
    if (answer.orderId !== order.orderId) throw new Error("another order came back");
  }
  await chat.end();
}
