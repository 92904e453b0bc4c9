// Our side of any broker: the generated functions, middleware off.
import { emitted } from "./build.js";
import { orderOf } from "./orders.js";

/** Publishes and consumes as programs do. */
export async function createOurs({ connect, window, prefetch }, url) {
  const { consumeOrders, consumeTicks, publishOrders, publishTicks } = await emitted("orders.events.js");
  const broker = await connect(url);
  const plain = { group: "ours", retry: false, deadLetter: false, killSwitch: false };
  // the group's queues exist from here on
  for (const consume of [consumeOrders, consumeTicks]) {
    await (await consume(broker, async () => {}, plain)).drain(1_000);
  }

  async function inTurns(count, publish) {
    for (let sent = 0; sent < count; sent += window) {
      const turn = Math.min(window, count - sent);
      await Promise.all(Array.from({ length: turn }, (_, i) => publish(broker, orderOf(sent + i))));
    }
  }

  return {
    async publish(count, mode, transient) {
      const publish = transient ? publishTicks : publishOrders;
      if (mode === "batched") return inTurns(count, publish);
      for (let i = 0; i < count; i++) await publish(broker, orderOf(i));
    },
    async consume(count, mode, isLast) {
      const sizes =
        mode === "batched" ? { concurrency: prefetch / 2, buffer: prefetch / 2 } : { concurrency: 1, buffer: 0 };
      let done;
      const handled = new Promise((resolve) => (done = resolve));
      const handler = async () => {
        if (isLast()) done();
      };
      const consumer = await consumeOrders(broker, handler, { ...plain, ...sizes });
      await handled;
      // verdicts included
      await consumer.drain(5_000);
    },
  };
}
