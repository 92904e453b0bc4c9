import { malformed, tooDeep, truncated } from "./error.js";
import type { Bytes, ReadMessage } from "./types.js";
import { createWord } from "./word.js";

// Readers take the position as an argument and leave the next one in `cursor`. They may read a few bytes beyond `e`
// and even beyond the array: then `cursor` is beyond `e`, too, which the loop around them checks once per message.
// Only what is about to allocate or to recurse checks before.

/** Where the last reader stopped. */
export let cursor = 0;

/** For readers of other modules. */
export function setCursor(p: number): void {
  cursor = p;
}

const { bigint, biguint, half, double, float, low, high } = createWord();

/** The rest of a varint whose first byte, `first`, is above 127; its low 32 bits, signed. */
function longVarint(b: Bytes, p: number, first: number): number {
  let x = b[p++]!;
  let v = (first & 127) | ((x & 127) << 7);
  if (x > 127) {
    x = b[p++]!;
    v |= (x & 127) << 14;
    if (x > 127) {
      x = b[p++]!;
      v |= (x & 127) << 21;
      if (x > 127) {
        x = b[p++]!;
        v |= x << 28;
        for (let more = 0; x > 127; more++) {
          if (more === 5) throw malformed("a varint is longer than ten bytes");
          x = b[p++]!;
        }
      }
    }
  }
  cursor = p;
  return v;
}

/** A varint of up to 64 bits into `half`. */
function wideVarint(b: Bytes, p: number): void {
  let x = b[p++]!;
  let l = x & 127;
  let h = 0;
  if (x > 127) {
    x = b[p++]!;
    l |= (x & 127) << 7;
    if (x > 127) {
      x = b[p++]!;
      l |= (x & 127) << 14;
      if (x > 127) {
        x = b[p++]!;
        l |= (x & 127) << 21;
        if (x > 127) {
          x = b[p++]!;
          l |= x << 28;
          h = (x & 127) >> 4;
          for (let shift = 3; x > 127; shift += 7) {
            if (shift > 31) throw malformed("a varint is longer than ten bytes");
            x = b[p++]!;
            h |= (x & 127) << shift;
          }
        }
      }
    }
  }
  cursor = p;
  half[low] = l;
  half[high] = h;
}

/** A field's tag. */
export function readTag(b: Bytes, p: number): number {
  const x = b[p]!;
  cursor = p + 1;
  return x < 128 ? x : readLongTag(b, p + 1, x);
}

/** The rest of a tag whose first byte is above 127. @throws {WireError} when it has more than 32 bits. */
export function readLongTag(b: Bytes, p: number, first: number): number {
  const t = longVarint(b, p, first) >>> 0;
  // the fifth byte of a tag has the last four bits
  if (cursor > p + 3 && (cursor > p + 4 || b[p + 3]! > 15)) throw malformed("a tag has more than 32 bits");
  return t;
}

/** A length; returns where what it measures ends. @throws {WireError} when that is beyond `e`. */
export function readLength(b: Bytes, p: number, e: number): number {
  const x = b[p]!;
  cursor = p + 1;
  const length = x < 128 ? x : longLength(b, p + 1, x);
  const end = cursor + length;
  // false for NaN, too, which stands for a read beyond the array
  if (!(end <= e)) throw truncated();
  return end;
}

/** The rest of a length whose first byte is above 127: like any parser's, at most 31 bits in at most five bytes. */
function longLength(b: Bytes, p: number, first: number): number {
  const length = longVarint(b, p, first);
  // the fifth byte of a length has the last three bits
  if (cursor > p + 3 && (cursor > p + 4 || b[p + 3]! > 7)) throw malformed("a length has more than 31 bits");
  return length;
}

/** An `int32` or an enum value. */
export function readInt32(b: Bytes, p: number): number {
  const x = b[p]!;
  cursor = p + 1;
  return x < 128 ? x : longVarint(b, p + 1, x);
}

/** A `uint32`. */
export function readUint32(b: Bytes, p: number): number {
  const x = b[p]!;
  cursor = p + 1;
  return x < 128 ? x : longVarint(b, p + 1, x) >>> 0;
}

/** A `sint32`. */
export function readSint32(b: Bytes, p: number): number {
  const v = readInt32(b, p);
  return (v >>> 1) ^ -(v & 1);
}

/** An `int64`. */
export function readInt64(b: Bytes, p: number): bigint {
  wideVarint(b, p);
  return bigint[0]!;
}

/** A `uint64`. */
export function readUint64(b: Bytes, p: number): bigint {
  wideVarint(b, p);
  return biguint[0]!;
}

/** A `sint64`. */
export function readSint64(b: Bytes, p: number): bigint {
  wideVarint(b, p);
  const l = half[low]!;
  const h = half[high]!;
  const sign = -(l & 1);
  half[low] = ((l >>> 1) | (h << 31)) ^ sign;
  half[high] = (h >>> 1) ^ sign;
  return bigint[0]!;
}

/** A `bool`. */
export function readBool(b: Bytes, p: number): boolean {
  const x = b[p]!;
  cursor = p + 1;
  if (x < 128) return x !== 0;
  wideVarint(b, p);
  return (half[low]! | half[high]!) !== 0;
}

/** A `fixed32`. */
export function readFixed32(b: Bytes, p: number): number {
  cursor = p + 4;
  return (b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24)) >>> 0;
}

/** A `sfixed32`. */
export function readSfixed32(b: Bytes, p: number): number {
  cursor = p + 4;
  return b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24);
}

