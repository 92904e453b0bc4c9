import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { brokerOf, brokers, canonicalProtocol } from "../../../src/model/index.js";
import { codesOf, errorsOf, link, type Linked } from "./support.js";

function withServers(servers: string, rest = "", options = {}): Linked {
  return link(`asyncapi: 3.0.0\ninfo: { title: T, version: "1" }\nservers: ${servers}\n${rest}`, { options });
}

const receive = (channel: string, operation = ""): string => `channels:
  c: { address: c, ${channel} messages: { m: { payload: { type: string } } } }
operations:
  take: { action: receive, channel: { $ref: '#/channels/c' }, x-dead-letter: {} ${operation} }
`;

describe("the broker table", () => {
  test.each([
    ["amqps", "rabbitmq"],
    ["AMQP", "rabbitmq"],
    ["kafka-secure", "kafka"],
    ["mqtts", "mqtt"],
    ["secure-mqtt", "mqtt"],
    ["nats", "nats"],
    ["redis", "redis"],
    ["memory", "memory"],
    ["wss", undefined],
    ["solace", undefined],
    ["__proto__", undefined],
  ])("%s", (protocol, id) => {
    expect(brokerOf(protocol)?.id).toBe(id);
  });

  test("aliases, adapters and the gaps of the capability table", () => {
    expect(canonicalProtocol("wss")).toBe("ws");
    const has = (id: string): boolean =>
      existsSync(fileURLToPath(new URL(`../../../src/runtime/brokers/${id}.ts`, import.meta.url)));
    expect(brokers.filter(({ adapter }) => adapter).map(({ id }) => id)).toEqual(
      brokers.map(({ id }) => id).filter(has),
    );
    const gaps = brokers.map(({ id, capabilities }) => [
      id,
      Object.entries(capabilities).flatMap(([name, has]) => (has ? [] : [name])),
    ]);
    expect(Object.fromEntries(gaps)).toEqual({
      memory: ["durable", "reconnect"],
      rabbitmq: [],
      kafka: ["openParameters"],
      redis: ["openParameters"],
      nats: [],
      "nats-core": ["confirms", "redelivery", "keyOrder", "batch", "durable"],
      mqtt: ["batch", "durable"],
    });
  });
});

describe("the protocols of a document", () => {
  test("aliases are resolved, each stands once", () => {
    const { file, diagnostics } = withServers(
      "{ a: { host: h, protocol: mqtts }, b: { host: h, protocol: mqtt }, c: { host: h, protocol: kafka-secure } }",
    );
    expect(file).toMatchObject({ protocols: ["mqtt", "kafka"], modelsOnly: false });
    expect(diagnostics).toEqual([]);
  });

  test("without servers those of the bindings", () => {
    const { file } = withServers("{}", receive("bindings: { kafka: {}, x-internal: {} },", ", bindings: { amqp: {} }"));
    expect(file).toMatchObject({ protocols: ["kafka", "amqp"], modelsOnly: false });
  });

  test("none: the one of the run, else models only", () => {
    expect(withServers("{}", receive("")).file).toMatchObject({ protocols: [], modelsOnly: true });
    const told = withServers("{}", receive(""), { protocol: "amqps" });
    expect(told.file).toMatchObject({ protocols: ["amqp"], modelsOnly: false });
    expect(withServers("{ s: { host: h, protocol: mqtt } }", "", { protocol: "amqp" }).file?.protocols).toEqual([
      "mqtt",
    ]);
  });

  test("one without a broker of ours: a warning and models only, an error when strict", () => {
    const linked = withServers("{ s: { host: h, protocol: ibmmq-secure } }", receive(""));
    expect(linked.file?.modelsOnly).toBe(true);
    expect(linked.found).toEqual(['E3030 3:36 there is no broker for the protocol "ibmmq-secure"']);
    expect(errorsOf(linked)).toEqual([]);
    const strict = withServers("{ s: { host: h, protocol: ws } }", "", { strict: true });
    expect(errorsOf(strict).map(({ code }) => code)).toEqual(["E3030"]);
    expect(withServers("{ a: { host: h, protocol: ws }, b: { host: h, protocol: amqp } }").file?.modelsOnly).toBe(
      false,
    );
  });
});

describe("what a broker cannot do", () => {
  const parameters = `channels:
  c: { address: "c.{id}", parameters: { id: {} }, messages: { m: { payload: { type: string } } } }
operations:
  take: { action: receive, channel: { $ref: '#/channels/c' }, x-dead-letter: {} }
  put: { action: send, channel: { $ref: '#/channels/c' } }
`;

  test("consuming with open parameters on Kafka is a loss, elsewhere it is not", () => {
    const kafka = "{ s: { host: h, protocol: kafka } }";
    expect(withServers(kafka, parameters).found).toEqual([
      'E3032 5:3 Kafka cannot consume "c.{id}" with its parameters open',
    ]);
    expect(errorsOf(withServers(kafka, parameters, { strict: true }))).toHaveLength(1);
    expect(codesOf(withServers("{ s: { host: h, protocol: amqp } }", parameters))).toEqual([]);
  });

  test("only the brokers of the channel's own servers count", () => {
    const servers = "{ k: { host: h, protocol: kafka }, r: { host: h, protocol: amqp } }";
    const on = (id: string): string =>
      parameters.replace("messages:", `servers: [{ $ref: '#/servers/${id}' }], messages:`);
    expect(codesOf(withServers(servers, on("r")))).toEqual([]);
    expect(codesOf(withServers(servers, on("k")))).toEqual(["E3032"]);
    const v2 = (id: string): Linked =>
      link(`asyncapi: 2.6.0
info: { title: T, version: "1" }
servers: { k: { url: "kafka://h:1/x", protocol: kafka }, r: { url: h, protocol: amqp } }
channels:
  c.{id}: { servers: [${id}], publish: { x-dead-letter: {}, message: { payload: {} } } }
`);
    expect(codesOf(v2("r"))).toEqual([]);
    expect(codesOf(v2("k"))).toEqual(["E3032"]);
    expect(v2("r").file?.servers[0]?.host).toBe("h:1");
  });

  test.each([
    ["mqtt", "x-consumer: { batch: { size: 2 } },", "", "MQTT cannot deliver batches (x-consumer.batch)"],
    [
      "nats, x-nats: { core: true }",
      "x-consumer: { order: key },",
      "",
      "NATS without JetStream cannot keep messages in order (x-consumer.order: key)",
    ],
    [
      "mqtt, protocolVersion: '3.1.1'",
      "",
      ", reply: { channel: { $ref: '#/channels/c' } }",
      "MQTT cannot answer requests",
    ],
  ])("%s %s%s", (protocol, channel, operation, message) => {
    const linked = withServers(`{ s: { host: h, protocol: ${protocol} } }`, receive(channel, operation));
    expect(errorsOf(linked).map((found) => [found.code, found.message])).toEqual([["E3031", message]]);
  });

  test.each([
    ["amqp", "x-consumer: { order: key, batch: { size: 2 } },", ", reply: { channel: { $ref: '#/channels/c' } }"],
    ["mqtt, protocolVersion: 5", "", ", reply: { channel: { $ref: '#/channels/c' } }"],
    ["mqtt", "", ", reply: { channel: { $ref: '#/channels/c' } }"],
    ["nats", "x-consumer: { order: strict },", ""],
  ])("%s can: %s%s", (protocol, channel, operation) => {
    expect(codesOf(withServers(`{ s: { host: h, protocol: ${protocol} } }`, receive(channel, operation)))).toEqual([]);
  });
});
