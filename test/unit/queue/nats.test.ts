import { describe, expect, test } from "vitest";
import { readAck } from "../../../src/runtime/brokers/nats/consumer.js";
import { dedupeId, fromHeaders, toHeaders } from "../../../src/runtime/brokers/nats/headers.js";
import {
  addressOf,
  covers,
  durableName,
  patternOf,
  safeName,
  subjectOf,
} from "../../../src/runtime/brokers/nats/names.js";
import { routeOf } from "../../../src/runtime/brokers/nats/routes.js";
import type { OutgoingMessage } from "../../../src/runtime/queue/index.js";

const letter = (more: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  address: "a",
  id: "m1",
  headers: {},
  contentType: "text/plain",
  body: new Uint8Array([1]),
  ...more,
});

describe("M27: subjects", () => {
  test.each([
    ["orders.placed", false, "orders.placed"],
    ["orders.{id}", true, "orders.*"],
    ["orders/{id}/v{version}", true, "orders.*.*"],
    ["/orders/{id}", true, "~.orders.*"],
    ["orders/placed", false, "orders/placed"],
    ["with blank\tand tab", false, "with%20blank%09and%20tab"],
    ["a..b", false, "a.~.b"],
  ])("the pattern of %s", (address, open, pattern) => {
    expect(patternOf(address, open)).toBe(pattern);
  });

  test.each([
    ["orders/{id}.{line}", "orders/7.a%2Eb"],
    ["/orders/{id}", "/orders/x"],
    ["orders.{id}", "orders.7"],
  ])("%s: an address is read back from its subject", (template, address) => {
    expect(addressOf(template, true, subjectOf(address, true))).toBe(address);
  });

  test("nobody publishes to a wildcard", () => {
    expect(() => subjectOf("a.*", false)).toThrow(/one subject/);
    expect(() => subjectOf("a.>", false)).toThrow(/one subject/);
    expect(subjectOf("a.*b", false)).toBe("a.*b");
  });

  test.each([
    ["a.>", "a.b.c", true],
    ["a.>", "a", false],
    ["a.*", "a.b", true],
    ["a.*", "a.>", false],
    ["a.b", "a.*", false],
    ["a.*.c", "a.*.c", true],
    [">", "a.*.>", true],
  ])("%s covers %s: %s", (wide, narrow, outcome) => {
    expect(covers(wide, narrow)).toBe(outcome);
  });

  test("names of streams and consumers are short, plain and different", () => {
    expect(safeName("orders")).toBe("orders");
    expect(safeName("a.b")).not.toBe(safeName("a_b"));
    expect(safeName("ä".repeat(500))).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(durableName("", "a", false)).toBe("queue");
    expect(durableName("g", "a", true)).not.toBe(durableName("g", "b", true));
  });

  test("bindings: streams of the contract, core, and what stays a queue", () => {
    const defaults = { stream: undefined, replicas: 1, retainMs: 1_000, ackWaitMs: 2_000 };
    const said = { "x-jetstream": { stream: "ORDERS", replicas: 3, ackWaitMs: 5, maxBytes: 9, storage: "memory" } };
    expect(routeOf("a", said, { defaults }).stream).toEqual({
      name: "ORDERS",
      shared: true,
      replicas: 3,
      storage: "memory",
      retainMs: 1_000,
      maxBytes: 9,
      maxMessages: -1,
      duplicateWindowMs: undefined,
      ackWaitMs: 5,
    });
    for (const bindings of [
      { "x-nats": { core: true } },
      { nats: { core: true } },
      { nats: { "x-nats": { core: true } } },
    ]) {
      expect(routeOf("a", bindings, { defaults }).core).toBe(true);
    }
    expect(routeOf("a", { nats: "nonsense" }, { defaults }).core).toBe(false);
    const dead = routeOf("a.{x}.g.dead", {}, { defaults, direct: true });
    expect([dead.open, dead.pattern, dead.stream.retainMs]).toEqual([false, "a.{x}.g.dead", 0]);
  });
});

describe("M27: headers", () => {
  test("all that a header may hold comes back, line ends and blanks too", () => {
    const headers = { "x-stack": "a\r\n  at %000A b ", "x-blank": " ", "x-empty": "", "x-ä": "ä☃" };
    const { "x-ä": _no, ...plain } = headers;
    const sent = toHeaders(letter({ headers: plain, key: "k\n", contentType: "a/b", expiresAt: 5 }), { dedupe: "m1" });
    const { message } = fromHeaders(sent, new Uint8Array([1]), "a", "other");
    expect({ ...message.headers }).toEqual({ ...plain, "x-message-id": "m1", "x-expires-at": "5" });
    expect(message).toMatchObject({ id: "m1", key: "k\n", contentType: "a/b", expiresAt: 5, address: "a" });
    expect(() => toHeaders(letter({ headers }), {})).toThrow(/cannot be the name/);
    expect(() => toHeaders(letter({ headers: { "a:b": "" } }), {})).toThrow(/cannot be the name/);
  });

  test("names with commas and percent signs tell which values are encoded, too", () => {
    const headers = { "a,b": "line\nend", a: " %000A", b: "%000A", "%002C": "\n", "100%": "\n" };
    const { message } = fromHeaders(toHeaders(letter({ headers }), {}), new Uint8Array(), "a", "other");
    expect({ ...message.headers }).toEqual({ ...headers, "x-message-id": "m1" });
  });

  test("a message of another client has an id of its own, a time to retry only where we wrote one", () => {
    const { message, retryAt } = fromHeaders(undefined, new Uint8Array(), "a", "S#1");
    expect([message.id, message.contentType, retryAt]).toEqual(["S#1", "", undefined]);
    expect(fromHeaders(toHeaders(letter(), { retryAt: 7 }), new Uint8Array(), "a", "x").retryAt).toBe(7);
  });

  test("what the server tells messages apart by", () => {
    expect(dedupeId(letter(), false)).toBe("m1");
    expect(dedupeId(letter(), true)).toBe("m1@a");
    expect(dedupeId(letter({ headers: { "x-dead-last-at": "t" } }), false)).toBe("m1#t");
    expect(dedupeId(letter({ headers: { "Nats-Msg-Id": "own" } }), true)).toBe("own");
    expect(dedupeId(letter({ headers: { "Nats-Msg-Id": "" } }), true)).toBe(undefined);
  });

  test.each([
    ["$JS.ACK.S.g.2.7.9.1700000000000000000.0", { stream: "S", seq: 7, deliveries: 2 }],
    ["$JS.ACK.hub.acct.S.g.1.8.9.1700000000000000000.0.token", { stream: "S", seq: 8, deliveries: 1 }],
    ["_INBOX.x", undefined],
    ["$JS.ACK.S.g.x.y.9.1.0", undefined],
  ])("the reply subject %s", (reply, info) => {
    expect(readAck(reply)).toEqual(info);
  });
});
