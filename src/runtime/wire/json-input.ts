import { fromBase64 } from "./base64.js";
import { depthOf } from "./depth.js";
import { describe, tooDeep, WireError, type WireErrorCode } from "./error.js";
import { bigintOfSafe } from "./integers.js";
import { jsonName } from "./json-name.js";
import { setEntry, sized } from "./maps.js";
import { missingRequired } from "./required.js";
import { isWellFormed } from "./text.js";
import type { EnumInfo, JsonInput, JsonObject, JsonOptions, JsonText, JsonValue } from "./types.js";

// ProtoJSON in. `c` holds the path to the container, `k` is the key or index in it, so that an error can say where.
// What reads a message has the parameters of what reads a scalar: lists and maps can be given any of them.

/** What may stand at a key: absent, for an index beyond the end; a bigint for an integer that no number holds exactly. */
export type JsonSlot = JsonValue | bigint | undefined;
/** Where it stands; undefined for the outermost value, and for the container itself. */
export type JsonKey = string | number | undefined;
type Parse<T> = (x: JsonSlot, c: JsonInput, k: JsonKey) => T;

/** Where the options of a nested type have the text that its value was parsed from. */
const within = Symbol("text");

interface NestedOptions extends JsonOptions {
  readonly [within]?: JsonText | undefined;
}

/** The options for a value that its own type reads, with the levels that are left. */
export function nestedOptions({ registry, ignoreUnknownFields, depth, text }: JsonInput): JsonOptions {
  const options: NestedOptions = { registry, ignoreUnknownFields, maxDepth: depth - 1, [within]: text };
  return options;
}

/** The state for reading one value. */
export function openJson(options: NestedOptions | undefined, text?: JsonText): JsonInput {
  return {
    registry: options?.registry,
    ignoreUnknownFields: options?.ignoreUnknownFields === true,
    path: [],
    depth: depthOf(options) + 1,
    text: text ?? options?.[within],
    renamed: undefined,
  };
}

/** `user.emails[2]`, `labels["a b"]`. */
export function pathOf(c: Pick<JsonInput, "path">, k: JsonKey): string {
  let path = "";
  for (const key of [...c.path, k]) {
    if (key === undefined) continue;
    const name = typeof key === "string" && key.length > 128 ? `${key.slice(0, 128)}…` : key;
    if (typeof name === "number") path += `[${name}]`;
    else if (/^[A-Za-z_@$][\w$]*$/.test(name)) path += path === "" ? name : `.${name}`;
    else path += `[${JSON.stringify(name)}]`;
  }
  return path;
}

/** An error at a key of the container, or at the container itself. */
export function jsonError(c: JsonInput, k: JsonKey, reason: string, code: WireErrorCode = "invalid_value"): WireError {
  return new WireError(code, reason, pathOf(c, k));
}

/** `throw wrongType(…)`: says what was wanted and what kind of value was found, never the value. */
export function wrongType(c: JsonInput, k: JsonKey, wanted: string, x: unknown): WireError {
  // a bigint was a number in the text
  return jsonError(c, k, `expected ${wanted}, got ${describe(typeof x === "bigint" ? 0 : x)}`);
}

/** Goes down to what stands at a key. @throws {WireError} when that is too deep. */
export function enterValue(c: JsonInput, k: JsonKey): void {
  checkLevel(c, k);
  c.depth--;
  c.path.push(k);
}

/** The same for a message without a level below it. @throws {WireError} when that is too deep. */
export function checkLevel(c: JsonInput, k: JsonKey): void {
  if (c.depth <= 0) throw tooDeep(pathOf(c, k));
}

/** Comes back from what {@link enterValue} went to. */
export function leaveValue(c: JsonInput): void {
  c.depth++;
  c.path.pop();
}

/** The JSON object at a key. */
export function parseObject(x: JsonSlot, c: JsonInput, k: JsonKey): JsonObject {
  if (typeof x !== "object" || x === null || Array.isArray(x)) throw wrongType(c, k, "an object", x);
  return x;
}

const blank = {};

/** True when somebody added to the prototype of all objects what `for (const k in o)` finds. */
export function allInherit(): boolean {
  for (const _ in blank) return true;
  return false;
}

/** The same members without inherited ones, which `for (const k in o)` would find, too. */
function withoutInherited(o: JsonObject): JsonObject {
  const prototype: unknown = Object.getPrototypeOf(o);
  const plain = (prototype === null || prototype === Object.prototype) && !allInherit();
  return plain ? o : Object.assign(Object.create(null), o);
}

