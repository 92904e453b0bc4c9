import { expect, test } from "vitest";
import { createMemoryBroker } from "../../../src/runtime/brokers/memory.js";
import { cache } from "../../../src/runtime/interceptors/index.js";
import { consume, jsonPayload, publish, shape, type ChannelInfo } from "../../../src/runtime/queue/index.js";
import { chain } from "../../../src/runtime/rpc/index.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { emitOrders, eventually } from "./orders.js";

interface OrderUpdated {
  readonly id: string;
}

const orderUpdated: ChannelInfo<OrderUpdated> = {
  id: "order.updated",
  address: "orders.updated",
  message: jsonPayload<OrderUpdated>("OrderUpdated", shape.object({ required: { id: shape.string() } })),
  contentType: "application/json",
  bindings: {},
  consumer: { group: "orders-cache" },
};

test("M67: an event that is published makes the answers of its methods stale", async () => {
  const emitted = await emitOrders({
    getOrder: { cache: { ttlMs: 60_000, invalidatedBy: ["order.updated"] } },
    placeOrder: { cache: { ttlMs: 60_000 } },
  });
  const broker = createMemoryBroker();
  const answers = cache();
  const transport = createMemoryTransport();
  let calls = 0;
  const answer = (): { total: bigint } => ({ total: BigInt(++calls) });
  emitted.registerOrders(transport, { getOrder: answer, placeOrder: answer }, { chain: chain().use(answers) });
  const client = emitted.createOrdersClient(transport);
  const consumer = await consume(broker, orderUpdated, answers.invalidator("order.updated"));
  const totals = async (): Promise<number[]> => [
    Number((await client.getOrder({ id: "a" })).total),
    Number((await client.placeOrder({})).total),
  ];
  expect([await totals(), await totals()]).toEqual([
    [1, 2],
    [1, 2],
  ]);
  await publish(broker, orderUpdated, { id: "a" });
  await eventually(totals).toEqual([3, 2]);
  expect(await totals()).toEqual([3, 2]);
  await consumer.drain(1_000);
  await broker.close();
});
