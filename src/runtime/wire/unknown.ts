import { copyBytes, cursor, readInt32, readLength, setCursor, skipField } from "./read.js";
import { isBytes } from "./base64.js";
import { checkBlank, truncated, WireError } from "./error.js";
import type { Bytes, EnumInfo, UnknownField } from "./types.js";
import { reserve, writeVarint } from "./write.js";

interface Keeper {
  $unknown?: readonly UnknownField[] | undefined;
}

/** Keeps a field that the contract does not know; `t` is its tag, `p` behind that. */
export function readUnknown(m: Keeper, b: Bytes, p: number, e: number, t: number, d: number): void {
  const end = skipField(b, p, e, t, d);
  if (end > e) throw truncated();
  keepUnknown(m, t, b, p, end);
  setCursor(end);
}

/** Keeps bytes that were read already as a field of that tag. */
export function keepUnknown(m: Keeper, t: number, b: Bytes, start: number, end: number): void {
  const field: UnknownField = { number: t >>> 3, wireType: t & 7, data: copyBytes(b, start, end) };
  // decoders alone put this list there, so it is ours to extend
  if (m.$unknown === undefined) m.$unknown = [field];
  else (m.$unknown as UnknownField[]).push(field);
}

/** Takes over what a message that is given to `create` keeps. @throws {WireError} when that is no message. */
export function copyUnknown(m: Keeper, init: Keeper): void {
  // most are plain objects; a Date, a Map or a number has none of the properties that were looked for
  if (Object.getPrototypeOf(init) !== Object.prototype) checkBlank(init);
  const fields = init.$unknown;
  if (fields !== undefined) m.$unknown = fields;
}

/** Writes the kept fields again, in the order in which they came. */
export function writeUnknown(b: Bytes, p: number, fields: readonly UnknownField[] | undefined): number {
  return fields === undefined ? p : writeFields(b, p, fields);
}

function writeFields(b: Bytes, p: number, fields: readonly UnknownField[]): number {
  for (const { number, wireType, data } of fields) {
    if (!isFieldNumber(number) || !isWireType(wireType) || !isBytes(data)) {
      throw new WireError("invalid_value", "an entry of $unknown is no field");
    }
    reserve(b, p, data.length + 10);
    p = writeVarint(b, p, number * 8 + wireType);
    b.set(data, p);
    p += data.length;
  }
  return p;
}

function isFieldNumber(number: number): boolean {
  return number >>> 0 === number && number > 0 && number < 2 ** 29;
}

/** Not 4: the data of a group includes its end. */
function isWireType(wireType: number): boolean {
  return wireType >>> 0 === wireType && wireType < 6 && wireType !== 4;
}

/** True when a closed enum has that member. */
export function isKnown<E extends number>(info: EnumInfo<E>, value: number): value is E {
  return info.names.has(value);
}

/** A packed list of a closed enum: members are appended, other numbers kept as unknown fields. */
export function readPackedEnum<E extends number>(
  m: Keeper,
  b: Bytes,
  p: number,
  e: number,
  list: E[],
  info: EnumInfo<E>,
  number: number,
): void {
  const end = readLength(b, p, e);
  p = cursor;
  while (p < end) {
    const value = readInt32(b, p);
    if (cursor > end) throw truncated();
    if (isKnown(info, value)) list.push(value);
    else keepUnknown(m, number * 8, b, p, cursor);
    p = cursor;
  }
}
