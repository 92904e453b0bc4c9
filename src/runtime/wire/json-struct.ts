import { checkBlank, unwritable, WireError } from "./error.js";
import {
  checkLevel,
  enterValue,
  jsonError,
  type JsonKey,
  type JsonSlot,
  leaveValue,
  parseList,
  parseObject,
  parseString,
} from "./json-input.js";
import { boolToJson, doubleToJson } from "./json-output.js";
import { hasItems, mapKeys, setEntry } from "./maps.js";
import { checkText } from "./text.js";
import type { JsonInput, JsonValue } from "./types.js";

// Struct, Value and ListValue: JSON as messages. The types are those of the emitted messages, by structure.

interface StructInit {
  readonly fields?: { readonly [key: string]: ValueInit } | undefined;
}
interface ListInit {
  readonly values?: readonly ValueInit[] | undefined;
}
interface ValueInit {
  readonly kind?:
    | { readonly case: "nullValue"; readonly value: number }
    | { readonly case: "numberValue"; readonly value: number }
    | { readonly case: "stringValue"; readonly value: string }
    | { readonly case: "boolValue"; readonly value: boolean }
    | { readonly case: "structValue"; readonly value: StructInit }
    | { readonly case: "listValue"; readonly value: ListInit }
    | undefined;
}

interface Struct {
  fields: { [key: string]: Value };
}
interface List {
  values: Value[];
}
interface Value {
  kind:
    | { case: "nullValue"; value: 0 }
    | { case: "numberValue"; value: number }
    | { case: "stringValue"; value: string }
    | { case: "boolValue"; value: boolean }
    | { case: "structValue"; value: Struct }
    | { case: "listValue"; value: List }
    | undefined;
}

/** The fields of a Struct. @throws {WireError} for a JSON object in its place, which has none of that name. */
export function structFields<F>(m: { readonly fields?: F | undefined }): F | undefined {
  if (m.fields === undefined) {
    checkBlank(m, "a Struct");
    for (const key in m) {
      if (key === "fields" || key === "$unknown") continue;
      throw unwritable("the fields of a Struct, which structFromObject makes of JSON", m.fields);
    }
  }
  return m.fields;
}

/** The JSON object of a Struct. */
export function structJson(m: StructInit): JsonValue {
  const result: { [key: string]: JsonValue } = {};
  const fields = structFields(m) ?? {};
  for (const key of mapKeys(fields)) {
    const value = fields[key];
    if (value !== undefined) setEntry(result, checkText(key), valueJson(value));
  }
  return result;
}

/** The JSON array of a ListValue. */
export function listValueJson(m: ListInit): JsonValue {
  if (m.values === undefined) checkBlank(m, "a ListValue");
  return hasItems(m.values) ? m.values.map(valueJson) : [];
}

/** @throws {WireError} when none of the kinds is set, or for a number that JSON does not have. */
export function valueJson(m: ValueInit): JsonValue {
  const kind = m.kind;
  switch (kind?.case) {
    case "nullValue":
      return null;
    case "numberValue":
      if (typeof doubleToJson(kind.value) === "string") throw unwritable("a number that JSON has", kind.value);
      return kind.value;
    case "stringValue":
      return checkText(kind.value);
    case "boolValue":
      return boolToJson(kind.value);
    case "structValue":
      return structJson(kind.value);
    case "listValue":
      return listValueJson(kind.value);
    default:
      throw new WireError("invalid_value", "a Value without a kind has no JSON");
  }
}

/** The Struct of a JSON object. */
export function parseStruct(v: JsonSlot, c: JsonInput, k: JsonKey): Struct {
  const o = parseObject(v, c, k);
  const fields: { [key: string]: Value } = {};
  enterValue(c, k);
  const keys = Object.keys(o);
  if (c.text !== undefined) c.text.members += keys.length;
  for (const key of keys) setEntry(fields, parseString(key, c, key), parseValue(o[key], c, key));
  leaveValue(c);
  return { fields };
}

/** The ListValue of a JSON array. */
export function parseListValue(v: JsonSlot, c: JsonInput, k: JsonKey): List {
  enterValue(c, k);
  const values = parseList(v, c, undefined, parseValue);
  leaveValue(c);
  return { values };
}

/** The Value of any JSON. It is a message, and so are the Structs and ListValues in it: each is a level. */
export function parseValue(v: JsonSlot, c: JsonInput, k: JsonKey): Value {
  checkLevel(c, k);
  if (v === null) return { kind: { case: "nullValue", value: 0 } };
  switch (typeof v) {
    case "number":
    case "bigint":
      if (!Number.isFinite(Number(v))) throw jsonError(c, k, "the number is out of range");
      return { kind: { case: "numberValue", value: Number(v) } };
    case "string":
      return { kind: { case: "stringValue", value: parseString(v, c, k) } };
    case "boolean":
      return { kind: { case: "boolValue", value: v } };
    default:
      return parseContainer(v, c, k);
  }
}

function parseContainer(v: JsonSlot, c: JsonInput, k: JsonKey): Value {
  enterValue(c, k);
  const value: Value = Array.isArray(v)
    ? { kind: { case: "listValue", value: parseListValue(v, c, undefined) } }
    : { kind: { case: "structValue", value: parseStruct(v, c, undefined) } };
  leaveValue(c);
  return value;
}
