import { enumInfo, type EnumSpelling } from "./enum.js";
import { truncated, unwritable } from "./error.js";
import { type JsonSlot, parseEnum, parseEnumMap, parseEnums } from "./json-input.js";
import { enumToJson, mapToJson } from "./json-output.js";
import { addMember, printEnum, printList, printMap } from "./json-print.js";
import { copyMap, hasEntries, hasItems, mapItems } from "./maps.js";
import { cursor, readInt32, readLength } from "./read.js";
import type { Bytes, EnumInfo, JsonInput, JsonValue, UnknownField } from "./types.js";
import { isKnown, keepUnknown } from "./unknown.js";

// Enums whose values are names of members in programs, for code emitted with that option: the functions for numbers
// with a conversion before or behind them.

/** An enum value in a program: the name of a member, or a number that has none. */
type Value = string | number;

/** The members of an enum whose values are names in programs. */
export interface EnumNames<E extends Value = Value> extends EnumInfo {
  /** By number; of several members the first. */
  readonly members: ReadonlyMap<number, E>;
  /** By member, aliases included. */
  readonly numberOf: ReadonlyMap<string, number>;
}

/** How a contract spells an enum, with the number of each member in schema order. */
export interface EnumNamesSpelling extends EnumSpelling {
  readonly numbers: { readonly [member: string]: number };
}

/** The names of an enum in its contract and in programs. */
export function enumNames<E extends Value>(
  typeName: string,
  { numbers, ...spelling }: EnumNamesSpelling,
): EnumNames<E> {
  const members = new Map<number, E>();
  const numberOf = new Map(Object.entries(numbers));
  for (const [member, number] of numberOf) {
    // the emitted file gives the names of its own type
    if (!members.has(number)) members.set(number, member as E);
  }
  return { ...enumInfo(typeName, numbers, spelling), members, numberOf };
}

/** The name of a number's member, or the number when there is none: E is open then. */
export function enumToName<E extends Value>(value: number, info: EnumNames<E>): E {
  return info.members.get(value) ?? (value as E);
}

/** The number of a member. @throws {WireError} for what is none. */
export function enumToNumber(value: Value, info: EnumNames): number {
  const number = typeof value === "number" ? value : info.numberOf.get(value);
  if (number === undefined) throw unwritable(`a member of ${info.typeName}`, value);
  return number;
}

/** The numbers of a list. */
export function enumsToNumbers(list: readonly Value[] | undefined, info: EnumNames): number[] | undefined {
  return mapItems(list, (value) => enumToNumber(value, info));
}

/** A packed list: names are appended; numbers that a closed enum has no member for are kept as unknown fields. */
export function readPackedEnumNames<E extends Value>(
  m: { $unknown?: readonly UnknownField[] | undefined },
  b: Bytes,
  p: number,
  e: number,
  list: E[],
  info: EnumNames<E>,
  number: number,
): void {
  const end = readLength(b, p, e);
  p = cursor;
  while (p < end) {
    const value = readInt32(b, p);
    if (cursor > end) throw truncated();
    if (info.closed && !isKnown(info, value)) keepUnknown(m, number * 8, b, p, cursor);
    else list.push(enumToName(value, info));
    p = cursor;
  }
}

/** The member's name in the contract, or the number when the enum has none of that number. */
export function enumNameToJson(value: Value, info: EnumNames): JsonValue {
  return enumToJson(enumToNumber(value, info), info);
}

/** An array of names. */
export function enumNamesToJson(list: readonly Value[], info: EnumNames): JsonValue[] {
  return list.map((value) => enumNameToJson(value, info));
}

/** An object of names. */
export function enumNameMapToJson(
  map: { readonly [key: string]: Value },
  info: EnumNames,
  check?: (key: string) => unknown,
): JsonValue {
  return mapToJson(map, (value) => enumNameToJson(value, info), {}, check);
}

/** The member's name in the contract in quotes, or a number. */
export function printEnumName(value: Value, info: EnumNames): string {
  return printEnum(enumToNumber(value, info), info);
}

/** An array of names. */
export function printEnumNames(list: readonly Value[], info: EnumNames): string {
  return printList(list, (value) => printEnumName(value, info), {});
}

/** An object of names. */
export function printEnumNameMap(
  map: { readonly [key: string]: Value },
  info: EnumNames,
  check?: (key: string) => unknown,
): string {
  return printMap(map, (value) => printEnumName(value, info), {}, check);
}

/** Adds an enum that is there; where `except` is given, a zero is left out in either form. */
export function addEnumName(s: string, key: string, value: Value | undefined, info: EnumNames, except?: Value): string {
  const absent = value === undefined || value === except || (value === 0 && except !== undefined);
  return absent ? s : addMember(s, key, printEnumName(value, info));
}

/** Adds a list that is there. */
export function addEnumNames(s: string, key: string, list: readonly Value[] | undefined, info: EnumNames): string {
  return hasItems(list) ? addMember(s, key, printEnumNames(list, info)) : s;
}

/** Adds a map that is there. */
export function addEnumNameMap(
  s: string,
  key: string,
  map: { readonly [key: string]: Value } | undefined,
  info: EnumNames,
  check?: (key: string) => unknown,
): string {
  return hasEntries(map) ? addMember(s, key, printEnumNameMap(map, info, check)) : s;
}

/** A member by name or number; undefined for an unknown name that is to be ignored. */
export function parseEnumName<E extends Value>(
  x: JsonSlot,
  c: JsonInput,
  k: string | number | undefined,
  info: EnumNames<E>,
): E | undefined {
  const value = parseEnum(x, c, k, info);
  return value === undefined ? undefined : enumToName(value, info);
}

/** A list of members; unknown names may be left out. */
export function parseEnumNames<E extends Value>(
  x: JsonSlot,
  c: JsonInput,
  k: string | number | undefined,
  info: EnumNames<E>,
): E[] {
  return parseEnums(x, c, k, info).map((value) => enumToName(value, info));
}

/** A map of members; entries with unknown names may be left out. */
export function parseEnumNameMap<E extends Value>(
  x: JsonSlot,
  c: JsonInput,
  k: string | number | undefined,
  key: (name: string) => string | number | bigint | boolean,
  info: EnumNames<E>,
): { [key: string]: E } {
  return copyMap(parseEnumMap(x, c, k, key, info), (value) => enumToName(value, info));
}
