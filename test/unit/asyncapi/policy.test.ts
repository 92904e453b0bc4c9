import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { ruleSchema } from "../../../src/config/policies-schema.js";
import { parseDuration } from "../../../src/model/index.js";
import { createMemoryBroker } from "../../../src/runtime/brokers/memory.js";
import { bytesPayload, consumeBatch, publishBatch } from "../../../src/runtime/queue/index.js";
import { batchKeys, brokerKeys, policyKeys } from "../../../src/link/asyncapi/index.js";
import { resolveBatch } from "../../../src/runtime/queue/batch-settings.js";
import { ruleOf } from "../../../src/runtime/policy/index.js";
import { codesOf, link, type Linked, protoMessage } from "./support.js";

interface Keys {
  readonly root?: string;
  readonly channel?: string;
  readonly operation?: string;
  readonly protocol?: string;
}

function linkKeys({ root = "", channel = "", operation = "", protocol = "amqp" }: Keys): Linked {
  const indent = (text: string): string => text.replace(/^(?=.)/gm, "    ");
  return link(`asyncapi: 3.0.0
info: { title: T, version: "1" }
servers: { s: { host: h, protocol: ${protocol} } }
${root}
channels:
  orders:
    address: orders
    messages: { m: { payload: { type: object, properties: { id: { type: string }, at: { type: object, properties: { x: { type: string } } } } } } }
${indent(channel)}
  dead: { address: orders.dead }
  open: { address: "orders.{id}", parameters: { id: {} } }
  unknown: { address: null }
operations:
  take:
    action: receive
    channel: { $ref: '#/channels/orders' }
${indent(operation)}
`);
}

const quiet = "x-dead-letter: {}\n";

