import { describe, expect, test } from "vitest";
import { withAmbient } from "../../../src/runtime/context/index.js";
import {
  createKillSwitch,
  encodeMessage,
  fillAddress,
  hasParameters,
  matchAddress,
  messageExpression,
  nextStep,
} from "../../../src/runtime/queue/index.js";
import { boundName } from "../../../src/runtime/brokers/rabbitmq/names.js";
import { roundDelay, tierFor } from "../../../src/runtime/brokers/shared/tiers.js";
import { routeOf, routingKey, queueOf } from "../../../src/runtime/brokers/rabbitmq/routes.js";
import { createFakeClock, itemChannel } from "./support.js";

describe("encodeMessage", () => {
  test("M40 id, trace and deadline are fixed: the same message however often it is published", () => {
    const trace = { traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true, baggage: "k=v" };
    const message = withAmbient({ trace, deadline: 1_234_567_890_123.4 }, () =>
      encodeMessage(
        itemChannel({ key: "$message.payload#/key" }),
        { n: 1, key: "k" },
        { headers: { "x-a": "1" }, now: 5 },
      ),
    );
    expect(message.headers["traceparent"]).toMatch(new RegExp(`^00-${"a".repeat(32)}-[0-9a-f]{16}-01$`));
    expect(message.headers["traceparent"]).not.toContain("b".repeat(16));
    expect({ ...message.headers }).toMatchObject({
      baggage: "k=v",
      "x-a": "1",
      "x-message-id": message.id,
      "x-deadline": "1234567890123",
    });
    expect(message).toMatchObject({ address: "items", key: "k", contentType: "application/json" });
    expect(JSON.parse(JSON.stringify({ ...message, body: undefined }))).toMatchObject({ id: message.id });
  });

  test("a message that does not fit the contract is not sent", () => {
    expect(() => encodeMessage(itemChannel(), { n: 1.5 })).toThrow("Item: n must be an integer");
  });

  test("an address that is known at run time only must be given", () => {
    expect(() => encodeMessage(itemChannel({ address: "" }), { n: 1 })).toThrow("pass { address }");
    expect(encodeMessage(itemChannel({ address: "" }), { n: 1 }, { address: "x" }).address).toBe("x");
  });
});

describe("addresses", () => {
  test("parameters go in and come out, whatever their value", () => {
    const template = "t/{a}/x-{b}.y";
    expect(hasParameters(template)).toBe(true);
    expect(hasParameters("a{}b")).toBe(false);
    for (const value of ["1", "a.b", "a/b", "*", "#", "a b", "100%", "%2E", "ü", ">", "constructor"]) {
      const address = fillAddress(
        template,
        new Map([
          ["a", value],
          ["b", value],
        ]),
      );
      expect(matchAddress(template)(address)).toEqual({ a: value, b: value });
      expect(address.split(/[./]/)).toHaveLength(4);
    }
  });

  test("what does not fit does not match", () => {
    const match = matchAddress("a/{x}/c");
    expect(match("a/b/c")).toEqual({ x: "b" });
    for (const other of ["a//c", "a/b/d", "a/b.e/c", "a/b/c/d", "b/b/c", "a/c"]) expect(match(other)).toBeUndefined();
    expect(matchAddress("{x}{y}")("ab")).toBeUndefined();
  });

  test("missing and unlisted values are refused, defaults are used", () => {
    const infos = [{ name: "r", values: ["eu", "us"], default: "eu" }];
    expect(fillAddress("a.{r}", new Map(), infos)).toBe("a.eu");
    expect(() => fillAddress("a.{r}", new Map([["r", "xx"]]), infos)).toThrow("must be one of eu, us");
    expect(() => fillAddress("a.{q}", new Map([["q", ""]]))).toThrow("no value for the parameter q");
  });

  test("expressions read own properties only", () => {
    expect(messageExpression("$message.payload#/a~1b/0")({ "a/b": ["x"] }, {})).toBe("x");
    expect(messageExpression("$message.payload#/n")({ n: 12n }, {})).toBe("12");
    expect(messageExpression("$message.payload#/constructor/name")({}, {})).toBeUndefined();
    expect(messageExpression("$message.header#/x-k")({}, { "x-k": "v" })).toBe("v");
    expect(messageExpression("nonsense")({}, {})).toBeUndefined();
  });
});