/**
 * What emitted code has for the members of a message's JSON: sets the one of that name, leaves it as it is for null
 * where null is no value of it. Which message it takes is not said: compilers would have to infer it for each message.
 */
type SetMember = (m: never, x: JsonValue, c: JsonInput, k: string) => void;

/** Reads the JSON object of a message into `m`, which `set` must take. */
export function parseMembers(x: JsonSlot, c: JsonInput, k: JsonKey, m: object, set: SetMember): void {
  const o = parseObject(x, c, k);
  enterValue(c, k);
  const { text } = c;
  const members = text !== undefined && text.plain ? o : withoutInherited(o);
  let count = 0;
  for (const name in members) {
    count++;
    const value = members[name];
    if (value !== undefined) set(m as never, value, c, name);
  }
  if (text !== undefined) text.members += count;
  if (c.renamed !== undefined) setRenamed(o, c, m, set);
  leaveValue(c);
}

/** Sets the members of this message that stand under their proto names. */
function setRenamed(o: JsonObject, c: JsonInput, m: object, set: SetMember): void {
  const renamed = c.renamed?.get(c.path.length);
  c.renamed?.delete(c.path.length);
  for (const { k, name, value } of renamed ?? []) {
    if (Object.hasOwn(o, name) && o[name] !== null) {
      // null under one name leaves what stands under the other
      if (value === null) continue;
      throw jsonError(c, k, `the field is already set as ${JSON.stringify(name)}`);
    }
    set(m as never, value, c, name);
  }
}

/**
 * Throws for the first `required` field that has no member. `names` are those of these fields, as for
 * {@link unknownMember}, `all` those of every field where one has the JSON name that another is called in the contract.
 */
export function requireMembers(
  x: JsonSlot,
  c: JsonInput,
  k: JsonKey,
  typeName: string,
  names: string,
  all = names,
): void {
  const o = parseObject(x, c, k);
  const known = namesOf(all).json;
  for (const [name, json] of namesOf(names).pairs) {
    const present = [name, json].some((key) => known.get(key) === json && Object.hasOwn(o, key) && o[key] !== null);
    if (!present) throw missingRequired(`${typeName}.${name}`, pathOf(c, k));
  }
}

/** What the fields of a message are called. */
interface FieldNames {
  /** Proto name and JSON name of each field. */
  readonly pairs: readonly (readonly [name: string, json: string])[];
  /** The JSON name by either name; what is the JSON name of one field and the proto name of another means the first. */
  readonly json: ReadonlyMap<string, string>;
}

/** By the text in emitted code. */
const fieldNames = new Map<string, FieldNames>();

function namesOf(text: string): FieldNames {
  let names = fieldNames.get(text);
  if (names === undefined) {
    // `proto_name`, or `proto_name:jsonName` where one does not follow from the other
    const pairs = text.split(" ").map((entry) => {
      const [name = "", json] = entry.split(":", 2);
      return [name, json === undefined ? jsonName(name) : decodeURIComponent(json)] as const;
    });
    names = { pairs, json: new Map([...pairs, ...pairs.map(([, json]) => [json, json] as const)]) };
    fieldNames.set(text, names);
  }
  return names;
}

/**
 * A member that emitted code has no case for: null, which leaves its field as it is, or a name that is none of the
 * contract's JSON names. `names` are those of all fields. Members that have their proto name are set when all others
 * are: `created_at` for `createdAt`, `total:sum` for `sum`.
 */
export function unknownMember(c: JsonInput, k: string, value: JsonValue, names?: string): void {
  const name = names === undefined ? undefined : namesOf(names).json.get(k);
  if (name === k) return;
  if (name === undefined) {
    if (c.ignoreUnknownFields) return;
    throw jsonError(c, k, "the contract has no such field", "unknown_field");
  }
  c.renamed ??= new Map();
  const renamed = c.renamed.get(c.path.length);
  if (renamed === undefined) c.renamed.set(c.path.length, [{ k, name, value }]);
  else renamed.push({ k, name, value });
}

/** Refuses a second field of one oneof. */
export function parseOnce(present: object | undefined, c: JsonInput, k: JsonKey): void {
  if (present !== undefined) throw jsonError(c, k, "another field of the same oneof is set");
}

/** A string without halves of surrogate pairs. */
export function parseString(x: JsonSlot, c: JsonInput, k: JsonKey): string {
  if (typeof x !== "string") throw wrongType(c, k, "a string", x);
  if (c.text?.wellFormed !== true && !isWellFormed(x)) {
    throw jsonError(c, k, "the string holds half of a surrogate pair");
  }
  return x;
}