describe("F7 policies of the contract", () => {
  test("all keys of a channel", () => {
    const { file, diagnostics } = linkKeys({
      channel: `x-retry: { maxAttempts: 5, quick: 2, delays: [PT5S, PT1M, PT10M] }
x-dead-letter: { channel: { $ref: '#/channels/dead' } }
x-consumer: { group: billing, concurrency: 8, buffer: 20, order: key, timeout: PT30S, batch: { size: 50, bytes: 1000, linger: PT0.2S } }
x-idempotency-key: $message.payload#/id
x-expires: PT1H
`,
    });
    expect(diagnostics).toEqual([]);
    const expected = {
      retry: { maxAttempts: 5, quick: 2, delaysMs: [5_000, 60_000, 600_000] },
      deadLetter: { address: "orders.dead" },
      group: "billing",
      concurrency: 8,
      buffer: 20,
      order: "key",
      timeoutMs: 30_000,
      batch: { size: 50, bytes: 1000, lingerMs: 200 },
      idempotencyKey: "/id",
      expiresMs: 3_600_000,
    };
    expect(file?.channels[0]?.policy).toMatchObject(expected);
    expect(file?.operations[0]?.policy).toMatchObject(expected);
  });

  test("a batch that says less has what consumers have without it", async () => {
    const { file } = linkKeys({ channel: `${quiet}x-consumer: { batch: { bytes: 1000 } }\n` });
    expect(file?.operations[0]?.policy.batch).toEqual({ size: 100, bytes: 1000, lingerMs: 100 });
    const got: number[] = [];
    const broker = createMemoryBroker();
    const channel = { id: "c", address: "c", message: bytesPayload, contentType: "", bindings: {}, consumer: {} };
    await consumeBatch(broker, channel, async ({ length }) => void got.push(length));
    await publishBatch(
      broker,
      channel,
      Array.from({ length: 200 }, () => new Uint8Array(1)),
    );
    while (got.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(got).toEqual([100, 100]);
  });

  test("an operation wins field by field, lists replace, the root is for all", () => {
    const { file } = linkKeys({
      root: "x-consumer: { timeout: PT5S }\nx-dead-letter: {}",
      channel: "x-retry: { maxAttempts: 9, delays: [PT1S, PT2S] }\nx-consumer: { group: a, concurrency: 2 }\n",
      operation: "x-retry: { delays: [PT7S] }\nx-consumer: { group: b }\n",
    });
    expect(file?.operations[0]?.policy).toMatchObject({
      retry: { maxAttempts: 9, quick: 2, delaysMs: [7_000] },
      group: "b",
      concurrency: 2,
      timeoutMs: 5_000,
      deadLetter: { address: undefined },
    });
    expect(file?.channels[0]?.policy).toMatchObject({ group: "a", retry: { delaysMs: [1_000, 2_000] } });
  });

  test.each([
    ["{ delays: [PT1S, PT2S] }", { maxAttempts: 4, quick: 2, delaysMs: [1_000, 2_000] }],
    ["{ maxAttempts: 1 }", { maxAttempts: 1, quick: 1, delaysMs: [] }],
    ["{ quick: 4 }", { maxAttempts: 4, quick: 4, delaysMs: [] }],
    ["{}", { maxAttempts: 3, quick: 2, delaysMs: [] }],
  ])("x-retry: %s is completed", (retry, expected) => {
    expect(linkKeys({ channel: `${quiet}x-retry: ${retry}\n` }).file?.channels[0]?.policy.retry).toEqual(expected);
  });

  test("a batch without a size has the runtime's", () => {
    const { file } = linkKeys({ operation: `${quiet}x-consumer: { batch: { linger: PT1S } }\n` });
    const { size } = resolveBatch(
      { id: "c", address: "c", bindings: {}, message: bytesPayload, contentType: "", consumer: {} },
      {},
    );
    expect(file?.operations[0]?.policy.batch?.size).toBe(size);
  });

  test("the bare names of the proposal", () => {
    const { file, found } = linkKeys({
      operation: `retry: { maxAttempts: 4, strategy: { type: fixed }, channel: { $ref: '#/channels/dead' } }
deadLetter: { channel: { $ref: '#/channels/dead' }, messages: [] }
`,
    });
    expect(file?.operations[0]?.policy).toMatchObject({
      retry: { maxAttempts: 4 },
      deadLetter: { address: "orders.dead" },
    });
    expect(found.map((line) => line.replace(/ \d+:\d+/, ""))).toEqual([
      "E3022 retry.strategy has no effect: wirespan does not read it",
      "E3022 retry.channel has no effect: wirespan does not read it",
      "E3022 deadLetter.messages has no effect: wirespan does not read it",
    ]);
  });

  test("unknown keys name the nearest one", () => {
    const linked = linkKeys({
      channel: `${quiet}x-retry: { maxAttemps: 5 }\nx-consumer: { concurency: 1, colour: red, batch: { sise: 3 } }\n`,
    });
    expect(linked.found.map((line) => line.replace(/ \d+:\d+/, ""))).toEqual([
      'E3020 x-consumer has no key "concurency"',
      'E3020 x-consumer has no key "colour"',
      'E3020 x-consumer.batch has no key "sise"',
      'E3020 x-retry has no key "maxAttemps"',
    ]);
    expect(linked.diagnostics.map(({ help }) => help)).toEqual([
      'did you mean "concurrency"?',
      "it takes group, concurrency, buffer, order, timeout, batch",
      'did you mean "size"?',
      'did you mean "maxAttempts"?',
    ]);
    expect(linked.diagnostics[3]?.origin).toMatchObject({ line: 10, column: 16, length: 10 });
  });

  test.each([
    ["x-retry: 5", "x-retry is 5, expected an object"],
    ["x-retry: { maxAttempts: 0 }", "x-retry.maxAttempts is 0, expected a whole number from 1 to 1000000"],
    ["x-retry: { maxAttempts: 1.5 }", "x-retry.maxAttempts is 1.5, expected a whole number from 1 to 1000000"],
    [
      "x-retry: { maxAttempts: 2, quick: 3 }",
      "x-retry.quick is 3, expected at most maxAttempts (2), in which it counts",
    ],
    ["x-retry: { delays: PT5S }", 'x-retry.delays is "PT5S", expected a list of durations'],
    ["x-retry: { delays: [5] }", "x-retry.delays is 5, expected an ISO 8601 duration above zero like PT30S"],
    ["x-consumer: { order: fifo }", 'x-consumer.order is "fifo", expected one of none, key, strict'],
    ["x-consumer: { group: '' }", 'x-consumer.group is "", expected a text that is not empty'],
    [
      "x-consumer: { timeout: 30s }",
      'x-consumer.timeout is "30s", expected an ISO 8601 duration above zero like PT30S',
    ],
    ["x-expires: P1Y", 'x-expires is "P1Y", expected an ISO 8601 duration above zero like PT10M'],
    ["x-idempotency-key: id", 'x-idempotency-key is "id", expected an expression like $message.payload#/id'],
  ])("%s is wrong", (keys, message) => {
    const linked = linkKeys({ channel: `${quiet}${keys}\n` });
    expect(linked.diagnostics.map((found) => [found.code, found.message])).toEqual([["E3021", message]]);
    expect(linked.diagnostics[0]?.origin?.line).toBe(10);
  });

  test.each([
    ["#/channels/open", "E3023", "open cannot take dead letters: its address has parameters"],
    ["#/channels/unknown", "E3023", "unknown cannot take dead letters: its address is known at run time only"],
    ["#/operations/take", "E3023", "take cannot take dead letters: it is not a channel"],
  ])("dead letters to %s", (ref, code, message) => {
    const { diagnostics } = linkKeys({ channel: `x-dead-letter: { channel: { $ref: '${ref}' } }\n` });
    expect(diagnostics.map((found) => [found.code, found.message])).toEqual([[code, message]]);
  });

  test("no word about dead letters is a warning, `false` is a word", () => {
    expect(linkKeys({}).diagnostics.map(({ code, severity }) => [code, severity])).toEqual([["E3033", "warning"]]);
    expect(codesOf(linkKeys({ operation: "x-dead-letter: false\n" }))).toEqual([]);
    expect(codesOf(linkKeys({ protocol: "solace" }))).toEqual(["E3030"]);
    const off = linkKeys({ channel: quiet, operation: "x-dead-letter: false\n" });
    expect(off.file?.operations[0]?.policy.deadLetter).toBeUndefined();
  });

  test("a key that looks like one of ours", () => {
    const { diagnostics } = linkKeys({ channel: `${quiet}x-retrys: {}\nx-internal: {}\n` });
    expect(diagnostics.map(({ code, help }) => [code, help])).toEqual([["E3022", 'did you mean "x-retry"?']]);
  });

  test("expressions are held against the payload", () => {
    const linked = linkKeys({ channel: `${quiet}x-idempotency-key: $message.payload#/at/y\n` });
    expect(linked.found).toEqual(["E3025 10:24 x-idempotency-key: the payload of m has nothing at /at/y"]);
    expect(linked.diagnostics[0]?.help).toBe("did you mean $message.payload#/at/x?");
    expect(codesOf(linkKeys({ channel: `${quiet}x-idempotency-key: $message.payload#/at/x\n` }))).toEqual([]);
  });

  test("expressions into proto messages, by either name of a field", () => {
    const messages = [protoMessage("acme.UserCreated", "user.proto", ["user_id"])];
    const contract = (pointer: string): Linked =>
      link(
        `asyncapi: 3.0.0
info: { title: T, version: "1" }
channels:
  c: { address: c, messages: { m: { payload: { $ref: 'user.proto#/acme.UserCreated' }, x-key: $message.payload#/${pointer} } } }
`,
        { files: { "user.proto": "" }, messages },
      );
    expect(contract("userId").diagnostics).toEqual([]);
    expect(contract("user_id").file?.channels[0]?.messages[0]?.key).toBe("$message.payload#/user_id");
    expect(contract("userID").diagnostics.map(({ code, help }) => [code, help])).toEqual([
      ["E3025", "did you mean $message.payload#/userId?"],
    ]);
  });

  test.each([
    ["bindings: { amqp: { is: queue, queue: { name: mails } } }", "", "mails"],
    ["", "bindings: { kafka: { groupId: { type: string, enum: [g] } } }", "g"],
    ["", "bindings: { kafka: { groupId: { type: string } } }\nx-consumer: { group: x }", "x"],
    ["bindings: { amqp: { queue: { name: '' } } }", "", undefined],
  ])("the group of bindings: %s%s", (channel, operation, group) => {
    const { file } = linkKeys({ channel: `${quiet}${channel}\n`, operation: `${operation}\n` });
    expect(file?.operations[0]?.policy.group).toBe(group);
  });
});

test.each([
  ["PT5S", 5_000],
  ["PT0.25S", 250],
  ["PT0,25S", 250],
  ["P1DT2H3M4S", 93_784_000],
  ["P2W", 1_209_600_000],
  ["PT0S", 0],
  ["P", undefined],
  ["PT", undefined],
  ["P1DT", undefined],
  ["P1Y", undefined],
  ["P1M", undefined],
  ["-PT5S", undefined],
  ["PT5", undefined],
  ["5s", undefined],
  ["P99999D", undefined],
])("duration %s", (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

describe("the JSON Schema of our keys", () => {
  const text = readFileSync(new URL("../../../schemas/asyncapi-extensions.schema.json", import.meta.url), "utf8");
  const schema = JSON.parse(text) as {
    readonly properties: object;
    readonly definitions: Record<
      "retry" | "consumer",
      { readonly properties: Record<string, { properties?: object }> }
    >;
  };

  test("has the keys that the linker reads", () => {
    expect(Object.keys(schema.properties)).toEqual([
      ...Object.keys(policyKeys),
      "x-key",
      "retry",
      "deadLetter",
      ...Object.keys(brokerKeys),
      "x-websocket",
      "x-deprecated",
    ]);
    for (const [name, keys] of Object.entries(brokerKeys)) {
      const definition = schema.definitions[name.slice(2) as "consumer"];
      expect(Object.keys(definition.properties)).toEqual(Object.keys(keys));
    }
    expect(Object.keys(schema.definitions.retry.properties)).toEqual(policyKeys["x-retry"]);
    expect(Object.keys(schema.definitions.consumer.properties)).toEqual(policyKeys["x-consumer"]);
    expect(Object.keys(schema.definitions.consumer.properties["batch"]?.properties ?? {})).toEqual(batchKeys);
  });

  test("F7: says of durations and counts what the configuration's schema says of those of methods", () => {
    const { definitions } = schema as { readonly definitions: Record<string, { pattern?: string }> };
    expect(definitions["count"]).toEqual(ruleSchema(ruleOf("limit.concurrency")));
    expect(definitions["duration"]).toMatchObject(ruleSchema(ruleOf("timeoutMs")));
  });

  const validate = new Ajv({ strict: false }).compile(schema);
  test.each([
    [{ "x-retry": { maxAttempts: 5, quick: 2, delays: ["PT5S", "P1D", "PT0.5S", "P1DT1H"] } }, true],
    [{ "x-dead-letter": {}, "x-consumer": { group: "a", order: "key", batch: { size: 1 } }, "x-expires": "P2W" }, true],
    [{ "x-dead-letter": { channel: { $ref: "#/channels/dead" } }, "x-key": "$message.header#/k" }, true],
    [{ "x-jetstream": { stream: "A", replicas: 3, ackWait: "PT30S" }, "x-redis": { maxLength: 5 } }, true],
    [{ retry: { maxAttempts: 3, strategy: { type: "fixed" } }, deadLetter: true }, true],
    [{ "x-jetstream": { replicas: 6 } }, false],
    [{ "x-redis": { keep: 5 } }, false],
    [{ "x-retry": { attempts: 5 } }, false],
    [{ "x-expires": "P1Y" }, false],
    [{ "x-expires": "PT" }, false],
    [{ "x-idempotency-key": "id" }, false],
  ])("%j: %s", (value, valid) => {
    expect(validate(value)).toBe(valid);
  });
});
