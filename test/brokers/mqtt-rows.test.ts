import { randomUUID } from "node:crypto";
import { connectAsync, type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";
import { afterAll, describe, expect, test } from "vitest";
import { connectMqtt, type MqttOptions } from "../../src/runtime/brokers/mqtt.js";
import { sharedFilter, shortHash } from "../../src/runtime/brokers/mqtt/topics.js";
import {
  consume,
  PermanentError,
  publish,
  type Broker,
  type BrokerConsumer,
  type BrokerDelivery,
  type ConsumerEvent,
  type OutgoingMessage,
} from "../../src/runtime/queue/index.js";
import { openProxy } from "../support/proxy.js";
import { provideService, serviceKinds } from "../support/services.js";
import { channelOf } from "./suite/worker.js";
import { eventually } from "./suite/workers.js";

const server = await provideService(serviceKinds.mosquitto);
const url = server?.url ?? "";

const letter = (address: string, n: number | string, more: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  address,
  id: `m${n}`,
  headers: {},
  contentType: "text/plain",
  body: new TextEncoder().encode(String(n)),
  ...more,
});
const textOf = ({ body }: { readonly body: Uint8Array }): string => new TextDecoder().decode(body);
const unique = (): string => `rows/${randomUUID().slice(0, 8)}`;
const numbers = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => String(n));

