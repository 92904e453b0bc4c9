import { describe, expect, test } from "vitest";
import { link, type Linked } from "./support.js";

interface Parts {
  readonly protocol?: string;
  readonly server?: string;
  readonly channel?: string;
  readonly operation?: string;
  readonly message?: string;
  readonly action?: "send" | "receive";
}

function linkParts({ protocol = "amqp", server = "", action = "send", ...parts }: Parts): Linked {
  const { channel = "", operation = "", message = "" } = parts;
  return link(`asyncapi: 3.0.0
info: { title: T, version: "1" }
servers: { s: { host: h, protocol: ${protocol}${server} } }
channels:
  c:
    address: c
    ${channel}
    messages: { m: { payload: { type: object, properties: { id: { type: string } } }${message} } }
operations:
  o: { action: ${action}, x-dead-letter: {}, channel: { $ref: '#/channels/c' }${operation} }
`);
}

describe("bindings", () => {
  test.each([
    ["amqp", { channel: "bindings: { amqp: { is: routingKey, exchange: { name: x, type: fanout, durable: true } } }" }],
    ["amqp", { channel: "bindings: { amqp: { is: queue, queue: { name: q, exclusive: false, autoDelete: true } } }" }],
    ["amqp", { operation: ", bindings: { amqp: { cc: [a], bcc: [b], ack: true, timestamp: true, userId: u } }" }],
    ["kafka", { channel: "bindings: { kafka: { topic: t, partitions: 3, replicas: 1, topicConfiguration: {} } }" }],
    ["kafka", { operation: ", bindings: { kafka: { groupId: { type: string }, clientId: mine } }" }],
    ["kafka", { message: ", bindings: { kafka: { key: { type: string } } }" }],
    ["mqtt", { operation: ", bindings: { mqtt: { qos: 2, retain: true, messageExpiryInterval: 5 } }" }],
    ["mqtt", { server: ", bindings: { mqtt: { clientId: a, keepAlive: 9, lastWill: { topic: t, qos: 0 } } }" }],
    ["mqtt", { message: ", bindings: { mqtt: { responseTopic: r, payloadFormatIndicator: 1 } }" }],
    ["nats", { operation: ", bindings: { nats: { queue: q } }" }],
  ] as const)("%s: what is honoured goes without a word: %j", (protocol, parts) => {
    expect(linkParts({ protocol, ...parts }).found).toEqual([]);
  });

  test("F7: unknown keys name the nearest, impossible values are left out, each at its place", () => {
    const linked = linkParts({
      channel: "bindings: { amqp: { is: topic, exchnge: {}, queue: { nme: q, durable: sometimes } } }",
      operation: ", bindings: { amqp: { deliveryMode: 3, priority: 300, expiration: -1, cc: a } }",
    });
    expect(linked.found.map((line) => line.replace(/ 1?\d:\d+/, ""))).toEqual([
      'E3043 bindings.amqp.is is "topic", expected one of queue, routingKey: it has no effect',
      "E3022 bindings.amqp.exchnge has no effect: no such key is known on a channel",
      "E3022 bindings.amqp.queue.nme has no effect: no such key is known on a channel",
      'E3043 bindings.amqp.queue.durable is "sometimes", expected true or false: it has no effect',
      "E3043 bindings.amqp.deliveryMode is 3, expected one of 1, 2: it has no effect",
      "E3043 bindings.amqp.priority is 300, expected a whole number from 0 to 255: it has no effect",
      "E3043 bindings.amqp.expiration is -1, expected a whole number of at least 0: it has no effect",
      'E3043 bindings.amqp.cc is "a", expected a list of texts: it has no effect',
    ]);
    expect(linked.diagnostics.every(({ severity, origin }) => severity === "warning" && origin?.line !== 1)).toBe(true);
    expect(linked.diagnostics.map(({ help }) => help)).toContain('did you mean "bindings.amqp.exchange"?');
    expect(linked.file?.channels[0]?.bindings.get("amqp")).toEqual({ exchnge: {}, queue: { nme: "q" } });
    expect(linked.file?.operations[0]?.bindings.get("amqp")).toEqual({});
  });

  test("what has no effect says why", () => {
    const { found } = linkParts({ protocol: "kafka", message: ", bindings: { kafka: { schemaLookupStrategy: a } }" });
    expect(found[0]).toContain("there is no client of schema registries here");
    const parts = {
      protocol: "mqtt",
      server: ", bindings: { mqtt: { sessionExpiryInterval: { type: integer }, maximumPacketSize: 5 } }",
      operation: ", bindings: { mqtt: { messageExpiryInterval: { type: integer } } }",
      message: ", bindings: { mqtt: { responseTopic: { type: string }, correlationData: { type: string } } }",
    };
    const schema = "a schema describes values, and does not say which one it is";
    expect(linkParts(parts).found.map((line) => line.replace(/ 1?\d:\d+/, ""))).toEqual([
      `E3022 bindings.mqtt.sessionExpiryInterval has no effect: ${schema}`,
      `E3022 bindings.mqtt.responseTopic has no effect: ${schema}`,
      "E3022 bindings.mqtt.correlationData has no effect: what is sent there is the correlation id (`correlationId`)",
      `E3022 bindings.mqtt.messageExpiryInterval has no effect: ${schema}`,
    ]);
  });

  test("F7: the content type of MQTT is the message's where that says none", () => {
    const bound = ", bindings: { mqtt: { contentType: application/msgpack } }";
    const typed = linkParts({ protocol: "mqtt", message: bound });
    expect(typed.found).toEqual([]);
    expect(typed.file?.channels[0]?.messages[0]?.contentType).toBe("application/msgpack");
    const both = linkParts({ protocol: "mqtt", message: `${bound}, contentType: application/json` });
    expect(both.found).toEqual([
      'E3022 8:120 bindings.mqtt.contentType has no effect: the message\'s `contentType` is "application/json"',
    ]);
    expect(both.file?.channels[0]?.messages[0]?.contentType).toBe("application/json");
  });

  test("F7: a binding of one of several messages has no effect, and that is said", () => {
    const message =
      ", bindings: { mqtt: { responseTopic: r }, amqp: { messageType: t } } }, n: { payload: { type: object }";
    expect(linkParts({ protocol: "mqtt", message }).found.map((line) => line.replace(/ 8:\d+/, ""))).toEqual([
      expect.stringContaining("E3022 bindings.amqp.messageType has no effect: the channel c has several messages"),
      expect.stringContaining("E3022 bindings.mqtt.responseTopic has no effect: the channel c has several messages"),
    ]);
  });
});

