import type { Field, Message, Model, ScalarType } from "../../../src/model/index.js";
import type { createRandom } from "./support.js";

export type Random = ReturnType<typeof createRandom>;

const texts = [
  "",
  "a",
  "grüße",
  "日本語😀",
  "__proto__",
  "constructor",
  "x".repeat(70),
  "1.5s",
  "2020-01-01T00:00:00Z",
];
const varints = [0n, 1n, 2n, 127n, 128n, 300n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n];

const outermost = 4;

/**
 * Valid bytes of a random message, written from the model and from nothing else of ours: fields in any order, lists
 * packed and not, map entries, groups, extensions, message sets, Anys.
 */
export function randomBytes(model: Model, typeName: string, random: Random, depth = outermost): Uint8Array {
  const message = model.messages.get(typeName);
  if (message === undefined) throw new Error(`no message ${typeName}`);
  return Uint8Array.from(messageBytes(model, message, random, depth));
}

function messageBytes(model: Model, message: Message, random: Random, depth: number): number[] {
  if (message.typeName === "google.protobuf.Any") return anyBytes(model, random, depth);
  const extensions = [...model.extensions.values()].filter(({ extendee }) => extendee === message.typeName);
  const fields = [...message.fields, ...extensions];
  const required = fields.filter(({ presence }) => presence === "required");
  // a wide message that holds itself would be without bound if its inner ones were as full
  const most = 6 + (depth === outermost ? fields.length / 10 : 0);
  const chosen = fields.length === 0 ? [] : Array.from({ length: random.int(most) }, () => random.pick(fields));
  return [...chosen, ...required].flatMap((field) => {
    const nested = field.type.kind === "message" || (field.type.kind === "map" && field.type.value.kind === "message");
    // where a message requires one of its own kind there is no end, and no valid message
    if (nested && depth === 0) return [];
    return message.messageSet
      ? messageSetItem(model, field, random, depth)
      : fieldBytes(model, field, random, Math.max(depth - 1, 0));
  });
}

function fieldBytes(model: Model, field: Field, random: Random, depth: number): number[] {
  const { number, type } = field;
  if (type.kind === "map") {
    const key = { ...field, number: 1, type: { kind: "scalar", scalar: type.key }, repeated: false } as const;
    const value = { ...field, number: 2, type: type.value, repeated: false };
    const entry = [key, value].flatMap((part) => (random.int(8) === 0 ? [] : fieldBytes(model, part, random, depth)));
    // the last key counts
    const hostile = type.key === "string" && random.int(4) === 0 ? protoKey : [];
    return [...tag(number, 2), ...withLength([...entry, ...hostile])];
  }
  if (type.kind === "message") {
    const message = model.messages.get(type.typeName);
    const inner = message === undefined ? [] : messageBytes(model, message, random, depth);
    return field.delimited
      ? [...tag(number, 3), ...inner, ...tag(number, 4)]
      : [...tag(number, 2), ...withLength(inner)];
  }
  const values = type.kind === "enum" ? model.enums.get(type.typeName)?.values.map((value) => value.number) : undefined;
  const scalar = type.kind === "enum" ? "int32" : type.scalar;
  // a closed enum meets numbers that it does not have, too
  const write = (): number[] =>
    values !== undefined && random.int(6) > 0
      ? varint(BigInt.asUintN(64, BigInt(random.pick(values))))
      : scalarBytes(scalar, random, field.jsType === "number");
  if (field.repeated && wireTypes[scalar] !== 2 && random.int(2) === 0) {
    const items = Array.from({ length: random.int(20) }, write).flat();
    return [...tag(number, 2), ...withLength(items)];
  }
  return [...tag(number, wireTypes[scalar]), ...write()];
}

/** Item: group 1 of a type id (2) and a message (3). */
function messageSetItem(model: Model, { number, type }: Field, random: Random, depth: number): number[] {
  const message = type.kind === "message" ? model.messages.get(type.typeName) : undefined;
  const inner = message === undefined ? [] : messageBytes(model, message, random, depth);
  const parts = [
    [...tag(2, 0), ...varint(BigInt(number))],
    [...tag(3, 2), ...withLength(inner)],
  ];
  return [...tag(1, 3), ...(random.int(2) === 0 ? parts : parts.reverse()).flat(), ...tag(1, 4)];
}

function anyBytes(model: Model, random: Random, depth: number): number[] {
  const message = random.pick([...model.messages.values()].filter(({ messageSet }) => !messageSet));
  const url = Buffer.from(`type.googleapis.com/${message.typeName}`);
  const inner = depth === 0 ? [] : messageBytes(model, message, random, depth - 1);
  return [...tag(1, 2), ...withLength([...url]), ...tag(2, 2), ...withLength(inner)];
}

const wireTypes: Readonly<Record<ScalarType, number>> = {
  double: 1,
  float: 5,
  int32: 0,
  int64: 0,
  uint32: 0,
  uint64: 0,
  sint32: 0,
  sint64: 0,
  fixed32: 5,
  fixed64: 1,
  sfixed32: 5,
  sfixed64: 1,
  bool: 0,
  string: 2,
  bytes: 2,
};

