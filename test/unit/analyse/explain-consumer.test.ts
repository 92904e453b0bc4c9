import { expect, test } from "vitest";
import { explainName, type Fact } from "../../../src/analyse/index.js";
import { consumerOrder } from "../../../src/runtime/policy/index.js";
import { link } from "../asyncapi/support.js";
import { modelOf } from "../../support/model.js";

const text = `asyncapi: 3.0.0
info: { title: T, version: "1" }
servers: { s: { host: h, protocol: amqp } }
x-dead-letter: {}
x-retry: { maxAttempts: 7 }
channels:
  orders:
    address: orders.{tenant}
    parameters: { tenant: { location: $message.payload#/tenant } }
    x-consumer: { timeout: PT10S, concurrency: 2 }
    x-retry: { delays: [PT1S, PT5S] }
    bindings: { amqp: { is: routingKey, exchange: { name: x, type: topic } } }
    messages:
      placed:
        correlationId: { location: $message.header#/order }
        payload: { type: object, properties: { tenant: { type: string }, id: { type: string } } }
operations:
  bill:
    action: receive
    channel: { $ref: '#/channels/orders' }
    x-consumer: { concurrency: 8, batch: { size: 10, linger: PT0.5S } }
    x-idempotency-key: $message.payload#/id
    security: [{ type: X509 }]
    bindings: { amqp: { ack: true } }
  place: { action: send, channel: { $ref: '#/channels/orders' } }
`;
const linked = link(text);
const model = { ...modelOf({}).model, events: linked.file === undefined ? [] : [linked.file] };

function facts(name: string): ReadonlyMap<string, string> {
  const found: readonly Fact[] = explainName(model, name).found[0]?.facts ?? [];
  return new Map(
    found.map(({ label, value, level, origin }) => [label, `${value} @ ${level ?? ""}:${origin?.line ?? 0}`]),
  );
}

test("F7: every value in force with who says it and where", () => {
  expect(linked.found).toEqual([]);
  const told = facts("orders");
  expect(told.get("group")).toBe("bill @ :18");
  expect(told.get("concurrency")).toBe("8 @ operation:21");
  expect(told.get("timeout")).toBe("10 s @ channel:10");
  expect(told.get("batch")).toBe("at 10 messages or 500 ms @ operation:21");
  expect(told.get("retry max attempts")).toBe("7 @ document:5");
  expect(told.get("retry delays")).toBe("1 s, 5 s @ channel:11");
  expect(told.get("dead letter")).toBe("the broker's default address @ document:4");
  expect(told.get("idempotency key")).toBe("/id @ operation:22");
  expect(told.get("order")).toBe("none @ built in:0");
  expect(told.get("expires")).toBe("never @ built in:0");
  expect(told.get("parameter tenant")).toBe("any text, found at $message.payload#/tenant @ :9");
  expect(told.get("correlation id")).toBe("$message.header#/order @ :14");
});

test("T14: the stages of a consumer in their order, those that the contract calls for without parentheses", () => {
  expect(facts("orders").get("stages")).toBe(
    "(tracing) → (metrics) → (logging) → recovery → deadLetter → decode → validation → dedupe → retry → timeout → " +
      "(aroundAttempt) → handler @ built in:0",
  );
  expect(consumerOrder.indexOf("deadLetter")).toBeLessThan(consumerOrder.indexOf("retry"));
  expect(consumerOrder.indexOf("decode")).toBeLessThan(consumerOrder.indexOf("dedupe"));
});

test("F7: an operation: its bindings, and who may do it", () => {
  const told = facts("bill");
  expect(told.get("security")).toBe("X509 @ :18");
  expect([...told.keys()]).toContain("amqp binding");
  expect(facts("place").has("stages")).toBe(false);
});
