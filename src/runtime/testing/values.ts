import type { Random } from "../context/index.js";
import type { JsonObject, JsonValue } from "../wire/index.js";
import { FieldDescriptorProto_Type as Type } from "../wkt/index.js";
import type { FieldShape, MessageShape, Shapes } from "./descriptors.js";
import { avoiding, between, decimal, givenValue, pick, wholeNumber } from "./numbers.js";
import type { OptionObject, OptionValue } from "./options.js";
import { count, textFor } from "./texts.js";
import { wellKnownValue } from "./well-known.js";

/** Levels of messages below which nothing goes that need not be there. */
const deepest = 5;
/** Levels of messages that must be there, after which it is clear that the contract never ends. */
const endless = 32;
/** Fields of one value, all levels together, after which only what must be there is. */
const mostFields = 400;

/** Makes ProtoJSON values of messages. */
export interface Values {
  /** @throws {TypeError} for a message that the descriptors do not have. */
  message(typeName: string, random: Random): JsonValue;
}

/** Values of the messages that descriptors describe. */
export function createValues(shapes: Shapes): Values {
  return {
    message(typeName, random) {
      let left = mostFields;

      function ofMessage(name: string, rules: OptionObject, path: readonly string[]): JsonValue {
        const known = wellKnownValue(random, name, rules);
        if (known !== undefined) return known;
        const shape = shapes.message(name);
        if (shape === undefined) throw new TypeError(`the descriptors have no message ${name}`);
        const inside = [...path, name];
        const value: JsonObject = Object.create(null) as JsonObject;
        for (const field of chosenFields(shape, random)) {
          if (field.required ? isEndless(inside) : !isWelcome(field, inside)) continue;
          left--;
          value[field.jsonName] = ofField(field, inside);
        }
        return value;
      }

      /** A contract may ask for what never ends. */
      function isEndless(inside: readonly string[]): boolean {
        return inside.length > endless || left < -10 * mostFields;
      }

      /** Nothing goes on for ever: neither a message in itself nor very many fields. */
      function isWelcome(field: FieldShape, inside: readonly string[]): boolean {
        if (left <= 0) return false;
        const isMessage = field.type === Type.MESSAGE || field.type === Type.GROUP;
        if (!isMessage) return !field.optional || field.oneof !== "" || random() < 0.8;
        const named = shapes.message(field.typeName)?.entry?.value.typeName ?? field.typeName;
        // what an Any holds only those can print who know the type
        if (named === "google.protobuf.Any") return false;
        const again = inside.filter((name) => name === named).length;
        return inside.length < deepest && again < 2 && (field.oneof !== "" || field.repeated || random() < 0.8);
      }

      function ofField(field: FieldShape, inside: readonly string[]): JsonValue {
        const entry = field.repeated ? shapes.message(field.typeName)?.entry : undefined;
        if (entry !== undefined) return ofMap(field, entry, inside);
        if (!field.repeated) return ofOne(field, field.rules, inside);
        const rules = part(field.rules, "repeated");
        const item = part(rules, "items");
        const values = Array.from({ length: size(rules, inside, "min_items", "max_items") }, () =>
          ofOne(field, item, inside),
        );
        if (rules["unique"] !== true) return values;
        const seen = new Map(values.map((value) => [JSON.stringify(value), value]));
        for (let i = 0; seen.size < (count(rules, "min_items") ?? 0) && i < 1_000; i++) {
          const more = ofOne(field, item, inside);
          seen.set(JSON.stringify(more), more);
        }
        return [...seen.values()];
      }

      function ofMap(field: FieldShape, { key, value }: NonNullable<MessageShape["entry"]>, inside: readonly string[]) {
        const rules = part(field.rules, "map");
        const found: JsonObject = Object.create(null) as JsonObject;
        const wanted = size(rules, inside, "min_pairs", "max_pairs");
        for (let i = 0; Object.keys(found).length < wanted && i < wanted + 1_000; i++) {
          found[String(ofOne(key, part(rules, "keys"), inside))] = ofOne(value, part(rules, "values"), inside);
        }
        return found;
      }

      function size(rules: OptionObject, inside: readonly string[], least: string, most: string): number {
        const low = count(rules, least) ?? 1;
        if (inside.length >= deepest || left <= 0) return low;
        return between(random, low, Math.max(low, Math.min(count(rules, most) ?? low + 2, low + 2)));
      }

      function ofOne(field: FieldShape, rules: OptionObject, inside: readonly string[]): JsonValue {
        if (field.type === Type.MESSAGE || field.type === Type.GROUP) return ofMessage(field.typeName, rules, inside);
        if (field.type === Type.ENUM) return ofEnum(field.typeName, part(rules, "enum"));
        return scalarValue(random, field, rules);
      }

      function ofEnum(name: string, rules: OptionObject): JsonValue {
        if (name === "google.protobuf.NullValue") return null;
        const all = shapes.enum(name)?.values ?? [];
        const given = givenValue(random, rules);
        if (typeof given === "number") return given;
        // the first one mostly says that nothing was said
        const real = all.filter(({ number, deprecated }) => number !== 0 && !deprecated);
        const named = avoiding(rules, () => String(pick(random, real.length > 0 ? real : all)?.number ?? 0));
        return all.find(({ number }) => String(number) === named)?.name ?? Number(named);
      }

      return ofMessage(typeName, {}, []);
    },
  };
}

