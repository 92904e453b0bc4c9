import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createMemoryBroker } from "../../../src/runtime/brokers/memory.js";
import type {
  Broker,
  ChannelInfo,
  Consumer,
  Delivery,
  ReplyInfo,
  ServerInfo,
} from "../../../src/runtime/queue/index.js";
import { isReplyError } from "../../../src/runtime/queue/index.js";
import { emittedModules } from "../../support/load-emitted.js";
import { emitEvents } from "./support.js";

const input = new URL("../../../fixtures/events-requests/input/quotes.events.yaml", import.meta.url);
const { files } = await emitEvents(readFileSync(fileURLToPath(input), "utf8"), {}, "quotes.events.yaml");
const load = emittedModules(files);

type Request = (broker: Broker, ...rest: unknown[]) => Promise<unknown>;
type Reply = (
  broker: Broker,
  handler: (message: never, delivery: Delivery<unknown, { region: string }, object>) => Promise<unknown>,
) => Promise<Consumer>;

test("M17: a request finds its reply: headers with types, the contract's correlation id and place of reply", async () => {
  const module = await load("quotes.events.ts");
  const broker = createMemoryBroker();
  const seen: unknown[] = [];
  const consumer = await (module["replyQuotes"] as Reply)(broker, async (message: { sku: string }, delivery) => {
    const { rawHeaders, correlationId } = delivery;
    seen.push(message, delivery.headers);
    expect(rawHeaders["replyTo"]).toBe(rawHeaders["x-reply-to"]);
    expect(rawHeaders["quoteId"]).toBe(correlationId);
    if (message.sku === "none") throw new Error("no such article");
    return message.sku === "a"
      ? { case: "quote", value: { price: 3 } }
      : { case: "noQuote", value: { reason: "sold" } };
  });
  const ask = module["requestQuotes"] as Request;
  const headers = { tenant: "acme", quoteId: "", dry: true };
  expect(await ask(broker, { sku: "a" }, { headers })).toEqual({ case: "quote", value: { price: 3 } });
  expect(await ask(broker, { sku: "b" }, { headers })).toEqual({ case: "noQuote", value: { reason: "sold" } });
  const failure: unknown = await ask(broker, { sku: "none" }, { headers }).catch((error: unknown) => error);
  expect(isReplyError(failure)).toBe(true);
  expect(seen[0]).toEqual({ sku: "a", count: 1 });
  expect(seen[1]).toMatchObject({ tenant: "acme", dry: true });
  await consumer.drain();
  await broker.close();
});

test("M17: a request to an address whose parameter is in the message, with one of the replies of a channel", async () => {
  const module = await load("quotes.events.ts");
  const broker = createMemoryBroker();
  const consumer = await (module["replyRegional"] as Reply)(broker, async (_message: never, { params, address }) => {
    expect(address).toBe("quotes.eu");
    return { price: params.region.length };
  });
  const ask = module["requestRegional"] as Request;
  const options = { headers: { tenant: "acme" } };
  expect(await ask(broker, {}, { region: "eu", sku: "a" }, options)).toEqual({ price: 2 });
  await expect(ask(broker, {}, { region: "eu", sku: "a" }, { headers: {} })).rejects.toThrow("tenant");
  await consumer.drain();
  await broker.close();
});

test("F7: bindings of senders stand with the channel's, those of receivers with their settings, servers are data", async () => {
  const module = await load("quotes.events.ts");
  const quotes = module["quotes"] as ChannelInfo<unknown>;
  const readings = module["readings"] as ChannelInfo<unknown>;
  expect(quotes.bindings["amqp"]).toMatchObject({
    exchange: { name: "sales", type: "topic" },
    expiration: 60_000,
    deliveryMode: 1,
    cc: ["audit"],
  });
  expect(readings.bindings).toEqual({ mqtt: { qos: 1, retain: true, messageExpiryInterval: 60 } });
  expect(readings.consumer.bindings).toEqual({ mqtt: { qos: 2 } });
  const server = module["sensorsServer"] as ServerInfo;
  expect(server.bindings["mqtt"]).toMatchObject({ clientId: "quotes", keepAlive: 30, lastWill: { qos: 1 } });
  expect((module["mainServer"] as ServerInfo).security).toEqual([
    { name: "login", type: "userPassword" },
    { name: "X509", type: "X509" },
  ]);
  // replies go to the inbox that the request names: the contract's channel has no address of its own
  expect((module["quotesReply"] as ReplyInfo<unknown>).address).toBeUndefined();
});

test("several requests on one channel are named after their operations; a fixed address for replies is kept", async () => {
  const { text } = await emitEvents(`asyncapi: 3.0.0
info: { title: T, version: "1" }
servers: { s: { host: h, protocol: amqp } }
channels:
  calls: { address: calls, messages: { one: { payload: { type: string } }, two: { payload: { type: number } } } }
  answers: { address: answers, messages: { yes: { payload: { type: boolean } } } }
operations:
  first:
    action: receive
    x-dead-letter: {}
    channel: { $ref: '#/channels/calls' }
    messages: [{ $ref: '#/channels/calls/messages/one' }]
    reply: { channel: { $ref: '#/channels/answers' } }
  second:
    action: receive
    x-dead-letter: {}
    channel: { $ref: '#/channels/calls' }
    messages: [{ $ref: '#/channels/calls/messages/two' }]
    reply: { channel: { $ref: '#/channels/answers' } }
`);
  expect(text).toContain("export function requestFirst(");
  expect(text).toContain("export function replySecond(");
  expect(text).toContain('operation: "second",');
  expect(text.match(/address: "answers",/g)).toHaveLength(3);
});
