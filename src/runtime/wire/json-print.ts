import { toBase64 } from "./base64.js";
import { unwritable } from "./error.js";
import { checkInteger, doubleToJson, floatToJson } from "./json-output.js";
import { mapKeys } from "./maps.js";
import type { EnumInfo, JsonOptions, JsonValue } from "./types.js";

// ProtoJSON as text, without an object in between. Each function takes a value and the options, so that lists and maps
// can be given any of them.

type Print<T> = (value: T, c: JsonOptions) => string;

/** Adds a member to an unfinished object: `key` is the name in quotes with its colon. */
export function addMember(s: string, key: string, value: string): string {
  return s === "" ? "{" + key + value : s + "," + key + value;
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

/** Digits. */
export function printInt(value: number): string {
  return "" + checkInteger(value);
}

/** Digits in quotes. */
export function printInt64(value: bigint | number | string): string {
  // numbers print faster than bigints
  if (typeof value === "bigint" && value >= -0x1fffffffffffffn && value <= 0x1fffffffffffffn) {
    return '"' + Number(value) + '"';
  }
  if (typeof value === "string" && !/^-?[0-9]{1,20}$/.test(value)) throw unwritable("an integer", value);
  return '"' + value + '"';
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
  return value ? "true" : "false";
}

/** Base64 in quotes. */
export function printBytes(value: Uint8Array): string {
  return '"' + toBase64(value) + '"';
}

/** Names of enum members are identifiers: they need no escapes. */
export function printEnum(value: number, info: EnumInfo): string {
  const name = info.names.get(value);
  return name === undefined ? printInt(value) : '"' + name + '"';
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

/** An array of names. */
export function printEnums(list: readonly number[], info: EnumInfo): string {
  return printList(list, (value) => printEnum(value, info), {});
}

/** An object, each value by the same function. */
export function printMap<T>(map: { readonly [key: string]: T }, print: Print<T>, c: JsonOptions): string {
  let s = "";
  for (const key of mapKeys(map)) {
    const value = map[key];
    if (value !== undefined) s = addMember(s, printString(key) + ":", print(value, c));
  }
  return closeObject(s);
}

/** An object of names. */
export function printEnumMap(map: { readonly [key: string]: number }, info: EnumInfo): string {
  return printMap(map, (value) => printEnum(value, info), {});
}
