import { describe, expect, test } from "vitest";
import { codesOf, errorsOf, link } from "./support.js";

const info = `info: { title: T, version: "1" }\n`;

describe("versions", () => {
  test.each(["2.0.0", "2.6.0", "3.0.0", "3.1.0", "3.1"])("%s is read", (version) => {
    const linked = link(`asyncapi: "${version}"\n${info}`);
    expect(linked.file?.asyncapi).toBe(version);
    expect(linked.diagnostics).toEqual([]);
  });

  test.each(["1.2.0", "2.7.0", "3.2.0", "4.0.0", "three", "3"])("%s is refused with what is supported", (version) => {
    const linked = link(`asyncapi: ${version}\n${info}`);
    expect(linked.file).toBeUndefined();
    expect(linked.found).toEqual([`E3006 1:11 AsyncAPI ${version} is not supported`]);
    expect(linked.diagnostics[0]?.help).toMatch("2.0.0 to 2.6.0, 3.0.0 and 3.1.0");
  });

  test("no version", () => {
    expect(codesOf(link(`openapi: 3.1.0\n`))).toEqual(["E3005"]);
    expect(codesOf(link(`asyncapi:\n`))).toEqual(["E3005"]);
  });

  test("missing info, title, version", () => {
    expect(link("asyncapi: 3.0.0\n").found).toEqual(["E3012 1:11 missing: `info` with `title` and `version`"]);
    expect(link("asyncapi: 3.0.0\ninfo: {}\n").found).toEqual([
      "E3012 2:1 missing: `info.title`",
      "E3012 2:1 missing: `info.version`",
    ]);
  });
});

describe("2.x", () => {
  const text = `asyncapi: 2.6.0
${info}defaultContentType: application/cbor
channels:
  user/{id}/signedup:
    description: Users.
    parameters:
      id: { description: Who., schema: { type: string, enum: [a, b], default: a } }
    subscribe:
      operationId: sent
      message: { $ref: '#/components/messages/SignedUp' }
    publish:
      summary: Taken.
      message:
        oneOf:
          - $ref: '#/components/messages/SignedUp'
          - { name: Left, contentType: text/plain, payload: { type: string } }
          - { payload: { type: integer } }
components:
  messages:
    SignedUp:
      correlationId: { location: $message.header#/correlation }
      headers: { type: object, properties: { correlation: { type: string } } }
      payload: { type: object, properties: { name: { type: string } } }
      examples: [{ name: one, payload: { name: x } }]
`;

  test("publish is what the application receives, subscribe what it sends", () => {
    const { file } = link(text);
    expect(file?.operations.map(({ id, action, messages }) => ({ id, action, messages }))).toEqual([
      { id: "sent", action: "send", messages: ["SignedUp"] },
      {
        id: "user/{id}/signedup.publish",
        action: "receive",
        messages: ["SignedUp", "Left", "user/{id}/signedup.publish.message.2"],
      },
    ]);
  });

  test("channel, parameters and messages", () => {
    const { file, diagnostics } = link(text);
    expect(diagnostics).toEqual([]);
    const [channel] = file?.channels ?? [];
    expect(channel).toMatchObject({ id: "user/{id}/signedup", address: "user/{id}/signedup", description: "Users." });
    expect(channel?.parameters).toMatchObject([{ name: "id", description: "Who.", values: ["a", "b"], default: "a" }]);
    expect(channel?.messages.map(({ id }) => id)).toEqual(["SignedUp", "Left", "user/{id}/signedup.publish.message.2"]);
    expect(channel?.messages.map(({ contentType }) => contentType)).toEqual([
      "application/cbor",
      "text/plain",
      "application/cbor",
    ]);
    expect(channel?.messages[0]).toMatchObject({
      correlationId: "$message.header#/correlation",
      headers: { kind: "ref", key: "/components/messages/SignedUp/headers" },
      payload: { kind: "schema", schema: { kind: "ref", key: "/components/messages/SignedUp/payload" } },
      examples: [{ name: "x" }],
    });
    expect(file?.schemas.map(({ name }) => name)).toEqual([
      "LeftPayload",
      "user/{id}/signedup.2Payload",
      "SignedUpHeaders",
      "SignedUpPayload",
    ]);
  });

  test("a trait wins over what it is applied to", () => {
    const { file } = link(`asyncapi: 2.6.0
${info}channels:
  c:
    publish:
      traits: [{ $ref: '#/components/operationTraits/t' }]
      summary: own
      message:
        title: own
        headers: { type: object, properties: { a: { type: string }, b: { type: string } } }
        traits:
          - { title: trait, headers: { properties: { b: { type: integer } } } }
          - { description: second }
        payload: {}
components:
  operationTraits: { t: { summary: trait, bindings: { amqp: { ack: true } } } }
`);
    expect(file?.operations[0]?.summary).toBe("trait");
    expect(file?.operations[0]?.bindings.get("amqp")).toEqual({ ack: true });
    expect(file?.channels[0]?.messages[0]).toMatchObject({ title: "trait", description: "second" });
    const headers = file?.schemas.find(({ name }) => name.endsWith("Headers"));
    expect(headers?.schema).toMatchObject({
      properties: [
        { name: "a", schema: { kind: "string" } },
        { name: "b", schema: { kind: "integer" } },
      ],
    });
  });
});

