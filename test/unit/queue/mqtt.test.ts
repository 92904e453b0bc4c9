import { Duplex, PassThrough } from "node:stream";
import type { IPublishPacket } from "mqtt";
import { describe, expect, test } from "vitest";
import { optionsOfServer } from "../../../src/runtime/brokers/mqtt/bindings.js";
import { AckGate } from "../../../src/runtime/brokers/mqtt/gate.js";
import type { MqttLink } from "../../../src/runtime/brokers/mqtt/link.js";
import { fromEnvelope, fromPacket, toEnvelope, toPacket } from "../../../src/runtime/brokers/mqtt/properties.js";
import { createSession, type Entry } from "../../../src/runtime/brokers/mqtt/session.js";
import { addressOf, routeOf, sharedFilter, topicOf } from "../../../src/runtime/brokers/mqtt/topics.js";
import type { OutgoingMessage } from "../../../src/runtime/queue/index.js";
import { createTestClock } from "../../../src/runtime/testing/index.js";

const letter = (more: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  address: "a",
  id: "m1",
  headers: {},
  contentType: "text/plain",
  body: new Uint8Array([0, 255]),
  ...more,
});
const publishPacket = (messageId: number, dup = false): IPublishPacket => ({
  cmd: "publish",
  topic: "a",
  payload: "x",
  qos: 1,
  dup,
  retain: false,
  messageId,
});

test.each([
  [{ mqtt: { clientId: "", keepAlive: -1, cleanSession: "yes", lastWill: { qos: 1 }, maximumPacketSize: {} } }, {}],
  [{ mqtt: { keepAlive: 0, cleanSession: false } }, { keepaliveSeconds: 0 }],
  [{ mqtt: { cleanSession: true } }, { sessionExpirySeconds: 0 }],
  [{ mqtt: { cleanSession: true, sessionExpiryInterval: 60 } }, { sessionExpirySeconds: 60 }],
  [{ mqtt: { lastWill: { topic: "t", qos: 9 } } }, { will: { topic: "t", body: "", retain: false } }],
  [{ amqp: {} }, {}],
])("F7: a server's bindings %j as options", (bindings, options) => {
  expect(optionsOfServer(bindings)).toEqual(options);
});

describe("M26: acknowledgements are kept back", () => {
  /** The bytes that reached the socket. */
  function gateWithSocket(): { gate: AckGate; sent: () => number[] } {
    const wire = new PassThrough();
    const bytes: number[] = [];
    wire.on("data", (chunk: Buffer) => bytes.push(...chunk));
    return { gate: new AckGate(Duplex.from({ writable: wire, readable: new PassThrough() })), sent: () => bytes };
  }
  const puback = (id: number): number[] => [0x40, 2, 0, id];
  const pubrec = (id: number): number[] => [0x50, 4, 0, id, 0, 0];
  const ping = [0xc0, 0];
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

  test("PUBACK and PUBREC wait for their release, everything else goes, however it is cut up", async () => {
    const { gate, sent } = gateWithSocket();
    const big = [0x32, 0xc8, 0x01, ...Array.from({ length: 200 }, () => 7)];
    for (const byte of [...puback(1), ...ping, ...puback(2), ...big, ...pubrec(3)]) gate.write(Buffer.from([byte]));
    await settle();
    expect(sent()).toEqual([...ping, ...big]);
    gate.release([1, 2]);
    await settle();
    expect(sent()).toEqual([...ping, ...big, ...puback(1), ...puback(2)]);
    gate.release([3]);
    await settle();
    expect(sent().slice(-6)).toEqual(pubrec(3));
  });

  test("what was released before the library wrote it goes at once", async () => {
    const { gate, sent } = gateWithSocket();
    gate.release([9]);
    gate.write(Buffer.from([...puback(9), ...puback(10)]));
    await settle();
    expect(sent()).toEqual(puback(9));
  });

  function sessionWithLink(): {
    session: ReturnType<typeof createSession>;
    clock: ReturnType<typeof createTestClock>;
    released: number[][];
    link: { state: MqttLink["state"] };
    receive: (id: number, dup?: boolean) => Entry | undefined;
  } {
    const clock = createTestClock();
    const released: number[][] = [];
    const session = createSession(clock);
    const link = {
      state: "up" as MqttLink["state"],
      release: (ids: readonly number[]) => void released.push([...ids]),
    };
    // sound: a session asks its link for these two only
    session.link = link as unknown as MqttLink;
    const receive = (id: number, dup?: boolean): Entry | undefined =>
      session.receive(publishPacket(id, dup), () => letter());
    return { session, clock, released, link, receive };
  }
  const turn = (): Promise<void> => Promise.resolve();

  test("in the order of the messages, those of one turn together; behind a slow one after 250 ms", async () => {
    const { session, clock, released, receive } = sessionWithLink();
    const [one, two, three, four] = [1, 2, 3, 4].map((id) => receive(id));
    if (one === undefined || two === undefined || three === undefined || four === undefined) throw new Error("dropped");
    session.acknowledge(two);
    session.acknowledge(one);
    await turn();
    expect(released).toEqual([[1, 2]]);
    session.acknowledge(four);
    await turn();
    await clock.pass(249);
    expect(released).toHaveLength(1);
    await clock.pass(1);
    expect(released).toEqual([[1, 2], [4]]);
    expect(session.size).toBe(1);
    session.acknowledge(three);
    await turn();
    expect(released.at(-1)).toEqual([3]);
    expect(session.size).toBe(0);
  });

  test("a message sent again after a reconnect is the one that is here; a verdict given meanwhile answers it", async () => {
    const { session, released, link, receive } = sessionWithLink();
    const first = receive(1);
    const second = receive(2);
    if (first === undefined || second === undefined) throw new Error("dropped");
    link.state = "down";
    session.acknowledge(first);
    await turn();
    expect(released).toEqual([]);
    link.state = "up";
    expect(receive(1, true)).toBe(undefined);
    expect(receive(2, true)).toBe(undefined);
    await turn();
    expect(released).toEqual([[1]]);
    expect(session.has(second)).toBe(true);
    expect(session.clear()).toEqual([second]);
    expect(session.has(second)).toBe(false);
  });
});

