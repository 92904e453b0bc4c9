import { describe, expect, test } from "vitest";
import { createMemoryBroker } from "../../../src/runtime/brokers/memory.js";
import {
  consume,
  encodeMessage,
  headersType,
  isQueueError,
  jsonPayload,
  messageUnion,
  publish,
  shape,
  type ChannelInfo,
  type ConsumerEvent,
  type Delivery,
} from "../../../src/runtime/queue/index.js";

interface Headers {
  tenant: string;
  retries?: number;
  tags?: string[];
  constructor$?: string;
}

const headers = headersType({
  typeName: "OrderHeaders",
  shape: shape.object({
    required: { tenant: shape.string({ minLength: 1 }) },
    optional: {
      retries: shape.integer({ minimum: 0 }),
      tags: shape.array({ items: shape.string() }),
      constructor: shape.string(),
    },
    names: { constructor$: "constructor" },
    additional: false,
  }),
  text: ["tenant", "constructor"],
  json: ["retries", "tags"],
});

interface Order {
  id: string;
  ref?: string;
}
const order = jsonPayload<Order>(
  "Order",
  shape.object({ required: { id: shape.string() }, optional: { ref: shape.string() } }),
);
const orders: ChannelInfo<Order> = {
  id: "orders",
  address: "orders",
  message: order,
  contentType: "application/json",
  headers,
  bindings: {},
  consumer: { deadLetter: true },
};

describe("headers that the contract describes", () => {
  test("become texts, and what they were again", () => {
    const sent: Headers = { tenant: "acme", retries: 3, tags: ["a"], constructor$: "x" };
    const { headers: texts } = encodeMessage(orders, { id: "1" }, { headers: sent });
    expect(texts).toMatchObject({ tenant: "acme", retries: "3", tags: '["a"]', constructor: "x" });
    expect(headers.read(texts)).toEqual(sent);
  });

  test("that do not fit are refused before anything is sent", () => {
    expect(() => encodeMessage(orders, { id: "1" }, { headers: { tenant: "a", retries: -1 } })).toThrow(
      "OrderHeaders: retries must be at least 0",
    );
    expect(() => encodeMessage(orders, { id: "1" })).toThrow("OrderHeaders: tenant");
  });

  test("of strangers: another case of a name is found, text where JSON belongs is a fault", () => {
    expect(headers.read({ Tenant: "a", traceparent: "…" })).toEqual({ tenant: "a" });
    expect(() => headers.read({ tenant: "a", retries: "many" })).toThrow("OrderHeaders: retries must be an integer");
    expect(() => headers.read({ tenant: "a", __proto__: "x" })).not.toThrow();
  });

  test("are what handlers get; a message with others is a dead letter", async () => {
    const broker = createMemoryBroker();
    const seen: Headers[] = [];
    const events: ConsumerEvent[] = [];
    const consumer = await consume(
      broker,
      orders,
      async (_order, delivery: Delivery<Order, {}, Headers>) => {
        seen.push(delivery.headers);
      },
      { onEvent: (event) => events.push(event) },
    );
    await publish(broker, orders, { id: "1" }, { headers: { tenant: "acme", retries: 1 } });
    const good = encodeMessage(orders, { id: "2" }, { headers: { tenant: "acme" } });
    await broker.publish([{ ...good, headers: { ...good.headers, tenant: "" } }]);
    await expect.poll(() => events.filter(({ kind }) => kind === "handled" || kind === "dead").length).toBe(2);
    await consumer.drain();
    expect(seen).toEqual([{ tenant: "acme", retries: 1 }]);
    const dead = events.find((event) => event.kind === "dead");
    expect(dead?.kind === "dead" && dead.reason).toBe("invalid");
    expect(dead?.kind === "dead" && isQueueError(dead.error, "invalid")).toBe(true);
    await broker.close();
  });

  test("of several messages are those of the message", () => {
    const channel: ChannelInfo<unknown> = {
      ...orders,
      headers: undefined as never,
      message: messageUnion<unknown>({
        typeName: "u",
        members: [
          { case: "order", name: "Order", type: order as never, contentType: "application/json", headers },
          { case: "other", name: "Other", type: order as never, contentType: "application/json" },
        ],
      }),
    };
    expect(() => encodeMessage(channel, { case: "order", value: { id: "1" } })).toThrow("OrderHeaders");
    expect(encodeMessage(channel, { case: "other", value: { id: "1" } }).headers["x-message-name"]).toBe("Other");
  });
});

describe("correlation ids", () => {
  const at = (correlationId: string): ChannelInfo<Order> => {
    const { headers: _, ...plain } = orders;
    return { ...plain, correlationId };
  };

  test("in a header: the caller's, one already there, else the message's id", () => {
    const channel = at("$message.header#/correlation");
    const sent = (options: object): Readonly<Record<string, string>> =>
      encodeMessage(channel, { id: "1" }, { id: "m1", ...options }).headers;
    expect(sent({})).toMatchObject({ correlation: "m1", "x-correlation-id": "m1" });
    expect(sent({ correlationId: "c" })).toMatchObject({ correlation: "c", "x-correlation-id": "c" });
    expect(sent({ headers: { correlation: "h" } })).toMatchObject({ correlation: "h", "x-correlation-id": "h" });
  });

  test("in the payload: what is there, else the message's id", () => {
    const channel = at("$message.payload#/ref");
    expect(encodeMessage(channel, { id: "1", ref: "r" }, { id: "m" }).headers["x-correlation-id"]).toBe("r");
    expect(encodeMessage(channel, { id: "1" }, { id: "m" }).headers["x-correlation-id"]).toBe("m");
  });

  test("are what handlers see, also of senders that know the contract's header only", async () => {
    const broker = createMemoryBroker();
    const channel = at("$message.header#/correlation");
    const seen: (string | undefined)[] = [];
    const consumer = await consume(
      broker,
      channel,
      async (_message, { correlationId }) => void seen.push(correlationId),
    );
    await publish(broker, channel, { id: "1" }, { correlationId: "ours" });
    const foreign = encodeMessage(channel, { id: "2" });
    await broker.publish([{ ...foreign, headers: { correlation: "theirs" } }]);
    await expect.poll(() => seen).toEqual(["ours", "theirs"]);
    await consumer.drain();
    await broker.close();
  });
});

test("a parameter's value is found in the message where the contract says so", () => {
  const { message, contentType, bindings, consumer } = orders;
  const channel: ChannelInfo<Order, Order, { ref: string }> = {
    id: "orders",
    message,
    contentType,
    bindings,
    consumer,
    address: "orders.{ref}",
    parameters: [{ name: "ref", location: "$message.payload#/ref" }],
  };
  expect(encodeMessage(channel, { id: "1", ref: "eu west" }).address).toBe("orders.eu%20west");
  expect(encodeMessage(channel, { id: "1", ref: "a" }, { params: { ref: "b" } }).address).toBe("orders.b");
  expect(() => encodeMessage(channel, { id: "1" })).toThrow("no value for the parameter ref");
});
