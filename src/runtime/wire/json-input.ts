import { fromBase64 } from "./base64.js";
import { describe, tooDeep, WireError, type WireErrorCode } from "./error.js";
import { setEntry } from "./maps.js";
import { checkRequired } from "./required.js";
import type { EnumInfo, JsonInput, JsonOptions, JsonValue } from "./types.js";

// ProtoJSON in. `c` holds the path to the container, `k` is the key or index in it, so that an error can say where.

/** What may stand at a key: absent, for an index beyond the end. */
export type JsonSlot = JsonValue | undefined;
/** Undefined for the container itself. */
type Key = string | number | undefined;
type Parse<T> = (x: JsonSlot, c: JsonInput, k: Key) => T;

/** The state for reading one value. */
export function openJson(options: JsonOptions | undefined): JsonInput {
  return {
    registry: options?.registry,
    ignoreUnknownFields: options?.ignoreUnknownFields === true,
    path: [],
    depth: options?.maxDepth ?? 100,
  };
}

/** `user.emails[2]`, `labels["a b"]`. */
export function pathOf(c: JsonInput, k: Key): string {
  let path = "";
  for (const key of k === undefined ? c.path : [...c.path, k]) {
    if (typeof key === "number") path += `[${key}]`;
    else if (/^[A-Za-z_@$][\w$]*$/.test(key)) path += path === "" ? key : `.${key}`;
    else path += `[${JSON.stringify(key.length > 64 ? `${key.slice(0, 64)}…` : key)}]`;
  }
  return path;
}

/** An error at a key of the container, or at the container itself. */
export function jsonError(c: JsonInput, k: Key, reason: string, code: WireErrorCode = "invalid_value"): WireError {
  return new WireError(code, reason, pathOf(c, k));
}

/** `throw wrongType(…)`: says what was wanted and what kind of value was found, never the value. */
export function wrongType(c: JsonInput, k: Key, wanted: string, x: unknown): WireError {
  return jsonError(c, k, `expected ${wanted}, got ${describe(x)}`);
}

/** Throws for the first `required` field whose bit is not set. */
export function checkRequiredJson(c: JsonInput, seen: number, typeName: string, names: string): void {
  checkRequired(seen, typeName, names, pathOf(c, undefined));
}

/** A JSON object. */
export function parseObject(x: JsonSlot, c: JsonInput): { [key: string]: JsonValue } {
  if (typeof x !== "object" || x === null || Array.isArray(x)) throw wrongType(c, undefined, "an object", x);
  return x;
}

/** The names of an object's members, inherited ones left out. */
export function memberNames(o: { [key: string]: JsonValue }): readonly string[] {
  return Object.keys(o);
}

/** A name that the contract does not know. */
export function unknownMember(c: JsonInput, k: string): void {
  if (!c.ignoreUnknownFields) throw jsonError(c, k, "the contract has no such field", "unknown_field");
}

/** Refuses a second field of one oneof. */
export function parseOnce(present: object | undefined, c: JsonInput, k: Key): void {
  if (present !== undefined) throw jsonError(c, k, "another field of the same oneof is set");
}

const loneSurrogate = /\p{Surrogate}/u;
const surrogate = /[\ud800-\udfff]/;

/** A string without halves of surrogate pairs. */
export function parseString(x: JsonSlot, c: JsonInput, k: Key): string {
  if (typeof x !== "string") throw wrongType(c, k, "a string", x);
  if (surrogate.test(x) && loneSurrogate.test(x)) throw jsonError(c, k, "the string holds half of a surrogate pair");
  return x;
}

/** `true` or `false`. */
export function parseBool(x: JsonSlot, c: JsonInput, k: Key): boolean {
  if (typeof x !== "boolean") throw wrongType(c, k, "true or false", x);
  return x;
}

/** Base64 of either alphabet. */
export function parseBytes(x: JsonSlot, c: JsonInput, k: Key): Uint8Array {
  if (typeof x !== "string") throw wrongType(c, k, "a base64 string", x);
  const bytes = fromBase64(x);
  if (bytes === undefined) throw jsonError(c, k, "the string is not base64");
  return bytes;
}