describe("M26: topics", () => {
  test.each([
    ["orders/{id}/placed", "orders/+/placed", "orders/7/placed"],
    ["user.{id}.created", "user/+/created", "user.7.created"],
    ["v{n}/{id}.x", "+/+/x", "v1/2.x"],
  ])("%s is consumed as %s and read back", (template, filter, address) => {
    const route = routeOf(template, {}, { qos: 1 });
    expect(route.filter).toBe(filter);
    expect(addressOf(route, topicOf(address, true))).toBe(address);
  });

  test("bindings, shared subscriptions, and what is no topic", () => {
    const mqtt = { qos: 2, retain: true, messageExpiryInterval: 60 };
    expect(routeOf("a", { mqtt }, { qos: 1 })).toMatchObject({ qos: 2, retain: true, expirySeconds: 60 });
    expect(routeOf("a", { mqtt: { qos: 7 } }, { qos: 1 })).toMatchObject({ qos: 1, retain: false });
    expect(sharedFilter("g", "a/+")).toBe("$share/g/a/+");
    expect(sharedFilter("", "a")).toBe("$share/queue/a");
    expect(sharedFilter("x/y", "a")).not.toBe(sharedFilter("x_y", "a"));
    for (const bad of ["", "a/#", "a/+", "a\nb", "a".repeat(70_000)])
      expect(() => topicOf(bad, false)).toThrow(/no MQTT topic/);
  });
});

describe("M26: messages", () => {
  const wire = (packet: ReturnType<typeof toPacket>): IPublishPacket => ({
    ...publishPacket(1),
    payload: packet.payload,
    ...(packet.properties === undefined ? {} : { properties: packet.properties }),
  });

  test("5: what MQTT strings cannot carry is encoded and comes back; what cannot fit is refused", () => {
    const headers = { "x-stack": "a\n\u0000%000A\ufffe\u{1ffff}", "x-plain": "100%0041", constructor: "data" };
    const back = fromPacket(wire(toPacket(letter({ headers, key: "k\t" }), 0, undefined)), "a");
    expect({ ...back.headers }).toEqual({ ...headers, "x-message-id": "m1" });
    expect(back).toMatchObject({ id: "m1", key: "k\t", contentType: "text/plain" });
    expect(() => toPacket(letter({ headers: { "x-big": "x".repeat(70_000) } }), 0, undefined)).toThrow(/x-big/);
    expect(() => toPacket(letter({ headers: { "a\nb": "" } }), 0, undefined)).toThrow(/does not fit/);
    expect(() => toPacket(letter({ contentType: "a\n" }), 0, undefined)).toThrow(/content type/);
  });

  test("5: names with commas and percent signs tell which values are encoded, too", () => {
    const headers = { "a,b": "line\nend", a: "%000A\t", b: "%000A", "%002C": "\n", "100%": "\n" };
    const back = fromPacket(wire(toPacket(letter({ headers }), 0, undefined)), "a");
    expect({ ...back.headers }).toEqual({ ...headers, "x-message-id": "m1" });
  });

  test("5: expiry is the server's, too", () => {
    const bound = routeOf("a", { mqtt: { messageExpiryInterval: 60 } }, { qos: 1 });
    expect(toPacket(letter({ expiresAt: 5_500 }), 1_000, bound).properties?.messageExpiryInterval).toBe(5);
    expect(toPacket(letter(), 1_000, bound).properties?.messageExpiryInterval).toBe(60);
    expect(fromPacket(wire(toPacket(letter({ expiresAt: 5_500 }), 1_000, undefined)), "a").expiresAt).toBe(5_500);
  });

  test("3.1.1: the envelope", () => {
    const text = letter({ headers: { a: "b" }, key: "k", body: Buffer.from("ä"), expiresAt: 9 });
    const sent = toEnvelope(text).payload.toString();
    expect(sent.startsWith('{"$envelope":1,"id":"m1","key":"k"')).toBe(true);
    expect(JSON.parse(sent)).toMatchObject({ text: "ä", headers: { a: "b" } });
    expect(fromEnvelope(wire(toEnvelope(text)), "a")).toMatchObject({ id: "m1", key: "k", expiresAt: 9 });
    expect([...fromEnvelope(wire(toEnvelope(letter())), "a").body]).toEqual([0, 255]);
    for (const foreign of ["", "{}", '{"$envelope":1,', '{"$envelope":1,"id":"x"}', '{"$envelope":2,"text":"x"}']) {
      const taken = fromEnvelope({ ...publishPacket(1), payload: foreign }, "a");
      expect(new TextDecoder().decode(taken.body)).toBe(foreign);
    }
  });
});