describe("keys of brokers", () => {
  test("F7: stand in the bindings, durations in milliseconds", () => {
    const { file, found } = linkParts({
      protocol: "nats",
      channel:
        "x-jetstream: { stream: EVENTS, storage: memory, replicas: 3, retain: P7D, ackWait: PT1M, duplicateWindow: PT2M }",
    });
    expect(found).toEqual([]);
    expect(file?.channels[0]?.bindings.get("x-jetstream")).toEqual({
      stream: "EVENTS",
      storage: "memory",
      replicas: 3,
      retainMs: 604_800_000,
      ackWaitMs: 60_000,
      duplicateWindowMs: 120_000,
    });
    const redis = linkParts({ protocol: "redis", channel: "x-redis: { maxLength: 1000, retain: P1D }" });
    expect(redis.file?.channels[0]?.bindings.get("x-redis")).toEqual({ maxLength: 1_000, retainMs: 86_400_000 });
  });

  test("are checked like all of wirespan's keys", () => {
    const linked = linkParts({ protocol: "nats", channel: "x-jetstream: { replica: 3, storage: disk, replicas: 9 }" });
    expect(linked.found.map((line) => line.replace(/ \d+:\d+/, ""))).toEqual([
      'E3020 x-jetstream has no key "replica"',
      'E3021 x-jetstream.storage is "disk", expected one of file, memory',
      "E3021 x-jetstream.replicas is 9, expected at most 5",
    ]);
  });

  test("of another broker have no effect", () => {
    expect(linkParts({ channel: "x-redis: { maxLength: 5 }" }).found).toEqual([
      expect.stringContaining("x-redis has no effect: the document speaks amqp, not redis"),
    ]);
  });

  test("a channel may do without JetStream, and then cannot have what core NATS lacks", () => {
    const core = { protocol: "nats", channel: "x-nats: { core: true }", action: "receive" } as const;
    expect(linkParts(core).found).toEqual([]);
    expect(linkParts({ ...core, operation: ", x-consumer: { batch: { size: 5 } }" }).found).toEqual([
      expect.stringContaining("NATS without JetStream cannot deliver batches"),
    ]);
  });
});

