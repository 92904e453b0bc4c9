import { toBase64 } from "./base64.js";
import { unwritable } from "./error.js";
import { int64Digits, uint64Digits } from "./integers.js";
import { doubleToJson, floatToJson, int32ToJson, uint32ToJson } from "./json-output.js";
import { mapKeys, sized } from "./maps.js";
import type { EnumInfo, JsonOptions, JsonValue } from "./types.js";

// ProtoJSON as text, without an object in between. Each function takes a value and the options, so that lists and maps
// can be given any of them.

type Print<T> = (value: T, c: JsonOptions) => string;
type CheckKey = (key: string) => unknown;

// Engines keep a sum of texts as a tree of its parts and pay for each part when somebody reads it: the fewer the better.

/** Adds a member to an unfinished object: `key` is a comma, the name in quotes and a colon. */
export function addMember(s: string, key: string, value: string): string {
  return s === "" ? "{" + key.slice(1) + value : s + (key + value);
}

/** Adds a member whose value is a string: `key` ends with the quote that opens it. */
export function addText(s: string, key: string, value: string): string {
  if (typeof value !== "string") throw unwritable("a string", value);
  const text = value.length < 64 && !special.test(value) ? value + '"' : JSON.stringify(value).slice(1);
  return s === "" ? "{" + key.slice(1) + text : s + (key + text);
}

/** The finished object. */
export function closeObject(s: string): string {
  return s === "" ? "{}" : s + "}";
}

const special = /[\u0000-\u001f"\\\ud800-\udfff]/;

/** A string in quotes, escaped where it must be. */
export function printString(value: string): string {
  if (typeof value !== "string") throw unwritable("a string", value);
  return value.length < 64 && !special.test(value) ? '"' + value + '"' : JSON.stringify(value);
}

/** Digits of a signed 32-bit integer. */
export function printInt32(value: number): string {
  return "" + int32ToJson(value);
}

/** Digits of an unsigned 32-bit integer. */
export function printUint32(value: number): string {
  return "" + uint32ToJson(value);
}

/** Digits of a signed 64-bit integer, in quotes. */
export function printInt64(value: bigint | number | string): string {
  return '"' + int64Digits(value) + '"';
}

/** Digits of an unsigned 64-bit integer, in quotes. */
export function printUint64(value: bigint | number | string): string {
  return '"' + uint64Digits(value) + '"';
}

/** A number, or the name of one that JSON lacks. */
export function printDouble(value: number): string {
  return printNumber(doubleToJson(value));
}

/** The shortest number that is the same float. */
export function printFloat(value: number): string {
  return printNumber(floatToJson(value));
}

function printNumber(json: number | string): string {
  if (typeof json === "string") return '"' + json + '"';
  // JSON has a minus zero, though JavaScript's own writer drops the sign
  return json === 0 && 1 / json < 0 ? "-0" : "" + json;
}

/** `true` or `false`. */
export function printBool(value: boolean): string {
  if (typeof value !== "boolean") throw unwritable("true or false", value);
  return value ? "true" : "false";
}

/** Base64 in quotes. */
export function printBytes(value: Uint8Array): string {
  return '"' + toBase64(value) + '"';
}

/** Names of enum members are identifiers: they need no escapes. */
export function printEnum(value: number, info: EnumInfo): string {
  const name = info.names.get(value);
  return name === undefined ? printInt32(value) : '"' + name + '"';
}

/** Values that are JSON already. */
export function printJson(value: JsonValue): string {
  return JSON.stringify(value);
}

/** `google.protobuf.NullValue`. */
export function printNull(): string {
  return "null";
}

/** An array, each element by the same function. */
export function printList<T>(list: readonly T[], print: Print<T>, c: JsonOptions): string {
  let s = "[";
  for (let i = 0; i < list.length; i++) s += i === 0 ? print(list[i]!, c) : "," + print(list[i]!, c);
  return s + "]";
}

/** An array of numbers, each checked by the function that makes JSON of it. */
export function printNumbers(list: readonly number[], toJson: (value: number) => number | string): string {
  const json = sized<number | string>(list.length);
  let exact = true;
  for (let i = 0; i < list.length; i++) {
    const value = toJson(list[i]!);
    if (value === 0 && 1 / value < 0) exact = false;
    json[i] = value;
  }
  // what prints numbers one by one loses to the engine's own writer when there are many, and wins when there are few
  if (exact && list.length > 8) return JSON.stringify(json);
  let s = "[";
  for (let i = 0; i < json.length; i++) s += i === 0 ? printNumber(json[i]!) : "," + printNumber(json[i]!);
  return s + "]";
}

/** An array of names. */
export function printEnums(list: readonly number[], info: EnumInfo): string {
  return printList(list, (value) => printEnum(value, info), {});
}

/** An object, each value by the same function; `check` refuses what is no key of this map. */
export function printMap<T>(
  map: { readonly [key: string]: T },
  print: Print<T>,
  c: JsonOptions,
  check?: CheckKey,
): string {
  let s = "";
  for (const key of mapKeys(map)) {
    const value = map[key];
    if (value === undefined) continue;
    check?.(key);
    s = addMember(s, "," + printString(key) + ":", print(value, c));
  }
  return closeObject(s);
}

/** An object of names. */
export function printEnumMap(map: { readonly [key: string]: number }, info: EnumInfo, check?: CheckKey): string {
  return printMap(map, (value) => printEnum(value, info), {}, check);
}
