import type { Random } from "../context/index.js";
import type { JsonValue } from "../wire/index.js";
import { avoiding, between, decimal, givenValue, wholeNumber } from "./numbers.js";
import type { OptionObject, OptionValue } from "./options.js";
import { textFor } from "./texts.js";

const year2024 = Date.UTC(2024, 0, 1) / 1_000;
const year2100 = Date.UTC(2100, 0, 1) / 1_000;
const aYear = 31_536_000;

/** ProtoJSON of the well-known types; undefined for other messages. */
export function wellKnownValue(random: Random, typeName: string, rules: OptionObject): JsonValue | undefined {
  if (!typeName.startsWith("google.protobuf.")) return undefined;
  const own = (key: string): OptionObject => (isObject(rules[key]) ? rules[key] : {});
  switch (typeName.slice("google.protobuf.".length)) {
    case "Timestamp":
      return timestamp(random, own("timestamp"));
    case "Duration":
      return `${secondsWithin(random, own("duration"), 1, 3_600)}s`;
    case "FieldMask":
      return fieldMask(random, own("field_mask"));
    case "Empty":
      return {};
    case "Struct":
      return { key: textFor(random, "", {}), count: between(random, 1, 99), nested: { flag: random() < 0.5 } };
    case "Value":
      return random() < 0.5 ? textFor(random, "", {}) : between(random, 1, 99);
    case "ListValue":
      return [textFor(random, "", {}), between(random, 1, 99), null];
    case "Any":
      // the one type that every registry of this package has
      return { "@type": "type.googleapis.com/google.protobuf.Duration", value: `${between(random, 1, 60)}s` };
    case "DoubleValue":
      return decimal(random, own("double"));
    case "FloatValue":
      return Math.fround(decimal(random, own("float")));
    case "Int64Value":
      return String(wholeNumber(random, own("int64"), -(2n ** 63n), 2n ** 63n - 1n));
    case "UInt64Value":
      return String(wholeNumber(random, own("uint64"), 0n, 2n ** 64n - 1n));
    case "Int32Value":
      return Number(wholeNumber(random, own("int32"), -(2n ** 31n), 2n ** 31n - 1n));
    case "UInt32Value":
      return Number(wholeNumber(random, own("uint32"), 0n, 2n ** 32n - 1n));
    case "BoolValue":
      return random() < 0.5;
    case "StringValue":
      return String(givenValue(random, own("string")) ?? textFor(random, "", own("string")));
    case "BytesValue":
      return "aGVsbG8=";
    default:
      return undefined;
  }
}

function timestamp(random: Random, rules: OptionObject): string {
  const future = rules["gt_now"] === true;
  const seconds = secondsWithin(random, rules, future ? year2100 : year2024, aYear);
  return new Date(seconds * 1_000).toISOString();
}

/** Seconds from `first` on, within the rules where there are some. */
function secondsWithin(random: Random, rules: OptionObject, first: number, span: number): number {
  const given = secondsOf(givenValue(random, rules));
  if (given !== undefined) return given;
  const bound = (key: string): number | undefined => secondsOf(rules[key]);
  const above = bound("gte") ?? (bound("gt") === undefined ? undefined : (bound("gt") ?? 0) + 0.001);
  const below = bound("lte") ?? (bound("lt") === undefined ? undefined : (bound("lt") ?? 0) - 0.001);
  const low = above ?? (below === undefined ? first : Math.min(first, below - span));
  const high = below === undefined || below < low ? low + span : below;
  return avoiding(rules, () => {
    const whole = Math.floor(low + random() * (high - low));
    return whole >= low && whole <= high ? whole : low;
  });
}

function secondsOf(value: OptionValue | undefined): number | undefined {
  if (!isObject(value)) return undefined;
  return Number(value["seconds"] ?? 0) + Number(value["nanos"] ?? 0) / 1e9;
}

function fieldMask(random: Random, rules: OptionObject): string {
  const given = givenValue(random, rules);
  // `in` has single paths, `const` and `example` whole masks
  const paths = isObject(given) ? given["paths"] : typeof given === "string" ? [given] : ["name"];
  const camel = (path: string): string => path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return (Array.isArray(paths) ? (paths as readonly OptionValue[]) : []).map((path) => camel(String(path))).join(",");
}

function isObject(value: OptionValue | undefined): value is OptionObject {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof Uint8Array);
}