const jsonNumber = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

/** A number, or a string with one; NaN for anything else. */
function numberOf(x: JsonSlot): number {
  if (typeof x === "number") return x;
  return typeof x === "string" && x.length < 400 && jsonNumber.test(x) ? Number(x) : Number.NaN;
}

/** A signed 32-bit integer, as a number or in a string. */
export function parseInt32(x: JsonSlot, c: JsonInput, k: Key): number {
  const value = numberOf(x) + 0;
  if ((value | 0) !== value) throw wrongType(c, k, "a 32-bit integer", x);
  return value;
}

/** An unsigned 32-bit integer, as a number or in a string. */
export function parseUint32(x: JsonSlot, c: JsonInput, k: Key): number {
  const value = numberOf(x) + 0;
  if (value >>> 0 !== value) throw wrongType(c, k, "an unsigned 32-bit integer", x);
  return value;
}

const digits = /^-?(0|[1-9][0-9]{0,19})$/;

function bigintOf(x: JsonSlot): bigint | undefined {
  if (typeof x === "string" && digits.test(x)) return x.length < 16 ? BigInt(Number(x)) : BigInt(x);
  const value = numberOf(x);
  return Number.isInteger(value) ? BigInt(value) : undefined;
}

/** A signed 64-bit integer, as a number or in a string. */
export function parseInt64(x: JsonSlot, c: JsonInput, k: Key): bigint {
  const value = bigintOf(x);
  if (value === undefined || BigInt.asIntN(64, value) !== value) throw wrongType(c, k, "a 64-bit integer", x);
  return value;
}

/** An unsigned 64-bit integer, as a number or in a string. */
export function parseUint64(x: JsonSlot, c: JsonInput, k: Key): bigint {
  const value = bigintOf(x);
  if (value === undefined || BigInt.asUintN(64, value) !== value) {
    throw wrongType(c, k, "an unsigned 64-bit integer", x);
  }
  return value;
}

/** A signed 64-bit integer for a field with `jstype = JS_STRING`. */
export function parseInt64String(x: JsonSlot, c: JsonInput, k: Key): string {
  return parseInt64(x, c, k).toString();
}

/** An unsigned 64-bit integer for a field with `jstype = JS_STRING`. */
export function parseUint64String(x: JsonSlot, c: JsonInput, k: Key): string {
  return parseUint64(x, c, k).toString();
}

/** A signed 64-bit integer for a field with `jstype = JS_NUMBER`. */
export function parseInt64Number(x: JsonSlot, c: JsonInput, k: Key): number {
  const value = Number(parseInt64(x, c, k));
  if (!Number.isSafeInteger(value)) throw wrongType(c, k, "an integer that a number can hold exactly", x);
  return value;
}

/** An unsigned 64-bit integer for a field with `jstype = JS_NUMBER`. */
export function parseUint64Number(x: JsonSlot, c: JsonInput, k: Key): number {
  return parseInt64Number(parseUint64(x, c, k).toString(), c, k);
}

/** A number, or one of `NaN`, `Infinity`, `-Infinity`. */
export function parseDouble(x: JsonSlot, c: JsonInput, k: Key): number {
  const value = numberOf(x);
  if (Number.isFinite(value)) return value;
  if (x === "NaN") return Number.NaN;
  if (x === "Infinity") return Number.POSITIVE_INFINITY;
  if (x === "-Infinity") return Number.NEGATIVE_INFINITY;
  throw wrongType(c, k, "a number", x);
}

/** A number in the range of a 32-bit float. */
export function parseFloat32(x: JsonSlot, c: JsonInput, k: Key): number {
  const value = parseDouble(x, c, k);
  const float = Math.fround(value);
  if (!Number.isFinite(float) && Number.isFinite(value)) throw wrongType(c, k, "a 32-bit float", x);
  return float;
}