describe("F7: times and keys that contradict each other", () => {
  const receive = (operation: string): readonly string[] => linkParts({ action: "receive", operation }).found;

  test("retries that outlast the message are an error", () => {
    expect(receive(", x-expires: PT1M, x-retry: { maxAttempts: 4, quick: 2, delays: [PT10S, PT30S] }")).toEqual([]);
    // 2 × 1.2 × 50 ms in the process (one wait), 12 s and 36 s by the broker, four attempts of 5 s
    expect(
      receive(
        ", x-expires: PT1M, x-retry: { maxAttempts: 4, quick: 2, delays: [PT10S, PT30S] }, x-consumer: { timeout: PT5S }",
      ),
    ).toEqual([expect.stringMatching(/^E3034 .* o may be busy with one message for 68060 ms, but .* after 60000 ms$/)]);
  });

  test("the retry that holds where the contract is silent counts, too", () => {
    expect(receive(", x-expires: PT1S")).toEqual([expect.stringMatching(/^E3034 .* 1260 ms/)]);
    expect(receive(", x-expires: PT2S")).toEqual([]);
  });

  test("receivers of one channel agree on what tells a message from its repetitions", () => {
    const { found } = link(`asyncapi: 3.0.0
info: { title: T, version: "1" }
servers: { s: { host: h, protocol: amqp } }
channels:
  c: { address: c, messages: { m: { payload: { type: object, properties: { id: {}, no: {} } } } } }
operations:
  a: { action: receive, x-dead-letter: {}, channel: { $ref: '#/channels/c' }, x-idempotency-key: $message.payload#/id }
  b: { action: receive, x-dead-letter: {}, channel: { $ref: '#/channels/c' }, x-idempotency-key: $message.payload#/no }
`);
    expect(found).toEqual([expect.stringMatching(/^E3035 8:/)]);
  });
});

describe("examples", () => {
  const schema =
    "type: object, required: [id, tags], additionalProperties: false, properties: { id: { type: string, minLength: 2 }, " +
    "n: { type: integer, maximum: 5 }, tags: { type: array, items: { enum: [a, b] } }, u: { oneOf: [{ type: string }, { type: 'null' }] } }";
  const check = (example: string): readonly string[] =>
    link(`asyncapi: 3.0.0
info: { title: T, version: "1" }
channels:
  c: { address: c, messages: { m: { payload: { ${schema} }, headers: { type: object, properties: { h: { type: integer } } }, examples: [${example}] } } }
`).found;

  test.each([
    ["{ payload: { id: ab, tags: [a, b], n: 5, u: null } }", undefined],
    ["{ headers: { h: 1 } }", undefined],
    ["{ payload: { id: a, tags: [] } }", "id must be at least 2 characters long"],
    ["{ payload: { id: ab } }", "tags is missing"],
    ["{ payload: { id: ab, tags: [a, c] } }", 'tags[1] must be one of "a", "b"'],
    ["{ payload: { id: ab, tags: [], n: 5.5 } }", "n must be a whole number"],
    ["{ payload: { id: ab, tags: [], n: 6 } }", "n must be at most 5"],
    ["{ payload: { id: ab, tags: [], x: 1 } }", "x must not be there"],
    ["{ payload: { id: ab, tags: [], u: 1 } }", "u must be one of its alternatives"],
    ["{ payload: [] }", "it must be an object"],
    ["{ headers: { h: many } }", "h must be a number"],
  ])("%s: %s", (example, reason) => {
    const found = check(example);
    expect(found).toHaveLength(reason === undefined ? 0 : 1);
    if (reason === undefined) return;
    expect(found[0]).toMatch(/^E3044 4:/);
    expect(found[0]).toContain(`does not fit its schema: ${reason}`);
  });
});