/** `safe` keeps to the integers that a JavaScript number holds. */
function scalarBytes(scalar: ScalarType, random: Random, safe: boolean): number[] {
  switch (wireTypes[scalar]) {
    case 0:
      return varint(!safe && random.int(3) === 0 ? random.pick(varints) : BigInt(random.int(1000)));
    case 1:
      return safe ? [...noise(random, 6), 0, 0] : noise(random, 8);
    case 5:
      return noise(random, 4);
    default:
      return withLength(scalar === "string" ? [...Buffer.from(random.pick(texts))] : noise(random, random.int(40)));
  }
}

/** Any bytes at all. */
export function noise(random: Random, length: number): number[] {
  return Array.from({ length }, () => random.int(256));
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

function tag(number: number, wireType: number): number[] {
  return varint(BigInt(number) * 8n + BigInt(wireType));
}

function withLength(bytes: readonly number[]): number[] {
  return [...varint(BigInt(bytes.length)), ...bytes];
}

/** The key of a map entry. */
const protoKey: readonly number[] = [...tag(1, 2), ...withLength([...Buffer.from("__proto__")])];

/** What a hostile peer puts where a tag, a length or a number should be. */
const poison: readonly (readonly number[])[] = [
  varint(2n ** 31n - 1n),
  varint(2n ** 32n - 1n),
  varint(2n ** 64n - 1n),
  [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
  [128, 128, 128, 128, 0],
  [128, 128, 128, 128, 128, 128, 128, 128, 128, 128],
  [0],
  tag(1, 3),
  tag(1, 4),
  tag(1, 6),
  tag(2 ** 29 - 1, 2),
  withLength([...Buffer.from("__proto__")]),
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
];

/** Bytes with one to four things done to them. */
export function mutateBytes(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let result = [...bytes];
  for (let i = random.int(4); i >= 0; i--) {
    const at = random.int(result.length + 1);
    switch (random.int(8)) {
      case 0:
        result[Math.min(at, result.length)] = random.int(256);
        break;
      case 1:
        if (at < result.length) result[at] = (result[at] ?? 0) ^ (1 << random.int(8));
        break;
      case 2:
        result = result.slice(0, at);
        break;
      case 3:
        result.splice(at, 0, ...random.pick(poison));
        break;
      case 4:
        result.splice(at, random.int(4), ...random.pick(poison));
        break;
      case 5:
        result.splice(at, random.int(8));
        break;
      case 6:
        result.splice(at, 0, ...other.subarray(random.int(other.length + 1)));
        break;
      default:
        result.splice(at, 0, ...result.slice(at, at + random.int(64)));
    }
  }
  // what grows by copies of itself stays small
  return Uint8Array.from(result.slice(0, 4096));
}

const jsonValues: readonly string[] = [
  "null",
  "true",
  '""',
  "[]",
  "{}",
  "[null]",
  "1e400",
  "-1e400",
  "9007199254740993",
  "18446744073709551616",
  "-9223372036854775809",
  '"NaN"',
  '"Infinity"',
  "-0",
  "0.1",
  '"1e5"',
  '"\\ud800"',
  '"__proto__"',
  '"=AAA"',
  '"-_-_"',
  '"9999-12-31T23:59:60Z"',
  '"-315576000001s"',
  '"a.b,,c"',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"@type":"type.googleapis.com/google.protobuf.Any","value":{"@type":""}}',
  "[".repeat(300) + "]".repeat(300),
  '{"a":'.repeat(300) + "1" + "}".repeat(300),
];

/** JSON text with one to three things done to it; often it still is JSON. */
export function mutateJson(text: string, random: Random): string {
  let result = text;
  for (let i = random.int(3); i >= 0; i--) {
    switch (random.int(6)) {
      case 0:
      case 1:
        result = replaceOne(
          result,
          /(?<=[:[,]\s*)("(?:[^"\\]|\\.)*"(?!\s*:)|[-0-9.eE+]+|true|false|null|\{\}|\[\])/g,
          random,
          () => random.pick(jsonValues),
        );
        break;
      case 2:
        result = replaceOne(result, /"(?:[^"\\]|\\.)*"(?=\s*:)/g, random, () =>
          random.pick(['"__proto__"', '"constructor"', '"toString"', '""', '"@type"', '"value"', '"[a.b]"']),
        );
        break;
      case 3:
        // a member twice
        result = replaceOne(
          result,
          /"(?:[^"\\]|\\.)*":(?:"(?:[^"\\]|\\.)*"|[-0-9.]+|true|false)/g,
          random,
          (member) => `${member},${member}`,
        );
        break;
      case 4:
        result = replaceOne(result, /[[\]{},:"]/g, random, () => random.pick(["[", "]", "{", "}", ",", ":", '"', ""]));
        break;
      default: {
        const at = random.int(result.length + 1);
        result =
          result.slice(0, at) + random.pick(["\u0000", "\u2028", "\\", "1", " "]) + result.slice(at + random.int(3));
      }
    }
  }
  return result.slice(0, 20_000);
}

function replaceOne(text: string, what: RegExp, random: Random, by: (found: string) => string): string {
  const all = [...text.matchAll(what)];
  if (all.length === 0) return text;
  const { 0: found, index } = random.pick(all);
  return text.slice(0, index) + by(found) + text.slice(index + found.length);
}