/** `true` or `false`. */
export function parseBool(x: JsonSlot, c: JsonInput, k: JsonKey): boolean {
  if (typeof x !== "boolean") throw wrongType(c, k, "true or false", x);
  return x;
}

/** Base64 of either alphabet. */
export function parseBytes(x: JsonSlot, c: JsonInput, k: JsonKey): Uint8Array {
  if (typeof x !== "string") throw wrongType(c, k, "a base64 string", x);
  const bytes = fromBase64(x);
  if (bytes === undefined) throw jsonError(c, k, "the string is not base64");
  return bytes;
}

const jsonNumber = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

/** A number, or the integer of up to 32 bits in a string; NaN for anything else. */
function smallIntegerOf(x: JsonSlot): number {
  if (typeof x !== "string") return numberOf(x) + 0;
  const short = shortInteger(x) + 0;
  return Number.isNaN(short) ? Number(integerOf(x) ?? short) : short;
}

/** The integer that a JSON number in a text is, however it is written; undefined for a fraction and beyond 64 bits. */
export function integerOf(text: string): bigint | undefined {
  const match = text.length < 400 ? jsonNumber.exec(text) : null;
  if (match === null) return undefined;
  const [, whole = "", point = "", exponent = "e0"] = match;
  const all = whole + point.slice(1);
  const significant = all.replace(/0+$/, "");
  if (significant === "") return 0n;
  const zeros = Number(exponent.slice(1)) - point.slice(1).length + (all.length - significant.length);
  if (zeros < 0 || zeros > 20) return undefined;
  const value = BigInt(significant + "0".repeat(zeros));
  return text.startsWith("-") ? -value : value;
}

/** A number, or a string with one; NaN for anything else. */
function numberOf(x: JsonSlot): number {
  if (typeof x === "number" || typeof x === "bigint") return Number(x);
  return typeof x === "string" && x.length < 400 && jsonNumber.test(x) ? Number(x) : Number.NaN;
}

/** A signed 32-bit integer, as a number or in a string. */
export function parseInt32(x: JsonSlot, c: JsonInput, k: JsonKey): number {
  if (typeof x === "number" && (x | 0) === x) return x + 0;
  const value = smallIntegerOf(x);
  if ((value | 0) !== value) throw wrongType(c, k, "a 32-bit integer", x);
  return value;
}

/** An unsigned 32-bit integer, as a number or in a string. */
export function parseUint32(x: JsonSlot, c: JsonInput, k: JsonKey): number {
  if (typeof x === "number" && x >>> 0 === x) return x + 0;
  const value = smallIntegerOf(x);
  if (value >>> 0 !== value) throw wrongType(c, k, "an unsigned 32-bit integer", x);
  return value;
}

const digits = /^-?(0|[1-9][0-9]{0,19})$/;

