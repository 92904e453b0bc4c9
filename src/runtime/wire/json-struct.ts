import { WireError } from "./error.js";
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
import { boolToJson, stringToJson } from "./json-output.js";
import { mapKeys, setEntry } from "./maps.js";
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

/** The JSON object of a Struct. */
export function structJson(m: StructInit): JsonValue {
  const result: { [key: string]: JsonValue } = {};
  const fields = m.fields ?? {};
  for (const key of mapKeys(fields)) {
    const value = fields[key];
    if (value !== undefined) setEntry(result, key, valueJson(value));
  }
  return result;
}

/** The JSON array of a ListValue. */
export function listValueJson(m: ListInit): JsonValue {
  return (m.values ?? []).map(valueJson);
}

/** @throws {WireError} when none of the kinds is set, or for a number that JSON does not have. */
export function valueJson(m: ValueInit): JsonValue {
  const kind = m.kind;
  switch (kind?.case) {
    case "nullValue":
      return null;
    case "numberValue":
      if (!Number.isFinite(kind.value)) throw new WireError("invalid_value", "a Value holds a number that JSON lacks");
      return kind.value;
    case "stringValue":
      return stringToJson(kind.value);
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
  for (const key of Object.keys(o)) setEntry(fields, parseString(key, c, key), parseValue(o[key], c, key));
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
      if (!Number.isFinite(v)) throw jsonError(c, k, "the number is out of range");
      return { kind: { case: "numberValue", value: v } };
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
