import { toBase64 } from "./base64.js";
import { checkBlank, unwritable } from "./error.js";
import { int64Digits, toInt64, uint64Digits } from "./integers.js";
import { mapKeys, setEntry, sized } from "./maps.js";
import type { EnumInfo, JsonObject, JsonOptions, JsonValue } from "./types.js";
import { isBeyondFloat } from "./write.js";

// ProtoJSON as values. Each function takes a value and the options, so that lists and maps can be given any of them.

type ToJson<T> = (value: T, c: JsonOptions) => JsonValue;
type CheckKey = (key: string) => unknown;

/** The finished object. @throws {WireError} when it is empty because `m`, which it is made of, is no message. */
export function finishObject(o: JsonObject, m: unknown): JsonObject {
  for (const _ in o) return o;
  checkBlank(m);
  return o;
}

/** Sets a member whose name has a meaning of its own to objects. */
export function setMember(o: { [key: string]: JsonValue }, name: string, value: JsonValue): void {
  setEntry(o, name, value);
}

/**
 * A string, as itself. @throws {WireError} for anything else. Not for half of a surrogate pair, as the other writers:
 * to look for those would take a fifth of the time that the object of a message takes.
 */
export function stringToJson(value: string): string {
  if (typeof value !== "string") throw unwritable("a string", value);
  return value;
}

/** `true` or `false`, as itself. @throws {WireError} for anything else. */
export function boolToJson(value: boolean): boolean {
  if (typeof value !== "boolean") throw unwritable("true or false", value);
  return value;
}

/** A signed 32-bit integer, as itself. @throws {WireError} for anything else. */
export function int32ToJson(value: number): number {
  if ((value | 0) !== value) throw unwritable("a 32-bit integer", value);
  return value;
}

/** An unsigned 32-bit integer, as itself. @throws {WireError} for anything else. */
export function uint32ToJson(value: number): number {
  if (value >>> 0 !== value) throw unwritable("an unsigned 32-bit integer", value);
  return value;
}

/** Decimal digits: JSON numbers are not exact beyond 2^53. */
export function int64ToJson(value: bigint): string {
  return int64Digits(value);
}

/** Like {@link int64ToJson}, unsigned. */
export function uint64ToJson(value: bigint): string {
  return uint64Digits(value);
}

/** Like {@link int64ToJson}, of a number or of digits. */
export function longToJson(value: number | string): string {
  return int64Digits(toInt64(value));
}

/** Like {@link uint64ToJson}, of a number or of digits. */
export function ulongToJson(value: number | string): string {
  return uint64Digits(toInt64(value));
}

/** A number, or the name of one that JSON lacks. @throws {WireError} for anything else. */
export function doubleToJson(value: number): number | string {
  if (Number.isFinite(value)) return value;
  if (typeof value !== "number") throw unwritable("a number", value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

/** Powers of ten that a double holds exactly. */
const powers: readonly number[] = /* @__PURE__ */ Array.from({ length: 23 }, (_, i) => 10 ** i);

/** The shortest number that is the same float: 0.1 rather than 0.10000000149011612. */
export function floatToJson(value: number): number | string {
  if (typeof value === "number" && isBeyondFloat(value)) throw unwritable("a 32-bit float", value);
  if (!Number.isFinite(value) || Number.isInteger(value)) return doubleToJson(value);
  const float = Math.fround(value);
  const size = Math.abs(value);
  // six to nine digits, by arithmetic where the factor is exact: that is many times as fast as making text
  for (let digits = 6; digits < 9; digits++) {
    const power = powers[digits - 1 - Math.floor(Math.log10(size))];
    const short = power === undefined ? Number(value.toPrecision(digits)) : Math.round(value * power) / power;
    if (Math.fround(short) === float) return short;
  }
  return Number(value.toPrecision(9));
}

/** The value of a wrapper such as Int32Value. @throws {WireError} for the bare value in its place. */
export function wrapped<T>(m: { readonly value?: T | undefined }): T | undefined {
  if (m.value === undefined) checkBlank(m, "a wrapper message with its value");
  return m.value;
}

/** Base64. */
export function bytesToJson(value: Uint8Array): string {
  return toBase64(value);
}

/** The member's name, or the number when the enum has none of that number. */
export function enumToJson(value: number, info: EnumInfo): JsonValue {
  return info.names.get(value) ?? int32ToJson(value);
}

/** `google.protobuf.NullValue`. */
export function nullToJson(): null {
  return null;
}

/** An array, each element by the same function, which must take it. */
export function listToJson(list: readonly unknown[], toJson: ToJson<never>, c: JsonOptions): JsonValue[] {
  const all = sized<JsonValue>(list.length);
  for (let i = 0; i < list.length; i++) all[i] = toJson(list[i] as never, c);
  return all;
}

/** An array of names. */
export function enumsToJson(list: readonly number[], info: EnumInfo): JsonValue[] {
  return list.map((value) => enumToJson(value, info));
}

/** An object, each value by the same function; `check` refuses what is no key of this map. */
export function mapToJson<T>(
  map: { readonly [key: string]: T },
  toJson: ToJson<T>,
  c: JsonOptions,
  check?: CheckKey,
): JsonValue {
  const result: { [key: string]: JsonValue } = {};
  for (const key of mapKeys(map)) {
    const value = map[key];
    if (value === undefined) continue;
    check?.(key);
    setEntry(result, key, toJson(value, c));
  }
  return result;
}

/** An object of names. */
export function enumMapToJson(map: { readonly [key: string]: number }, info: EnumInfo, check?: CheckKey): JsonValue {
  return mapToJson(map, (value) => enumToJson(value, info), {}, check);
}