describe.skipIf(server === undefined).concurrent("MQTT", () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  async function open(options: MqttOptions = {}): Promise<Broker> {
    const broker = await connectMqtt(url, options);
    closers.push(() => broker.close());
    return broker;
  }

  /** Another client, as its documentation shows it. */
  async function raw(options: IClientOptions = {}): Promise<MqttClient> {
    const client = await connectAsync(url, { protocolVersion: 5, ...options });
    closers.push(() => client.endAsync(true));
    return client;
  }

  interface Taken {
    readonly got: BrokerDelivery[];
    readonly consumer: BrokerConsumer;
  }

  /** Consumes, and acknowledges unless told otherwise. */
  async function take(
    broker: Broker,
    address: string,
    more: { qos?: number; hold?: boolean; prefetch?: number; group?: string } = {},
  ): Promise<Taken> {
    const got: BrokerDelivery[] = [];
    const { qos, hold = false, prefetch = 1_000, group = "g" } = more;
    const bindings = qos === undefined ? {} : { mqtt: { qos } };
    const consumer = await broker.consume({ address, group, prefetch, bindings }, (batch) => {
      got.push(...batch);
      if (!hold) for (const delivery of batch) void delivery.ack();
    });
    return { got, consumer };
  }

  const learn = (broker: Broker, address: string, mqtt: Readonly<Record<string, unknown>>): Promise<void> =>
    broker.ensure({ addresses: [{ address, groups: [], bindings: { mqtt } }] });

  test.each([0, 1, 2])("M26: QoS %i of the contract's bindings, both ways", async (qos) => {
    const broker = await open();
    const address = unique();
    await learn(broker, address, { qos });
    const { got } = await take(broker, address, { qos });
    const levels: number[] = [];
    const other = await raw();
    other.on("message", (_topic, _text, packet) => levels.push(packet.qos));
    await other.subscribeAsync(address, { qos: 2 });
    const results = await broker.publish(numbers(50).map((n) => letter(address, n)));
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    await eventually(() => expect(got.map(textOf)).toEqual(numbers(50)));
    await eventually(() => expect(levels).toEqual(numbers(50).map(() => qos)));
  });

  test.each([1, 2])(
    "M26: QoS %i: what had no verdict comes again, though the library has acknowledged it",
    async (qos) => {
      const clientId = `crash-${randomUUID().slice(0, 8)}`;
      const first = await open({ clientId, membersTopic: false });
      const address = unique();
      await learn(first, address, { qos });
      const { got, consumer } = await take(first, address, { qos, hold: true });
      await first.publish(numbers(20).map((n) => letter(address, n)));
      await eventually(() => expect(got).toHaveLength(20));
      for (const delivery of got.slice(0, 5)) await delivery.ack();
      expect((await consumer.drain(0)).map(textOf)).toEqual(numbers(20).slice(5));
      await expect(got[5]?.ack()).rejects.toMatchObject({ code: "too_late" });
      await first.close();
      const second = await open({ clientId, membersTopic: false });
      const again = await take(second, address, { qos });
      await eventually(() => expect(again.got.map(textOf)).toEqual(numbers(20).slice(5)));
      expect(again.got.every(({ redelivered }) => redelivered)).toBe(true);
    },
  );

  test("M26: many deliveries wait unacknowledged, a publish in a handler does not hang, pings go on", async () => {
    const broker = await open({ keepaliveSeconds: 1 });
    const [address, next] = [unique(), unique()];
    const { got } = await take(broker, address, { hold: true });
    const onward = await take(broker, next);
    await broker.publish(numbers(200).map((n) => letter(address, n)));
    await eventually(() => expect(got).toHaveLength(200));
    const published = await Promise.all(
      got.slice(0, 10).map((delivery) => broker.publish([letter(next, delivery.id)])),
    );
    expect(published.flat().every(({ ok }) => ok)).toBe(true);
    await eventually(() => expect(onward.got).toHaveLength(10));
    // more than one and a half times keepalive: the server would have cut it
    await new Promise((resolve) => setTimeout(resolve, 1_800));
    expect(await broker.health()).toMatchObject({ ok: true });
    for (const delivery of got.reverse()) await delivery.ack();
  });

  test("M26: one message that waits long does not use up what the server sends unacknowledged", async () => {
    const broker = await open();
    const address = unique();
    const done: string[] = [];
    const first: BrokerDelivery[] = [];
    await broker.consume({ address, group: "g", prefetch: 4 }, (batch) => {
      for (const delivery of batch) {
        if (textOf(delivery) === "0" && first.push(delivery)) continue;
        done.push(textOf(delivery));
        void delivery.ack();
      }
    });
    // the window is the prefetch and room for 256 retries
    await broker.publish(numbers(1_000).map((n) => letter(address, n)));
    await eventually(() => expect(done).toEqual(numbers(1_000).slice(1)), 5_000);
    await first[0]?.ack();
  });

  test("M26: a retained message is there for those who come later", async () => {
    const broker = await open();
    const address = unique();
    await learn(broker, address, { retain: true });
    await broker.publish([letter(address, 1), letter(address, 2)]);
    const { got } = await take(await open(), address);
    await eventually(() => expect(got.map(textOf)).toEqual(["2"]));
    const other = await raw();
    await other.publishAsync(address, "", { retain: true });
  });

  test("M26: persistent session: QoS 1 messages sent while offline arrive after the restart", async () => {
    const clientId = `offline-${randomUUID().slice(0, 8)}`;
    const address = unique();
    const first = await open({ clientId });
    const before = await take(first, address);
    const sender = await open();
    await sender.publish([letter(address, "before")]);
    await eventually(() => expect(before.got).toHaveLength(1));
    await first.close();
    await sender.publish(numbers(100).map((n) => letter(address, n)));
    const after = await take(await open({ clientId }), address);
    await eventually(() => expect(after.got.map(textOf)).toEqual(numbers(100)));
  });

  test("M26: shared subscriptions: the session of a member that never returns goes to another one", async () => {
    const address = unique();
    const gone = await open();
    const { got } = await take(gone, address, { hold: true });
    const sender = await open();
    await sender.publish(numbers(30).map((n) => letter(address, n)));
    await eventually(() => expect(got).toHaveLength(30));
    await gone.close();
    await sender.publish([letter(address, "late")]);
    const heir = await take(await open(), address);
    await eventually(() => expect(heir.got.map(textOf).sort()).toEqual([...numbers(30), "late"].sort()));
    // nothing is left behind that would get a share of what comes
    await eventually(async () => {
      heir.got.length = 0;
      await sender.publish(numbers(20).map((n) => letter(address, n)));
      await eventually(() => expect(heir.got.map(textOf)).toEqual(numbers(20)), 300);
    });
  });

  test("M26: only sessions of the group's own members are taken over, whatever is said of others", async () => {
    const broker = await open();
    const address = unique();
    await take(broker, address);
    const hash = shortHash(sharedFilter("g", address));
    const topic = `wirespan/members/${hash}`;
    const victim = await raw({ clientId: `victim-${randomUUID().slice(0, 8)}`, reconnectPeriod: 0 });
    const other = await raw();
    const said = new Map<string, string>();
    other.on("message", (at, text) => said.set(at.slice(topic.length + 1), text.toString()));
    await other.subscribeAsync(`${topic}/+`);
    const member = `someone-${hash}-0`;
    for (const id of [victim.options.clientId ?? "", member]) {
      await other.publishAsync(`${topic}/${id}`, "gone", { retain: true, qos: 1 });
    }
    // the one that could be a member was looked for, and is no more
    await eventually(() => expect(said.get(member)).toBe(""));
    expect(said.get(victim.options.clientId ?? "")).toBe("gone");
    expect(victim.connected).toBe(true);
    await other.publishAsync(`${topic}/${victim.options.clientId}`, "", { retain: true });
  });

  test("M26: MQTT 5 has a property for what others know; replies go where a plain client asks for them", async () => {
    const broker = await open();
    const address = unique();
    const other = await raw();
    const packets: IPublishPacket[] = [];
    other.on("packetreceive", (packet) => packet.cmd === "publish" && packets.push(packet));
    await other.subscribeAsync(address, { qos: 1 });
    const headers = { "x-correlation-id": "c1", "x-reply-to": "answers/1", "x-dead-stack": "a\n  b%000A\u0000" };
    const expiresAt = Date.now() + 60_000;
    await broker.publish([letter(address, 1, { headers, key: "k", contentType: "application/json", expiresAt })]);
    await eventually(() => expect(packets).toHaveLength(1));
    expect(packets[0]?.properties).toMatchObject({ contentType: "application/json", responseTopic: "answers/1" });
    expect(String(packets[0]?.properties?.correlationData)).toBe("c1");
    expect(packets[0]?.properties?.messageExpiryInterval).toBeGreaterThan(50);
    const { got } = await take(broker, address);
    await broker.publish([letter(address, 2, { headers, key: "k", expiresAt })]);
    await other.publishAsync(address, "3", {
      properties: { responseTopic: "r/3", correlationData: Buffer.from("c3") },
    });
    await eventually(() => expect(got).toHaveLength(2));
    expect(got[0]).toMatchObject({ id: "m2", key: "k", expiresAt });
    expect(got[0]?.headers).toMatchObject(headers);
    expect(got[1]?.headers).toMatchObject({ "x-reply-to": "r/3", "x-correlation-id": "c3" });
  });

  test("M26: 3.1.1: headers travel in a JSON envelope, other clients' payloads are taken as they are", async () => {
    const broker = await open({ protocolVersion: 4 });
    expect(broker.capabilities).toMatchObject({ headers: true, requestReply: false });
    expect(broker.openInbox).toBe(undefined);
    const address = unique();
    const { got } = await take(broker, address);
    const other = await raw({ protocolVersion: 4 });
    const payloads: string[] = [];
    other.on("message", (_topic, text) => payloads.push(text.toString()));
    await other.subscribeAsync(address, { qos: 1 });
    const headers = { traceparent: "00-x", "x-a": "ä\n☃", constructor: "data" };
    const binary = new Uint8Array([0, 255, 1, 254]);
    await broker.publish([
      letter(address, 1, { headers, key: "k", contentType: "application/json", body: Buffer.from('{"n":1}') }),
      letter(address, 2, { body: binary }),
    ]);
    await other.publishAsync(address, "plain", { qos: 1 });
    await other.publishAsync(address, '{"$envelope":1,"oops', { qos: 1 });
    await eventually(() => expect(got).toHaveLength(4));
    expect(got[0]).toMatchObject({ id: "m1", key: "k", contentType: "application/json" });
    expect({ ...got[0]?.headers }).toMatchObject(headers);
    expect(textOf(got[0] ?? { body: binary })).toBe('{"n":1}');
    expect([...(got[1]?.body ?? [])]).toEqual([...binary]);
    expect(got.slice(2).map(textOf)).toEqual(["plain", '{"$envelope":1,"oops']);
    expect(JSON.parse(payloads[0] ?? "")).toMatchObject({ $envelope: 1, id: "m1", headers, text: '{"n":1}' });
    const bare = await open({ protocolVersion: 4, envelope: "none" });
    expect(bare.capabilities.headers).toBe(false);
    await bare.publish([letter(address, "bare")]);
    await eventually(() => expect(payloads.at(-1)).toBe("bare"));
  });

  test("M26: nobody has subscribed: an error where that was asked for, else none", async () => {
    const address = unique();
    expect(await (await open()).publish([letter(address, 1)])).toMatchObject([{ ok: true }]);
    const strict = await open({ requireSubscribers: true });
    expect(await strict.publish([letter(address, 1)])).toMatchObject([{ ok: false, error: { code: "unroutable" } }]);
    await take(strict, address);
    expect(await strict.publish([letter(address, 1)])).toMatchObject([{ ok: true }]);
    expect(await strict.publish([letter(`${address}/+`, 1)])).toMatchObject([{ ok: false, error: { code: "usage" } }]);
    await expect(connectMqtt("http://localhost")).rejects.toMatchObject({ code: "usage" });
  });

  test("M26 M38: a dead letter that nobody has subscribed to is not lost: the message comes again until somebody has", async () => {
    const broker = await open();
    const address = unique();
    const channel = { ...channelOf({ address }), consumer: { group: "g" } };
    const events: ConsumerEvent[] = [];
    const good: number[] = [];
    const consumer = await consume(
      broker,
      channel,
      async ({ n }) => {
        if (n < 0) throw new PermanentError("poison");
        good.push(n);
      },
      { deadLetter: true, buffer: 4, onEvent: (event) => events.push(event) },
    );
    for (const n of numbers(20)) await publish(broker, channel, { n: -1 - Number(n) }, { id: `poison-${n}` });
    await publish(broker, channel, { n: 1 });
    // they hold nobody up meanwhile
    await eventually(() => expect(good).toEqual([1]));
    await eventually(() => expect(events.map(({ kind }) => kind)).toContain("unsettled"));
    expect(events.find(({ kind }) => kind === "unsettled")).toMatchObject({ error: { code: "unroutable" } });
    expect(events.map(({ kind }) => kind)).not.toContain("dead");
    const { got } = await take(broker, `${address}/g/dead`, { group: "" });
    await eventually(() => {
      expect(new Set(got.map(({ id }) => id))).toEqual(new Set(numbers(20).map((n) => `poison-${n}`)));
      expect(events.filter(({ kind }) => kind === "dead")).toHaveLength(20);
    });
    expect(got[0]?.headers["x-dead-reason"]).toBe("permanent: poison");
    await consumer.drain(500);
  });

  test("M26: a server that forgot the session begins anew: verdicts are too late, its next messages are new ones", async () => {
    const proxy = await openProxy(url);
    closers.push(async () => proxy.close());
    const broker = await connectMqtt(proxy.url, { sessionExpirySeconds: 1, membersTopic: false });
    closers.push(() => broker.close());
    const address = unique();
    const { got } = await take(broker, address, { hold: true });
    const sender = await open();
    await sender.publish(numbers(3).map((n) => letter(address, `old-${n}`)));
    await eventually(() => expect(got).toHaveLength(3));
    proxy.block(true);
    proxy.cut();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    proxy.block(false);
    await eventually(async () => expect(await broker.health()).toMatchObject({ ok: true }));
    await expect(got[0]?.ack()).rejects.toMatchObject({ code: "too_late" });
    // their numbers are those of the ones before
    await sender.publish(numbers(3).map((n) => letter(address, `new-${n}`)));
    await eventually(() => expect(got.slice(3).map(textOf)).toEqual(numbers(3).map((n) => `new-${n}`)));
  });

  test("M26: a consumer that leaves acknowledges what is done behind what is not, at once", async () => {
    const clientId = `leaves-${randomUUID().slice(0, 8)}`;
    const first = await open({ clientId, membersTopic: false });
    const address = unique();
    const { got, consumer } = await take(first, address, { hold: true });
    await first.publish(numbers(5).map((n) => letter(address, n)));
    await eventually(() => expect(got).toHaveLength(5));
    for (const delivery of got.slice(1)) void delivery.ack();
    expect((await consumer.drain(0)).map(textOf)).toEqual(["0"]);
    await first.close();
    const second = await open({ clientId, membersTopic: false });
    const again = await take(second, address);
    await second.publish([letter(address, "next")]);
    await eventually(() => expect(again.got.map(textOf)).toContain("next"));
    expect(again.got.map(textOf)).toEqual(["0", "next"]);
  });

  test("M26: the last will of the publishing connection", async () => {
    const topic = unique();
    const other = await raw();
    const said: string[] = [];
    other.on("message", (_topic, text) => said.push(text.toString()));
    await other.subscribeAsync(topic);
    const clientId = `will-${randomUUID().slice(0, 8)}`;
    await open({ clientId, will: { topic, body: "gone" } });
    // somebody takes its client id: the connection ends without a goodbye
    const thief = await raw({ clientId: `${clientId}-publish`, reconnectPeriod: 0 });
    await eventually(() => expect(said).toContain("gone"));
    await thief.endAsync(true);
  });

  test("F7: a server's bindings are client options: client id, last will, sessions, packets; options win", async () => {
    const topic = unique();
    const other = await raw();
    const said: string[] = [];
    other.on("message", (_topic, text, { retain }) => said.push(`${text.toString()} ${retain}`));
    await other.subscribeAsync(topic, { qos: 1, rap: true });
    const clientId = `bound-${randomUUID().slice(0, 8)}`;
    const mqtt = {
      clientId,
      keepAlive: 7,
      cleanSession: true,
      maximumPacketSize: 1_000,
      lastWill: { topic, qos: 1, message: "gone", retain: true },
    };
    const first = await open({ bindings: { mqtt } });
    const thief = await raw({ clientId: `${clientId}-publish`, reconnectPeriod: 0 });
    await eventually(() => expect(said).toEqual(["gone true"]));
    await thief.endAsync(true);
    await other.publishAsync(topic, "", { retain: true });

    const address = unique();
    const sender = await open();
    const before = await take(first, address);
    await sender.publish([letter(address, "x".repeat(2_000)), letter(address, "small")]);
    await eventually(() => expect(before.got.map(textOf)).toEqual(["small"]));
    await first.close();
    await sender.publish([letter(address, "away")]);
    const second = await take(await open({ bindings: { mqtt } }), address);
    await sender.publish([letter(address, "back")]);
    await eventually(() => expect(second.got.map(textOf)).toEqual(["back"]));

    const own = `own-${randomUUID().slice(0, 8)}`;
    await open({ bindings: { mqtt }, clientId: own, will: { topic, body: "mine" } });
    const other2 = await raw({ clientId: `${own}-publish`, reconnectPeriod: 0 });
    await eventually(() => expect(said).toContain("mine false"));
    await other2.endAsync(true);
  });

  test("F7: a message's bindings travel with it: payload format, response topic", async () => {
    const broker = await open();
    const address = unique();
    await learn(broker, address, { payloadFormatIndicator: 1, responseTopic: `${address}/replies` });
    const properties: IPublishPacket["properties"][] = [];
    const other = await raw();
    other.on("message", (_topic, _text, packet) => properties.push(packet.properties));
    await other.subscribeAsync(address, { qos: 1 });
    await broker.publish([letter(address, 1), letter(address, 2, { headers: { "x-reply-to": "inbox/7" } })]);
    await eventually(() => expect(properties).toHaveLength(2));
    expect(properties).toMatchObject([
      { payloadFormatIndicator: true, responseTopic: `${address}/replies`, contentType: "text/plain" },
      { payloadFormatIndicator: true, responseTopic: "inbox/7" },
    ]);
  });
});
