import { describe, expect, test } from "vitest";
import { link, type Linked } from "./support.js";

interface Receiver {
  readonly channel?: string;
  readonly messages?: readonly string[];
  readonly keys?: string;
}

const object = "{ payload: { type: object } }";

/** A contract with the channels `one` (messages m and n), `same` (its address again) and `dead`. */
function linkReceivers(
  receivers: Readonly<Record<string, Receiver>>,
  { channel = "", root = "", protocol = "amqp", pattern = "shop.{region}" } = {},
): Linked {
  const operations = Object.entries(receivers).map(([id, { channel: of = "one", messages, keys = "" }]) => {
    const list = messages?.map((name) => `{ $ref: '#/channels/${of}/messages/${name}' }`).join(", ");
    return [
      `  ${id}:`,
      "    action: receive",
      `    channel: { $ref: '#/channels/${of}' }`,
      ...(list === undefined ? [] : [`    messages: [${list}]`]),
      ...(keys === "" ? [] : [`    ${keys}`]),
      "",
    ].join("\n");
  });
  return link(`asyncapi: 3.0.0
info: { title: T, version: "1" }
servers: { s: { host: h, protocol: ${protocol} } }
x-retry: {}
${root}
channels:
  one:
    address: one
    messages: { m: ${object}, n: ${object} }
    ${channel}
  same: { address: one, messages: { other: ${object} } }
  dead: { address: one.dead, messages: { m: ${object}, n: ${object} } }
  open: { address: "${pattern}", parameters: { region: {} }, messages: { m: ${object} } }
  fixed: { address: shop.dead, messages: { m: ${object} } }
operations:
${operations.join("")}`);
}

/** Errors without their places. */
function errors({ diagnostics }: Linked): readonly string[] {
  return diagnostics.filter(({ severity }) => severity === "error").map(({ code, message }) => `${code} ${message}`);
}

const split = { rm: { messages: ["m"] }, rn: { messages: ["n"] } } as const;

describe("F7 operations of one group", () => {
  test.each([
    ["x-consumer of the channel", { channel: "x-consumer: { group: workers }" }, 'the group "workers"'],
    ["a queue of the bindings", { channel: "bindings: { amqp: { queue: { name: work } } }" }, 'the group "work"'],
    ["one queue", { channel: "bindings: { amqp: { is: queue, queue: { name: work } } }" }, "one queue"],
    ["x-consumer of the document", { root: "x-consumer: { group: all }" }, 'the group "all"'],
  ])("that differ in their messages: %s", (_, keys, what) => {
    const linked = linkReceivers(split, keys);
    expect(errors(linked)).toEqual([`E3026 rm and rn share ${what} and not their messages: rm takes m, rn takes n`]);
    const fault = linked.diagnostics.find(({ code }) => code === "E3026");
    expect(fault?.origin).toMatchObject({ line: 20, column: 3 });
    expect(fault?.related[0]).toMatchObject({ message: "rm, which shares them", origin: { line: 16, column: 3 } });
  });

  test("an operation's group may be the name of another, a group of Kafka is one too", () => {
    expect(
      errors(linkReceivers({ ...split, rn: { messages: ["n"], keys: "x-consumer: { group: rm }" } })),
    ).toHaveLength(1);
    const keys = "bindings: { kafka: { groupId: { type: string, const: g } } }";
    const kafka = { rm: { ...split.rm, keys }, rn: { ...split.rn, keys } };
    expect(errors(linkReceivers(kafka, { protocol: "kafka" }))).toHaveLength(1);
  });

  test("two channels of one address, and who reads dead letters", () => {
    const keys = "x-consumer: { group: g }";
    expect(errors(linkReceivers({ rm: { messages: ["m"], keys }, ro: { channel: "same", keys } }))).toEqual([
      'E3026 rm and ro share the group "g" and not their messages: rm takes m, ro takes other',
    ]);
    const readers = { dm: { channel: "dead", messages: ["m"] }, dn: { channel: "dead", messages: ["n"] } };
    expect(errors(linkReceivers(readers))).toEqual([]);
    const channel = "x-dead-letter: { channel: { $ref: '#/channels/dead' } }";
    expect(errors(linkReceivers(readers, { channel }))).toEqual([
      "E3026 dm and dn share one queue and not their messages: dm takes m, dn takes n",
    ]);
  });

  test("that take the same messages, or have groups of their own, are in order", () => {
    const channel = "x-consumer: { group: workers }";
    expect(errors(linkReceivers(split))).toEqual([]);
    expect(errors(linkReceivers({ rm: { messages: ["n", "m"] }, rn: {} }, { channel }))).toEqual([]);
    expect(errors(linkReceivers(split, { channel, protocol: "ws" }))).toEqual([]);
  });
});