describe("T2 the schedule", () => {
  test("quick tries count, the last delay holds on", () => {
    const policy = { maxAttempts: 6, quick: 2, delaysMs: [5_000, 60_000] };
    expect([1, 2, 3, 4, 5, 6].map((attempt) => nextStep(policy, attempt, () => 0.5))).toEqual([
      { kind: "quick", delayMs: 50 },
      { kind: "delayed", delayMs: 5_000 },
      { kind: "delayed", delayMs: 60_000 },
      { kind: "delayed", delayMs: 60_000 },
      { kind: "delayed", delayMs: 60_000 },
      { kind: "exhausted" },
    ]);
    expect(nextStep(policy, 1, () => 0)).toEqual({ kind: "quick", delayMs: 40 });
  });
});

describe("T11 the kill switch", () => {
  test("trips at 100 attempts of which a tenth failed, within a minute", () => {
    const clock = createFakeClock();
    const killSwitch = createKillSwitch(clock);
    for (let i = 0; i < 90; i++) expect(killSwitch.record(false)).toBe(false);
    for (let i = 0; i < 9; i++) expect(killSwitch.record(true)).toBe(false);
    expect(killSwitch.record(true)).toBe(true);
    expect(killSwitch.record(true)).toBe(false);
  });

  test("failures older than the window do not count", async () => {
    const clock = createFakeClock();
    const killSwitch = createKillSwitch(clock);
    for (let i = 0; i < 99; i++) killSwitch.record(true);
    await clock.pass(61_000);
    expect(killSwitch.record(true)).toBe(false);
  });
});

describe("RabbitMQ names and routes", () => {
  const options = { exchange: "wirespan" };

  test("names are bounded and stay different", () => {
    const long = "ä".repeat(300);
    expect(Buffer.byteLength(boundName(long))).toBeLessThanOrEqual(225);
    expect(boundName(`${long}1`)).not.toBe(boundName(`${long}2`));
    expect(boundName("short")).toBe("short");
    expect(Buffer.byteLength(`${queueOf(routeOf(long, {}, options), long)}.retry.600000`)).toBeLessThan(255);
  });

  test("delays round up to a tier", () => {
    expect([50, 100, 101, 5_000].map((delay) => tierFor([100, 1_000], delay))).toEqual([100, 100, 1_000, 1_000]);
    expect([1, 3, 250, 7_000, 10_000].map(roundDelay)).toEqual([1, 5, 500, 10_000, 10_000]);
  });

  test("bindings decide about exchange, queue and routing key", () => {
    const route = routeOf("user.{id}.created", {}, options);
    expect(route).toMatchObject({ pattern: "user.*.created", exchange: { name: "wirespan", type: "topic" } });
    expect(routingKey(route, "user.7.created")).toBe("user.7.created");
    expect(queueOf(route, "mail")).toBe("user.{id}.created.mail");
    const slashes = routeOf("users/{id}", {}, options);
    expect([slashes.pattern, routingKey(slashes, "users/7")]).toEqual(["users.*", "users.7"]);
    const work = routeOf("jobs", { amqp: { is: "queue", queue: { name: "work", durable: false } } }, options);
    expect([work.exchange.name, routingKey(work, "jobs"), queueOf(work, ""), queueOf(work, "work")]).toEqual([
      "",
      "work",
      "work",
      "work",
    ]);
    expect(() => queueOf(work, "others")).toThrow("it has no group others");
    const named = routeOf("a", { amqp: { exchange: { name: "x", type: "fanout" }, queue: { name: "mine" } } }, options);
    expect([queueOf(named, "mine"), queueOf(named, "other")]).toEqual(["mine", "a.other"]);
    expect(() => routeOf("a.{b}", { amqp: { exchange: { name: "x", type: "direct" } } }, options)).toThrow(
      "direct exchange",
    );
  });
});
