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
        bindings: { amqp: { messageType: order } }
        headers: { allOf: [{ $ref: '#/components/schemas/Tenant' }, { properties: { order: { type: string, format: uuid } } }] }
        payload: { type: object, properties: { tenant: { type: string }, id: { type: string } } }
operations:
  bill:
    action: receive
    channel: { $ref: '#/channels/orders' }
    x-consumer: { concurrency: 8, batch: { size: 10, linger: PT0.5S } }
    x-idempotency-key: $message.payload#/id
    security: [{ type: X509 }]
    bindings: { amqp: { ack: true } }
  place: { action: send, channel: { $ref: '#/channels/orders' }, bindings: { amqp: { deliveryMode: 2, priority: 3 } } }
components:
  schemas: { Tenant: { type: object, required: [tenant], properties: { tenant: { enum: [a, b] } } } }
`;
const linked = link(text);
const model = { ...modelOf({}).model, events: linked.file === undefined ? [] : [linked.file] };

function facts(name: string, of = model): ReadonlyMap<string, string> {
  const found: readonly Fact[] = explainName(of, name).found[0]?.facts ?? [];
  return new Map(
    found.map(({ label, value, level, origin }) => [label, `${value} @ ${level ?? ""}:${origin?.line ?? 0}`]),
  );
}

test("F7: every value in force with who says it and where", () => {
  expect(linked.found).toEqual([]);
  const told = facts("orders");
  expect(told.get("group")).toBe("bill @ :20");
  expect(told.get("concurrency")).toBe("8 @ operation:23");
  expect(told.get("timeout")).toBe("10 s @ channel:10");
  expect(told.get("batch")).toBe("at 10 messages or 500 ms @ operation:23");
  expect(told.get("retry max attempts")).toBe("7 @ document:5");
  expect(told.get("retry delays")).toBe("1 s, 5 s @ channel:11");
  expect(told.get("dead letter")).toBe("the broker's default address @ document:4");
  expect(told.get("idempotency key")).toBe("/id @ operation:24");
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
  expect(told.get("security")).toBe("X509 @ :20");
  expect([...told.keys()]).toContain("amqp binding");
  expect(facts("place").has("stages")).toBe(false);
});

test("F7: bindings of operations and messages, headers", () => {
  const told = facts("orders");
  expect(told.get("amqp binding")).toBe('{"is":"routingKey","exchange":{"name":"x","type":"topic"}} @ :7');
  expect(told.get("bill: amqp binding")).toBe('{"ack":true} @ :20');
  expect(told.get("place: amqp binding")).toBe('{"deliveryMode":2,"priority":3} @ :27');
  expect(told.get("message placed: amqp binding")).toBe('{"messageType":"order"} @ :14');
  expect(told.get("headers")).toBe('tenant ("a" | "b", required), order (uuid) @ :14');
});

test("F7: of several messages each says which one it is about", () => {
  const two = text.replace(
    "      placed:\n",
    "      gone: { correlationId: { location: $message.header#/c } }\n      placed:\n",
  );
  const { file } = link(two);
  const told = facts("orders", { ...model, events: file === undefined ? [] : [file] });
  expect(told.get("gone: correlation id")).toBe("$message.header#/c @ :14");
  expect(told.get("placed: correlation id")).toBe("$message.header#/order @ :15");
});

test("F7: over WebSocket there are no groups, retries and stages", () => {
  const { file } = link(`asyncapi: 3.0.0
info: { title: T, version: "1" }
servers: { s: { host: h, protocol: ws } }
channels:
  room: { address: /room, x-websocket: { envelope: true }, messages: { m: { payload: { type: object } } } }
operations:
  hear: { action: receive, channel: { $ref: '#/channels/room' } }
`);
  const ofRoom = { ...model, events: file === undefined ? [] : [file] };
  expect([...facts("room", ofRoom).keys()]).toEqual(["address", "protocol", "message", "websocket", "receive"]);
  expect([...facts("hear", ofRoom).keys()]).toEqual(["receive", "address", "protocol", "message", "websocket"]);
  expect(facts("room", ofRoom).get("websocket")).toBe(
    "the document is the server's, messages travel in an envelope with name and headers @ :5",
  );
});