function fixedWord(b: Bytes, p: number): void {
  half[low] = b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24);
  half[high] = b[p + 4]! | (b[p + 5]! << 8) | (b[p + 6]! << 16) | (b[p + 7]! << 24);
  cursor = p + 8;
}

/** A `fixed64`. */
export function readFixed64(b: Bytes, p: number): bigint {
  fixedWord(b, p);
  return biguint[0]!;
}

/** A `sfixed64`. */
export function readSfixed64(b: Bytes, p: number): bigint {
  fixedWord(b, p);
  return bigint[0]!;
}

/** A `double`. */
export function readDouble(b: Bytes, p: number): number {
  fixedWord(b, p);
  return double[0]!;
}

/** A `float`. */
export function readFloat(b: Bytes, p: number): number {
  half[0] = b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24);
  cursor = p + 4;
  return float[0]!;
}

/** Bytes, copied: transports reuse their buffers, and a view would keep all of the input alive. */
export function readBytes(b: Bytes, p: number, e: number): Uint8Array {
  const end = readLength(b, p, e);
  const start = cursor;
  cursor = end;
  return copyBytes(b, start, end);
}

/** A plain array with those bytes. */
export function copyBytes(b: Bytes, start: number, end: number): Uint8Array {
  const length = end - start;
  // the engine's own copy, which does not clear the memory first; not worth its call for a few bytes
  if (length > 48) return new Uint8Array(b.buffer.slice(b.byteOffset + start, b.byteOffset + end));
  const copy = new Uint8Array(length);
  for (let i = 0; i < length; i++) copy[i] = b[start + i]!;
  return copy;
}

/** Where a nested message that begins at `p` with its length ends; its content begins at {@link cursor}. */
export function readOpen(b: Bytes, p: number, e: number, d: number): number {
  if (d <= 0) throw tooDeep();
  return readLength(b, p, e);
}

/** A nested message, merged into an earlier one of the same field. */
export function readMessage<T>(
  b: Bytes,
  p: number,
  e: number,
  d: number,
  read: ReadMessage<T>,
  into?: T | undefined,
): T {
  if (d <= 0) throw tooDeep();
  const end = readLength(b, p, e);
  const message = read(b, cursor, end, d - 1, into);
  cursor = end;
  return message;
}

/** A nested message in the delimited encoding; `p` is behind its start tag. */
export function readGroup<T>(
  b: Bytes,
  p: number,
  e: number,
  d: number,
  number: number,
  read: ReadMessage<T>,
  into?: T | undefined,
): T {
  if (d <= 0) throw tooDeep();
  const around = groups;
  let end = around === undefined ? 0 : endOf(around, p);
  if (end === 0) {
    groups = scanGroups(b, p, e, number, d);
    end = groups.bounds[1]!;
  }
  let message: T;
  try {
    message = read(b, p, end, d - 1, into);
  } finally {
    groups = around;
  }
  readTag(b, end);
  return message;
}

// Only its last byte tells where a group ends. So that groups in groups are not looked through once for each level, the
// outermost notes where those in it end; they are read in the order in which they were found.

/** Where groups begin and end, one after the other, without their tags. */
interface Groups {
  readonly bounds: readonly number[];
  /** Those before it were read, or passed over. */
  next: number;
}

/** Those in the group that is being read. */
let groups: Groups | undefined;

/** What is noted while a group that is about to be read is looked through. */
let noted: number[] | undefined;

function scanGroups(b: Bytes, p: number, e: number, number: number, d: number): Groups {
  const bounds: number[] = [];
  noted = bounds;
  try {
    skipGroup(b, p, e, number, d);
  } finally {
    noted = undefined;
  }
  return { bounds, next: 2 };
}

/** Where the group that begins at `p` ends; 0 for one that was not found, because it is in a message in a group. */
function endOf(around: Groups, p: number): number {
  const { bounds } = around;
  while (bounds[around.next]! < p) around.next += 2;
  return bounds[around.next] === p ? bounds[around.next + 1]! : 0;
}

/** The position behind a field's value; `t` is its tag, `p` behind that. */
export function skipField(b: Bytes, p: number, e: number, t: number, d: number): number {
  // a tag of which the rest is missing
  if (p > e) throw truncated();
  if (t < 8) throw malformed("a field has the number 0");
  switch (t & 7) {
    case 0:
      readInt32(b, p);
      return cursor;
    case 1:
      return p + 8;
    case 2:
      return readLength(b, p, e);
    case 3:
      if (d <= 0) throw tooDeep();
      return skipGroup(b, p, e, t >>> 3, d);
    case 5:
      return p + 4;
    case 4:
      throw malformed("a group ends that did not begin");
    default:
      throw malformed(`there is no wire type ${t & 7}`);
  }
}

/** Steps over a field's value and leaves `cursor` behind it. */
export function skipValue(b: Bytes, p: number, e: number, t: number, d: number): void {
  cursor = skipField(b, p, e, t, d);
}

function skipGroup(b: Bytes, p: number, e: number, number: number, d: number): number {
  const index = noted?.push(p, 0);
  while (p < e) {
    const start = p;
    const t = readTag(b, p);
    p = cursor;
    if ((t & 7) === 4) {
      if (t >>> 3 !== number) throw malformed("a group ends that did not begin");
      if (p > e) throw truncated();
      if (index !== undefined) noted![index - 1] = start;
      return p;
    }
    p = skipField(b, p, e, t, d - 1);
  }
  throw truncated();
}