describe("F7 dead letters that come back", () => {
  const to = (channel: string): string => `x-dead-letter: { channel: { $ref: '#/channels/${channel}' } }`;

  test.each([
    ["the consumed channel", { take: { keys: to("one") } }, "one"],
    ["another channel of its address", { take: { keys: to("same") } }, "one"],
    ["an address that its pattern takes", { take: { channel: "open", keys: to("fixed") } }, "shop.dead"],
  ])("%s", (_, receivers, address) => {
    expect(errors(linkReceivers(receivers))).toEqual([
      `E3027 the dead letters of take go to "${address}", which it receives from itself`,
    ]);
  });

  test("by way of those who receive them, said once", () => {
    const linked = linkReceivers({ take: { keys: to("dead") }, mend: { channel: "dead", keys: to("same") } });
    expect(errors(linked)).toEqual(['E3027 the dead letters of take come back to it from "one.dead", by way of mend']);
    expect(linked.diagnostics.find(({ code }) => code === "E3027")?.origin).toMatchObject({ line: 19, column: 20 });
  });

  test("the document's dead-letter channel is that of its own receivers too, but for `false`", () => {
    const root = to("dead");
    expect(errors(linkReceivers({ take: {}, alert: { channel: "dead" } }, { root }))).toEqual([
      'E3027 the dead letters of alert go to "one.dead", which it receives from itself',
    ]);
    const said = { take: {}, alert: { channel: "dead", keys: "x-dead-letter: false" } };
    expect(errors(linkReceivers(said, { root }))).toEqual([]);
  });

  test.each([
    ["shop.{a}{b}"],
    ["shop.{region}.x"],
    ["other.{region}"],
    ["shop.dead{region}"],
    ["shop.x{region}"],
    ["shop.{region}x"],
  ])("%s and shop.dead", (pattern) => {
    const found = errors(linkReceivers({ take: { channel: "open", keys: to("fixed") } }, { pattern }));
    expect(found).toHaveLength(pattern === "shop.{a}{b}" ? 1 : 0);
  });
});

describe("F7 subjects of JetStream that overlap", () => {
  function overlaps(channels: string, protocol = "nats"): readonly string[] {
    const { found } = link(`asyncapi: 3.0.0
info: { title: T, version: "1" }
servers: { s: { host: h, protocol: ${protocol} }, t: { host: h, protocol: nats } }
channels:
${channels}
`);
    return found;
  }
  const wide = '  wide: { address: "shop.orders.{region}", parameters: { region: {} } }';

  test.each([
    ["  dead: { address: shop.orders.dead }", "wide, dead"],
    ['  other: { address: "shop/{what}/eu", parameters: { what: {} } }', "wide, other"],
    ["  dead: { address: shop.orders.dead }\n  gone: { address: shop.orders.gone }", "wide, dead, gone"],
  ])("%s", (other, all) => {
    const said = `the subjects of ${all} overlap, and in JetStream each is in one stream`;
    expect(overlaps(`${wide}\n${other}`)).toEqual([`E3028 5:3 ${said}`]);
  });

  test.each([
    [`${wide}\n  dead: { address: shop.orders.eu.dead }`, "nats"],
    [`${wide}\n  dead: { address: shop/orders/dead }`, "nats"],
    ['  wide: { address: "a.{b}" }\n  same: { address: "a.{c}" }', "nats"],
    [
      '  wide: { address: "a.{b}", x-jetstream: { stream: S } }\n  in: { address: a.b, x-jetstream: { stream: S } }',
      "nats",
    ],
    ['  wide: { address: "a.{b}", x-nats: { core: true } }\n  in: { address: a.b }', "nats"],
    [
      '  wide: { address: "a.{b}", servers: [{ $ref: "#/servers/s" }] }\n  in: { address: a.b, servers: [{ $ref: "#/servers/s" }] }',
      "mqtt",
    ],
    [
      '  wide: { address: "a.{b}", servers: [{ $ref: "#/servers/s" }] }\n  in: { address: a.b, servers: [{ $ref: "#/servers/t" }] }',
      "nats",
    ],
  ])("%s on %s do not", (channels, protocol) => {
    expect(overlaps(channels, protocol)).toEqual([]);
  });
});
