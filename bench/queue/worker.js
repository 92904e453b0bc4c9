// One side of one broker: node worker.js <broker> <ours|raw> <url>. Asked with { task, mode, count } it answers with what
// that cost.
import { createOurs } from "./ours.js";
import { answerWith, measure, startMeasure } from "./workers.js";

const [, , id, side, url] = process.argv;
const broker = await import(`./brokers/${id}.js`);
const client = side === "ours" ? await createOurs(broker, url) : await broker.connectRaw(url);

// until the engine has compiled what runs often, and compiled it again with what it learned: services run for days
for (let round = 0; round < 14; round++) {
  await fillAndConsume(10_000, "batched");
  await fillAndConsume(200, "single");
}

async function fillAndConsume(count, mode) {
  await client.publish(count, "batched", false);
  return consume(count, mode);
}

/** From the first message to the last: subscribing and leaving are not what is measured. */
async function consume(count, mode) {
  let stop;
  let left = count;
  let cost;
  const handled = () => {
    stop ??= startMeasure();
    // the first one was the start
    if (--left === 0) cost = stop(count - 1);
    return left <= 0;
  };
  await client.consume(count, mode, handled);
  return cost;
}

answerWith(async ({ task, mode, count }) => {
  if (task === "consume") return fillAndConsume(count, mode);
  return measure(count, () => client.publish(count, mode, task === "transient"));
});