/** A member by name or number; undefined for an unknown name that is to be ignored. */
export function parseEnum<E extends number>(x: JsonSlot, c: JsonInput, k: Key, info: EnumInfo<E>): E | undefined {
  if (typeof x === "string") {
    const known = info.numbers.get(x);
    if (known !== undefined) return known;
    if (c.ignoreUnknownFields) return undefined;
    throw jsonError(c, k, `${info.typeName} has no value of that name`);
  }
  const value = parseInt32(x, c, k);
  // an open enum takes any number, and E is number there; a closed one has its members only
  if (!info.closed || info.names.has(value)) return value as E;
  if (c.ignoreUnknownFields) return undefined;
  throw jsonError(c, k, `${info.typeName} has no value of that number`);
}

/** `google.protobuf.NullValue`. */
export function parseNull(x: JsonSlot, c: JsonInput, k: Key): 0 {
  if (x !== null && x !== "NULL_VALUE" && x !== 0) throw wrongType(c, k, "null", x);
  return 0;
}

/** A nested message, by the function of its type. */
export function parseMessage<T>(x: JsonSlot, c: JsonInput, k: Key, fromJson: (v: JsonValue, c: JsonInput) => T): T {
  if (x === undefined) throw wrongType(c, k, "a value", x);
  if (c.depth <= 0) throw tooDeep(pathOf(c, k));
  c.depth--;
  if (k !== undefined) c.path.push(k);
  const message = fromJson(x, c);
  if (k !== undefined) c.path.pop();
  c.depth++;
  return message;
}

/** A list, each element by the same function. */
export function parseList<T>(x: JsonSlot, c: JsonInput, k: Key, parse: Parse<T>): T[] {
  if (!Array.isArray(x)) throw wrongType(c, k, "an array", x);
  if (k !== undefined) c.path.push(k);
  const list = x.map((item, i) => parse(item, c, i));
  if (k !== undefined) c.path.pop();
  return list;
}

/** A list of messages. */
export function parseMessages<T>(x: JsonSlot, c: JsonInput, k: Key, fromJson: (v: JsonValue, c: JsonInput) => T): T[] {
  return parseList(x, c, k, (item, _, i) => parseMessage(item, c, i, fromJson));
}

/** A list of enum values; unknown names may be left out. */
export function parseEnums<E extends number>(x: JsonSlot, c: JsonInput, k: Key, info: EnumInfo<E>): E[] {
  const list = parseList(x, c, k, (item, _, i) => parseEnum(item, c, i, info));
  return list.filter((value) => value !== undefined);
}

/** A map field; `key` makes a key of the map from the JSON name, and refuses what is none. */
export function parseMap<T>(
  x: JsonSlot,
  c: JsonInput,
  k: Key,
  key: (name: string) => string | number | bigint | boolean,
  parse: Parse<T | undefined>,
): { [key: string]: T } {
  if (typeof x !== "object" || x === null || Array.isArray(x)) throw wrongType(c, k, "an object", x);
  const map: { [key: string]: T } = {};
  if (k !== undefined) c.path.push(k);
  for (const name of Object.keys(x)) {
    let mapKey;
    try {
      mapKey = key(name);
    } catch (error) {
      throw jsonError(c, name, error instanceof Error ? error.message : "not a key of this map");
    }
    const value = parse(x[name], c, name);
    if (value !== undefined) setEntry(map, mapKey, value);
  }
  if (k !== undefined) c.path.pop();
  return map;
}

/** A map of messages. */
export function parseMessageMap<T>(
  x: JsonSlot,
  c: JsonInput,
  k: Key,
  key: (name: string) => string | number | bigint | boolean,
  fromJson: (v: JsonValue, c: JsonInput) => T,
): { [key: string]: T } {
  return parseMap(x, c, k, key, (item, _, name) => parseMessage(item, c, name, fromJson));
}

/** A map of enum values; entries with unknown names may be left out. */
export function parseEnumMap<E extends number>(
  x: JsonSlot,
  c: JsonInput,
  k: Key,
  key: (name: string) => string | number | bigint | boolean,
  info: EnumInfo<E>,
): { [key: string]: E } {
  return parseMap(x, c, k, key, (item, _, name) => parseEnum(item, c, name, info));
}
