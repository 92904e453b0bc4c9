// Publishes to RabbitMQ in a process of its own, whose heap is measured: before, after a warm-up, and at the end. Prints
// one line of JSON. Arguments: the server's address, the address of messages, how many.
import { connectRabbitmq } from "@wirespan/runtime/brokers/rabbitmq";
import { jsonPayload, publish, shape } from "@wirespan/runtime/queue";

const [url, address, total] = process.argv.slice(2);
const window = 200;
const warmUp = 20_000;

const channel = {
  id: "steady",
  address,
  message: jsonPayload("Tick", shape.object({ required: { n: shape.integer(), text: shape.string() } })),
  contentType: "application/json",
  bindings: { amqp: { deliveryMode: 1 } },
  consumer: {},
};
const broker = await connectRabbitmq(url, { name: "steady" });
const text = "x".repeat(200);

async function publishAll(count) {
  for (let sent = 0; sent < count; sent += window) {
    const turn = Array.from({ length: Math.min(window, count - sent) }, (_, i) =>
      publish(broker, channel, { n: sent + i, text }),
    );
    await Promise.all(turn);
  }
}

async function heap() {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed / 2 ** 20;
}

await publishAll(warmUp);
const before = await heap();
process.send?.("warm");
const since = process.hrtime.bigint();
const cpu = process.cpuUsage();
await publishAll(Number(total));
const seconds = Number(process.hrtime.bigint() - since) / 1e9;
const { user, system } = process.cpuUsage(cpu);
const after = await heap();
process.stdout.write(`${JSON.stringify({ before, after, seconds, cpuMicros: (user + system) / Number(total) })}\n`);
await broker.close();
process.disconnect?.();