/** All fields, and of each oneof one; of those that need not be there by rule. */
function chosenFields({ fields }: MessageShape, random: Random): readonly FieldShape[] {
  const chosen = new Map<string, FieldShape>();
  for (const { oneof } of fields) {
    if (oneof === "" || chosen.has(oneof)) continue;
    const one = pick(
      random,
      fields.filter((field) => field.oneof === oneof),
    );
    if (one !== undefined) chosen.set(oneof, one);
  }
  return fields.filter((field) => field.oneof === "" || chosen.get(field.oneof) === field);
}

function part(rules: OptionObject, key: string): OptionObject {
  const value = rules[key];
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof Uint8Array)
    ? (value as OptionObject)
    : {};
}

interface Scalar {
  /** What `buf.validate` calls it. */
  readonly rules: string;
  readonly range?: readonly [bigint, bigint];
  /** ProtoJSON has it as text. */
  readonly long?: true;
}

const int32: readonly [bigint, bigint] = [-(2n ** 31n), 2n ** 31n - 1n];
const uint32: readonly [bigint, bigint] = [0n, 2n ** 32n - 1n];
const int64: readonly [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];
const uint64: readonly [bigint, bigint] = [0n, 2n ** 64n - 1n];

const scalars: Readonly<Partial<Record<Type, Scalar>>> = {
  [Type.INT32]: { rules: "int32", range: int32 },
  [Type.SINT32]: { rules: "sint32", range: int32 },
  [Type.SFIXED32]: { rules: "sfixed32", range: int32 },
  [Type.UINT32]: { rules: "uint32", range: uint32 },
  [Type.FIXED32]: { rules: "fixed32", range: uint32 },
  [Type.INT64]: { rules: "int64", range: int64, long: true },
  [Type.SINT64]: { rules: "sint64", range: int64, long: true },
  [Type.SFIXED64]: { rules: "sfixed64", range: int64, long: true },
  [Type.UINT64]: { rules: "uint64", range: uint64, long: true },
  [Type.FIXED64]: { rules: "fixed64", range: uint64, long: true },
  [Type.DOUBLE]: { rules: "double" },
  [Type.FLOAT]: { rules: "float" },
  [Type.BOOL]: { rules: "bool" },
  [Type.STRING]: { rules: "string" },
  [Type.BYTES]: { rules: "bytes" },
};

function scalarValue(random: Random, { type, name }: FieldShape, all: OptionObject): JsonValue {
  const scalar = scalars[type] ?? { rules: "string" };
  const rules = part(all, scalar.rules);
  const given = givenValue(random, rules);
  if (given !== undefined) return jsonOf(given);
  if (scalar.range !== undefined) {
    const [least, most] = scalar.range;
    const value = BigInt(avoiding(rules, () => String(wholeNumber(random, rules, least, most))));
    return scalar.long === true ? String(value) : Number(value);
  }
  switch (scalar.rules) {
    case "bool":
      return random() < 0.5;
    case "string":
      return textFor(random, name, rules);
    case "bytes":
      return base64(bytesFor(random, rules));
    case "float":
      return Math.fround(avoiding(rules, () => decimal(random, rules)));
    default:
      return avoiding(rules, () => decimal(random, rules));
  }
}

function bytesFor(random: Random, rules: OptionObject): Uint8Array {
  const length = count(rules, rules["ipv4"] === true ? "-" : "len");
  if (rules["ipv4"] === true || rules["ip"] === true) return randomBytes(random, 4);
  if (rules["ipv6"] === true || rules["uuid"] === true) return randomBytes(random, 16);
  const low = length ?? count(rules, "min_len") ?? 1;
  const high = length ?? Math.max(low, Math.min(count(rules, "max_len") ?? 16, low + 16));
  const parts = ["prefix", "contains", "suffix"].map((key) => rules[key]);
  const [prefix, contains, suffix] = parts.map((value) => (value instanceof Uint8Array ? value : new Uint8Array()));
  const fixed = [...(prefix ?? []), ...(contains ?? [])];
  const size = between(random, low, high) - fixed.length - (suffix?.length ?? 0);
  return Uint8Array.from([...fixed, ...randomBytes(random, Math.max(0, size)), ...(suffix ?? [])]);
}

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => between(random, 0, 255));
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** A value of a rule as ProtoJSON has it. */
function jsonOf(value: OptionValue): JsonValue {
  if (value instanceof Uint8Array) return base64(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return value as JsonValue;
}
