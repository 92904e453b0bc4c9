import { toBase64 } from "./base64.js";
import { checkBlank, unwritable } from "./error.js";
import { int64Digits, toInt64, uint64Digits } from "./integers.js";
import { doubleToJson, floatToJson, int32ToJson, uint32ToJson } from "./json-output.js";
import { hasEntries, hasItems, mapKeys } from "./maps.js";
import { illFormed, isWellFormed } from "./text.js";
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
  const text = value.length < 64 && !special.test(value) ? value + '"' : quote(value).slice(1);
  return s === "" ? "{" + key.slice(1) + text : s + (key + text);
}

/** The finished object. @throws {WireError} when it is empty because `m`, which it is made of, is no message. */
export function closeObject(s: string, m: unknown): string {
  if (s !== "") return s + "}";
  checkBlank(m);
  return "{}";
}

const special = /[\u0000-\u001f"\\\ud800-\udfff]/;

/** A string in quotes, escaped where it must be. */
export function printString(value: string): string {
  if (typeof value !== "string") throw unwritable("a string", value);
  return value.length < 64 && !special.test(value) ? '"' + value + '"' : quote(value);
}

function quote(value: string): string {
  if (!isWellFormed(value)) throw illFormed();
  return JSON.stringify(value);
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
export function printInt64(value: bigint): string {
  return '"' + int64Digits(value) + '"';
}

/** Digits of an unsigned 64-bit integer, in quotes. */
export function printUint64(value: bigint): string {
  return '"' + uint64Digits(value) + '"';
}

/** Like {@link printInt64}, of a number or of digits. */
export function printLong(value: number | string): string {
  return printInt64(toInt64(value));
}

/** Like {@link printUint64}, of a number or of digits. */
export function printUlong(value: number | string): string {
  return printUint64(toInt64(value));
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
  // what prints numbers one by one loses to the engine's own writer when there are many, and wins when there are few
  const json = list.length > 8 ? numbersAsJson(list, toJson) : undefined;
  if (json !== undefined) return JSON.stringify(json);
  let s = "[";
  for (let i = 0; i < list.length; i++)
    s += i === 0 ? printNumber(toJson(list[i]!)) : "," + printNumber(toJson(list[i]!));
  return s + "]";
}

/** What the engine's writer prints as these numbers: the list itself where it can; undefined when it has a minus zero. */
function numbersAsJson(
  list: readonly number[],
  toJson: (value: number) => number | string,
): readonly (number | string)[] | undefined {
  let json: (number | string)[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const number = list[i]!;
    const value = toJson(number);
    if (value === 0 && 1 / value < 0) return undefined;
    if (json === undefined && value !== number) json = list.slice(0, i);
    if (json !== undefined) json.push(value);
  }
  return json ?? list;
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
  return closeObject(s, map);
}

/** An object of names. */
export function printEnumMap(map: { readonly [key: string]: number }, info: EnumInfo, check?: CheckKey): string {
  return printMap(map, (value) => printEnum(value, info), {}, check);
}

// A field each: a member where it is there, the same text where it is not. `except` is the default that a field without
// presence leaves out; without it anything but undefined is there.

/** `key` ends with the quote that opens the string. */
export function addString(s: string, key: string, value: string | undefined, except?: string): string {
  return value === undefined || value === except ? s : addText(s, key, value);
}

/** A signed 32-bit integer. */
export function addInt32(s: string, key: string, value: number | undefined, except?: number): string {
  return value === undefined || value === except ? s : addMember(s, key, printInt32(value));
}

/** An unsigned 32-bit integer. */
export function addUint32(s: string, key: string, value: number | undefined, except?: number): string {
  return value === undefined || value === except ? s : addMember(s, key, printUint32(value));
}

/** A signed 64-bit integer. */
export function addInt64(s: string, key: string, value: bigint | undefined, except?: bigint): string {
  return value === undefined || value === except ? s : addMember(s, key, printInt64(value));
}

/** An unsigned 64-bit integer. */
export function addUint64(s: string, key: string, value: bigint | undefined, except?: bigint): string {
  return value === undefined || value === except ? s : addMember(s, key, printUint64(value));
}

/** A signed 64-bit integer that is a number or digits in programs. */
export function addLong<T extends number | string>(s: string, key: string, value: T | undefined, except?: T): string {
  return value === undefined || value === except ? s : addMember(s, key, printLong(value));
}

/** An unsigned 64-bit integer that is a number or digits in programs. */
export function addUlong<T extends number | string>(s: string, key: string, value: T | undefined, except?: T): string {
  return value === undefined || value === except ? s : addMember(s, key, printUlong(value));
}

/** A minus zero is none that is left out. */
export function addDouble(s: string, key: string, value: number | undefined, except?: number): string {
  const absent = value === undefined || (value === except && 1 / value > 0);
  return absent ? s : addMember(s, key, printDouble(value));
}

/** A minus zero is none that is left out. */
export function addFloat(s: string, key: string, value: number | undefined, except?: number): string {
  const absent = value === undefined || (value === except && 1 / value > 0);
  return absent ? s : addMember(s, key, printFloat(value));
}

/** `true` or `false`. */
export function addBool(s: string, key: string, value: boolean | undefined, except?: boolean): string {
  return value === undefined || value === except ? s : addMember(s, key, printBool(value));
}

/** Base64; `except` has the length of what is left out. */
export function addBytes(s: string, key: string, value: Uint8Array | undefined, except?: Uint8Array): string {
  const absent = value === undefined || (except !== undefined && value?.length === except.length);
  return absent ? s : addMember(s, key, printBytes(value));
}

/** An enum. */
export function addEnum(s: string, key: string, value: number | undefined, info: EnumInfo, except?: number): string {
  return value === undefined || value === except ? s : addMember(s, key, printEnum(value, info));
}

/** A message, which `print` must take: to infer that for each field would cost compilers much. */
export function addMessage(s: string, key: string, m: unknown, print: Print<never>, c: JsonOptions): string {
  return m === undefined ? s : addMember(s, key, print(m as never, c));
}

/** A list, each element by the same function, which must take it. */
export function addList(
  s: string,
  key: string,
  list: readonly unknown[] | undefined,
  print: Print<never>,
  c: JsonOptions,
): string {
  return hasItems(list) ? addMember(s, key, printList(list, print as Print<unknown>, c)) : s;
}

/** A list of numbers. */
export function addNumbers(
  s: string,
  key: string,
  list: readonly number[] | undefined,
  toJson: (value: number) => number | string,
): string {
  return hasItems(list) ? addMember(s, key, printNumbers(list, toJson)) : s;
}

/** A list of enum values. */
export function addEnums(s: string, key: string, list: readonly number[] | undefined, info: EnumInfo): string {
  return hasItems(list) ? addMember(s, key, printEnums(list, info)) : s;
}

/** A map, each value by the same function; `check` refuses what is no key of it. */
export function addMap<T>(
  s: string,
  key: string,
  map: { readonly [key: string]: T } | undefined,
  print: Print<T>,
  c: JsonOptions,
  check?: CheckKey,
): string {
  return hasEntries(map) ? addMember(s, key, printMap(map, print, c, check)) : s;
}

/** A map of enum values. */
export function addEnumMap(
  s: string,
  key: string,
  map: { readonly [key: string]: number } | undefined,
  info: EnumInfo,
  check?: CheckKey,
): string {
  return hasEntries(map) ? addMember(s, key, printEnumMap(map, info, check)) : s;
}