/** The integer of up to 15 digits that a text is; NaN for anything else, also for what begins with zeros. */
function shortInteger(text: string): number {
  const negative = text.charCodeAt(0) === 45;
  const start = negative ? 1 : 0;
  const length = text.length - start;
  if (length < 1 || length > 15 || (length > 1 && text.charCodeAt(start) === 48)) return Number.NaN;
  let value = 0;
  for (let i = start; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

function bigintOf(x: JsonSlot, c: JsonInput): bigint | undefined {
  if (typeof x === "bigint") return x;
  if (typeof x === "string") {
    const short = shortInteger(x);
    if (!Number.isNaN(short)) return bigintOfSafe(short);
    return digits.test(x) ? BigInt(x) : integerOf(x);
  }
  const value = numberOf(x);
  if (Number.isSafeInteger(value)) return bigintOfSafe(value);
  // the text may have had another number, which is looked up there before this one is refused for good
  return Number.isInteger(value) && c.text === undefined ? BigInt(value) : undefined;
}

/** A signed 64-bit integer, as a number or in a string. */
export function parseInt64(x: JsonSlot, c: JsonInput, k: JsonKey): bigint {
  const value = bigintOf(x, c);
  if (value === undefined || BigInt.asIntN(64, value) !== value) throw wrongType(c, k, "a 64-bit integer", x);
  return value;
}

/** An unsigned 64-bit integer, as a number or in a string. */
export function parseUint64(x: JsonSlot, c: JsonInput, k: JsonKey): bigint {
  const value = bigintOf(x, c);
  if (value === undefined || BigInt.asUintN(64, value) !== value) {
    throw wrongType(c, k, "an unsigned 64-bit integer", x);
  }
  return value;
}

/** A signed 64-bit integer for a field that is decimal digits in programs. */
export function parseInt64String(x: JsonSlot, c: JsonInput, k: JsonKey): string {
  return parseInt64(x, c, k).toString();
}

/** An unsigned 64-bit integer for a field that is decimal digits in programs. */
export function parseUint64String(x: JsonSlot, c: JsonInput, k: JsonKey): string {
  return parseUint64(x, c, k).toString();
}

/** A signed 64-bit integer for a field that is a number in programs. */
export function parseInt64Number(x: JsonSlot, c: JsonInput, k: JsonKey): number {
  return exactNumber(parseInt64(x, c, k), c, k);
}

/** An unsigned 64-bit integer for a field that is a number in programs. */
export function parseUint64Number(x: JsonSlot, c: JsonInput, k: JsonKey): number {
  return exactNumber(parseUint64(x, c, k), c, k);
}

function exactNumber(integer: bigint, c: JsonInput, k: JsonKey): number {
  const value = Number(integer);
  if (!Number.isSafeInteger(value)) throw jsonError(c, k, `no number holds ${integer} exactly`);
  return value;
}

/** A number, or one of `NaN`, `Infinity`, `-Infinity`. */
export function parseDouble(x: JsonSlot, c: JsonInput, k: JsonKey): number {
  const value = numberOf(x);
  if (Number.isFinite(value)) return value;
  if (x === "NaN") return Number.NaN;
  if (x === "Infinity") return Number.POSITIVE_INFINITY;
  if (x === "-Infinity") return Number.NEGATIVE_INFINITY;
  throw wrongType(c, k, "a number", x);
}

/** A number in the range of a 32-bit float. */
export function parseFloat32(x: JsonSlot, c: JsonInput, k: JsonKey): number {
  const value = parseDouble(x, c, k);
  const float = Math.fround(value);
  if (!Number.isFinite(float) && Number.isFinite(value)) throw wrongType(c, k, "a 32-bit float", x);
  return float;
}

/** A member by name or number; undefined for an unknown name that is to be ignored. */
export function parseEnum<E extends number>(x: JsonSlot, c: JsonInput, k: JsonKey, info: EnumInfo<E>): E | undefined {
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
export function parseNull(x: JsonSlot, c: JsonInput, k: JsonKey): 0 {
  if (x !== null && x !== "NULL_VALUE" && x !== 0) throw wrongType(c, k, "null", x);
  return 0;
}

/** A list, each element by the same function. */
export function parseList<T>(x: JsonSlot, c: JsonInput, k: JsonKey, parse: Parse<T>): T[] {
  if (!Array.isArray(x)) throw wrongType(c, k, "an array", x);
  const list = sized<T>(x.length);
  c.path.push(k);
  for (let i = 0; i < x.length; i++) list[i] = parse(x[i], c, i);
  c.path.pop();
  return list;
}

/** A list of enum values; unknown names may be left out. */
export function parseEnums<E extends number>(x: JsonSlot, c: JsonInput, k: JsonKey, info: EnumInfo<E>): E[] {
  const list = parseList(x, c, k, (item, _, i) => parseEnum(item, c, i, info));
  return list.filter((value) => value !== undefined);
}

/** A map field; `key` makes a key of the map from the JSON name, and refuses what is none. */
export function parseMap<T>(
  x: JsonSlot,
  c: JsonInput,
  k: JsonKey,
  key: (name: string) => string | number | bigint | boolean,
  parse: Parse<T | undefined>,
): { [key: string]: T } {
  if (typeof x !== "object" || x === null || Array.isArray(x)) throw wrongType(c, k, "an object", x);
  const map: { [key: string]: T } = {};
  c.path.push(k);
  const names = Object.keys(x);
  if (c.text !== undefined) c.text.members += names.length;
  for (const name of names) {
    parseString(name, c, name);
    let mapKey;
    try {
      mapKey = key(name);
    } catch (error) {
      throw jsonError(c, name, error instanceof Error ? error.message : "not a key of this map");
    }
    const value = parse(x[name], c, name);
    if (value !== undefined) setEntry(map, mapKey, value);
  }
  c.path.pop();
  return map;
}

/** A map of enum values; entries with unknown names may be left out. */
export function parseEnumMap<E extends number>(
  x: JsonSlot,
  c: JsonInput,
  k: JsonKey,
  key: (name: string) => string | number | bigint | boolean,
  info: EnumInfo<E>,
): { [key: string]: E } {
  return parseMap(x, c, k, key, (item, _, name) => parseEnum(item, c, name, info));
}