describe("3.x", () => {
  const text = `asyncapi: 3.0.0
${info}servers:
  main: { host: "localhost:5672", protocol: amqp, description: Main. }
channels:
  requests:
    address: requests
    title: Requests
    messages:
      ask: { $ref: '#/components/messages/Ask' }
      other: { payload: { type: string } }
  replies:
    address: null
    messages:
      answer: { payload: { type: string } }
  rooms:
    address: room.{room}.{undescribed}
    parameters:
      unused: { description: not in the address }
      room: { enum: [a], default: a }
operations:
  serve:
    action: receive
    channel: { $ref: '#/channels/requests' }
    messages: [{ $ref: '#/channels/requests/messages/ask' }]
    x-dead-letter: {}
    reply:
      address: { location: '$message.header#/replyTo' }
      channel: { $ref: '#/channels/replies' }
  all:
    action: send
    channel: { $ref: '#/channels/requests' }
    traits: [{ summary: trait, description: trait }]
    summary: own
  none:
    action: send
    channel: { $ref: '#/channels/requests' }
    messages: []
components:
  messages:
    Ask: { name: ask.message, payload: { type: object, properties: { q: { type: string } } } }
`;

  test("servers, channels, operations and replies", () => {
    const { file, diagnostics } = link(text);
    expect(diagnostics).toEqual([]);
    expect(file?.servers).toMatchObject([
      { id: "main", host: "localhost:5672", protocol: "amqp", description: "Main." },
    ]);
    expect(file?.channels.map(({ id, address, title }) => [id, address, title])).toEqual([
      ["requests", "requests", "Requests"],
      ["replies", undefined, ""],
      ["rooms", "room.{room}.{undescribed}", ""],
    ]);
    expect(file?.channels[0]?.messages.map(({ id, name }) => [id, name])).toEqual([
      ["ask", "ask.message"],
      ["other", "other"],
    ]);
    expect(file?.channels[2]?.parameters).toMatchObject([
      { name: "room", values: ["a"], default: "a" },
      { name: "undescribed", values: [], default: undefined },
    ]);
    expect(file?.operations[0]).toMatchObject({
      action: "receive",
      messages: ["ask"],
      reply: { channel: "replies", address: "$message.header#/replyTo", messages: ["answer"] },
    });
    expect(file?.operations.slice(1).map(({ messages }) => messages)).toEqual([["ask", "other"], []]);
  });

  test("an object wins over its traits", () => {
    expect(link(text).file?.operations[1]).toMatchObject({ summary: "own", description: "trait" });
  });

  test("operations that cannot be", () => {
    const linked = link(`asyncapi: 3.0.0
${info}channels:
  a: { address: a, messages: { m: { payload: {} } } }
operations:
  one: { channel: { $ref: '#/channels/a' } }
  two: { action: publish, channel: { $ref: '#/channels/a' } }
  three: { action: send }
  four: { action: send, channel: { $ref: '#/components/channels/b' } }
  five: { action: send, channel: { $ref: '#/channels/a' }, messages: [{ $ref: '#/components/messages/n' }] }
components:
  channels: { b: { address: b } }
  messages: { n: { payload: {} } }
`);
    expect(linked.found).toEqual([
      "E3012 6:3 missing: `action` of operation one",
      'E3013 7:18 the action of an operation is `send` or `receive`, not "publish"',
      "E3012 8:3 missing: `channel` of operation three",
      'E3014 9:34 operation four: "b" is no channel of this document (did you mean "a"?)',
      'E3014 10:71 operation five: "n" is no message of its channel "a"',
    ]);
  });

  test("shape: descriptions and positions do not count, structure does", () => {
    const base = link(text).file;
    const described = link(text.replace("Main.", "The main one.")).file;
    const moved = link(text.replace("servers:", "\n\nservers:")).file;
    const changed = link(text.replace("room.{room}", "rooms.{room}")).file;
    expect(described?.shape).toBe(base?.shape);
    expect(moved?.shape).toBe(base?.shape);
    expect(changed?.shape).not.toBe(base?.shape);
    expect(described?.hash).not.toBe(base?.hash);
  });

  test("hash: what a shared file says counts", () => {
    const main = `asyncapi: 3.0.0\n${info}channels: { a: { address: a, messages: { m: { payload: { $ref: 's.yaml#/S' } } } } }\n`;
    const [one, two] = ["One.", "Two."].map(
      (text) => link(main, { files: { "s.yaml": `S: { type: string, description: ${text} }\n` } }).file,
    );
    expect(one?.shape).toBe(two?.shape);
    expect(one?.hash).not.toBe(two?.hash);
  });
});

test("bindings: references replaced, loops cut, protocols by their canonical names", () => {
  const { file } = link(`asyncapi: 3.0.0
${info}channels:
  a:
    address: a
    bindings:
      amqps: { is: queue, queue: { $ref: '#/components/x-queue' } }
      kafka: { x: { $ref: '#/components/x-loop' } }
components:
  x-queue: { name: q, __proto__: { a: 1 } }
  x-loop: { again: { $ref: '#/components/x-loop' } }
`);
  const amqp = file?.channels[0]?.bindings.get("amqp");
  expect(JSON.stringify(amqp)).toBe('{"is":"queue","queue":{"name":"q","__proto__":{"a":1}}}');
  expect(file?.channels[0]?.bindings.get("kafka")).toEqual({ x: { again: null } });
});

test("a document without channels gives the types of its components", () => {
  const linked = link(`asyncapi: 3.0.0
${info}components:
  schemas: { Id: { type: string } }
  messages: { Created: { payload: { type: object, properties: { id: { $ref: '#/components/schemas/Id' } } } } }
`);
  expect(errorsOf(linked)).toEqual([]);
  expect(linked.file?.schemas.map(({ name }) => name)).toEqual(["Id", "CreatedPayload"]);
});
