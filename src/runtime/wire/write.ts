import { isBytes } from "./base64.js";
import { checkBlank, unwritable } from "./error.js";
import { encodeText, illFormed, isWellFormed, textBound } from "./text.js";
import type { Bytes, WriteMessage } from "./types.js";
import { createWord } from "./word.js";

// Writers store from `p` on and return the position behind. Room: a message function checks once for a run of fixed
// fields, writers of anything longer check for themselves and leave `slack` bytes free behind what they wrote, so that
// the rest of that run still fits.

/** Thrown when the memory is too small; `encode` catches it, takes more and starts again. */
export const GROW: Error = new Error("more memory is needed");

/** Free bytes that each writer of variable length leaves behind it. */
export const slack = 256;

/** @throws {@link GROW} unless that many bytes and the slack are free. */
export function reserve(b: Bytes, p: number, length: number): void {
  if (p + length + slack > b.length) throw GROW;
}

const { bigint, biguint, half, double, float, low, high } = createWord();

/** An unsigned 32-bit varint. */
export function writeVarint(b: Bytes, p: number, v: number): number {
  if (v < 0x80) {
    b[p] = v;
    return p + 1;
  }
  b[p] = (v & 127) | 128;
  if (v < 0x4000) {
    b[p + 1] = v >>> 7;
    return p + 2;
  }
  b[p + 1] = ((v >>> 7) & 127) | 128;
  if (v < 0x200000) {
    b[p + 2] = v >>> 14;
    return p + 3;
  }
  b[p + 2] = ((v >>> 14) & 127) | 128;
  if (v < 0x10000000) {
    b[p + 3] = v >>> 21;
    return p + 4;
  }
  b[p + 3] = ((v >>> 21) & 127) | 128;
  b[p + 4] = v >>> 28;
  return p + 5;
}

/** A negative number as int32 and enums write it: ten bytes. */
export function writeNegative(b: Bytes, p: number, v: number): number {
  b[p] = (v & 127) | 128;
  b[p + 1] = ((v >>> 7) & 127) | 128;
  b[p + 2] = ((v >>> 14) & 127) | 128;
  b[p + 3] = ((v >>> 21) & 127) | 128;
  b[p + 4] = (v >>> 28) | 240;
  b[p + 5] = b[p + 6] = b[p + 7] = b[p + 8] = 255;
  b[p + 9] = 1;
  return p + 10;
}

/** The varint of a 64-bit word. */
function writeWide(b: Bytes, p: number, l: number, h: number): number {
  if (h === 0) return writeVarint(b, p, l);
  b[p] = (l & 127) | 128;
  b[p + 1] = ((l >>> 7) & 127) | 128;
  b[p + 2] = ((l >>> 14) & 127) | 128;
  b[p + 3] = ((l >>> 21) & 127) | 128;
  if (h < 8) {
    b[p + 4] = (l >>> 28) | (h << 4);
    return p + 5;
  }
  b[p + 4] = (l >>> 28) | ((h & 7) << 4) | 128;
  return writeVarint(b, p + 5, h >>> 3);
}

// A 64-bit integer goes through the word, which takes it modulo 2^64: what does not come back as it was is out of range.

/** @throws {WireError} unless it is a signed 64-bit integer, which is in the word then. */
function putSigned(v: bigint): void {
  if (typeof v !== "bigint") throw unwritable("a 64-bit integer", v);
  bigint[0] = v;
  if (bigint[0] !== v) throw unwritable("a 64-bit integer", v);
}

/** @throws {WireError} unless it is an unsigned 64-bit integer, which is in the word then. */
function putUnsigned(v: bigint): void {
  if (typeof v !== "bigint") throw unwritable("an unsigned 64-bit integer", v);
  biguint[0] = v;
  if (biguint[0] !== v) throw unwritable("an unsigned 64-bit integer", v);
}

/** An `int64` without a tag. */
export function writeInt64Value(b: Bytes, p: number, v: bigint): number {
  putSigned(v);
  return writeWide(b, p, half[low]!, half[high]!);
}

/** A `uint64` without a tag. */
export function writeUint64Value(b: Bytes, p: number, v: bigint): number {
  putUnsigned(v);
  return writeWide(b, p, half[low]!, half[high]!);
}

/** A 64-bit integer in zigzag encoding without a tag. */
export function writeSint64Value(b: Bytes, p: number, v: bigint): number {
  putSigned(v);
  const l = half[low]!;
  const h = half[high]!;
  const sign = h >> 31;
  return writeWide(b, p, ((l << 1) ^ sign) >>> 0, (((h << 1) | (l >>> 31)) ^ sign) >>> 0);
}

/** A field's tag. */
export function writeTag(b: Bytes, p: number, t: number): number {
  if (t > 127) return writeVarint(b, p, t);
  b[p] = t;
  return p + 1;
}

/** Also enums. */
export function writeInt32(b: Bytes, p: number, t: number, v: number): number {
  if ((v | 0) !== v) throw unwritable("a 32-bit integer", v);
  p = writeTag(b, p, t);
  if (v < 0) return writeNegative(b, p, v);
  return writeVarint(b, p, v);
}

/** A `uint32` field. */
export function writeUint32(b: Bytes, p: number, t: number, v: number): number {
  if (v >>> 0 !== v) throw unwritable("an unsigned 32-bit integer", v);
  return writeVarint(b, writeTag(b, p, t), v);
}

/** A `sint32` field. */
export function writeSint32(b: Bytes, p: number, t: number, v: number): number {
  if ((v | 0) !== v) throw unwritable("a 32-bit integer", v);
  return writeVarint(b, writeTag(b, p, t), ((v << 1) ^ (v >> 31)) >>> 0);
}

/** An `int64` field. */
export function writeInt64(b: Bytes, p: number, t: number, v: bigint): number {
  return writeInt64Value(b, writeTag(b, p, t), v);
}

/** A `uint64` field. */
export function writeUint64(b: Bytes, p: number, t: number, v: bigint): number {
  return writeUint64Value(b, writeTag(b, p, t), v);
}

/** A `sint64` field. */
export function writeSint64(b: Bytes, p: number, t: number, v: bigint): number {
  return writeSint64Value(b, writeTag(b, p, t), v);
}

/** A `bool` field. */
export function writeBool(b: Bytes, p: number, t: number, v: boolean): number {
  if (typeof v !== "boolean") throw unwritable("a boolean", v);
  p = writeTag(b, p, t);
  b[p] = v ? 1 : 0;
  return p + 1;
}

function writeHalf(b: Bytes, p: number, v: number): number {
  b[p] = v;
  b[p + 1] = v >>> 8;
  b[p + 2] = v >>> 16;
  b[p + 3] = v >>> 24;
  return p + 4;
}

/** A `fixed32` field. */
export function writeFixed32(b: Bytes, p: number, t: number, v: number): number {
  if (v >>> 0 !== v) throw unwritable("an unsigned 32-bit integer", v);
  return writeHalf(b, writeTag(b, p, t), v);
}

/** A `sfixed32` field. */
export function writeSfixed32(b: Bytes, p: number, t: number, v: number): number {
  if ((v | 0) !== v) throw unwritable("a 32-bit integer", v);
  return writeHalf(b, writeTag(b, p, t), v);
}

/** A `fixed64` without a tag. */
export function writeFixed64Value(b: Bytes, p: number, v: bigint): number {
  putUnsigned(v);
  return writeHalf(b, writeHalf(b, p, half[low]!), half[high]!);
}

/** A `sfixed64` without a tag. */
export function writeSfixed64Value(b: Bytes, p: number, v: bigint): number {
  putSigned(v);
  return writeHalf(b, writeHalf(b, p, half[low]!), half[high]!);
}

/** A `fixed64` field. */
export function writeFixed64(b: Bytes, p: number, t: number, v: bigint): number {
  return writeFixed64Value(b, writeTag(b, p, t), v);
}

/** A `sfixed64` field. */
export function writeSfixed64(b: Bytes, p: number, t: number, v: bigint): number {
  return writeSfixed64Value(b, writeTag(b, p, t), v);
}

/** A `double` field. */
export function writeDouble(b: Bytes, p: number, t: number, v: number): number {
  if (typeof v !== "number") throw unwritable("a number", v);
  p = writeTag(b, p, t);
  double[0] = v;
  return writeHalf(b, writeHalf(b, p, half[low]!), half[high]!);
}

/** Numbers from 2^128 − 2^103 on are infinite as 32-bit floats: the greatest of those and half of its last bit. */
const floatLimit = 3.4028235677973366e38;

/** True for a finite number that no 32-bit float comes near. */
export function isBeyondFloat(v: number): boolean {
  return (v >= floatLimit || v <= -floatLimit) && Number.isFinite(v);
}

/** A `float` field. */
export function writeFloat(b: Bytes, p: number, t: number, v: number): number {
  if (typeof v !== "number") throw unwritable("a number", v);
  if (isBeyondFloat(v)) throw unwritable("a 32-bit float", v);
  p = writeTag(b, p, t);
  float[0] = v;
  return writeHalf(b, p, half[0]!);
}

/** True for a floating-point value that a field without presence writes: anything but absent and +0. */
export function nonZero(v: number | undefined): v is number {
  return v !== undefined && (v !== 0 || 1 / v < 0);
}

/** True for what a bytes field without presence writes: anything but absent and empty, so that no wrong value is lost. */
export function nonEmpty(v: Uint8Array | undefined): v is Uint8Array {
  return v !== undefined && v?.length !== 0;
}

/** Texts up to this length are written character by character. */
const shortText = 40;

// Not as `v.charCodeAt(i)`: a string has one of many hidden classes (flat or not, one byte or two, interned or not), and
// where an engine has seen more than four of them, it looks the method up again for every character.
const { charCodeAt } = String.prototype;

/** A `string` field. */
export function writeString(b: Bytes, p: number, t: number, v: string): number {
  if (typeof v !== "string") throw unwritable("a string", v);
  const length = v.length;
  if (p + length * 3 + 10 + slack > b.length) reserve(b, p, textBound(v) + 10);
  p = writeTag(b, p, t);
  if (length > shortText) return writeLongText(b, p, v);
  const start = p++;
  let i = 0;
  for (; i + 3 < length; i += 4, p += 4) {
    const c0 = charCodeAt.call(v, i);
    const c1 = charCodeAt.call(v, i + 1);
    const c2 = charCodeAt.call(v, i + 2);
    const c3 = charCodeAt.call(v, i + 3);
    if ((c0 | c1 | c2 | c3) > 127) return writeWideText(b, start, v, i);
    b[p] = c0;
    b[p + 1] = c1;
    b[p + 2] = c2;
    b[p + 3] = c3;
  }
  for (; i < length; i++) {
    const c = charCodeAt.call(v, i);
    if (c > 127) return writeWideText(b, start, v, i);
    b[p++] = c;
  }
  b[start] = length;
  return p;
}

/** A short text that is not ASCII from character `i` on: at most 120 bytes, so its length takes one. */
function writeWideText(b: Bytes, start: number, v: string, i: number): number {
  let p = start + 1 + i;
  for (; i < v.length; i++) {
    let c = charCodeAt.call(v, i);
    if (c < 0x80) {
      b[p++] = c;
      continue;
    }
    if (c < 0x800) {
      b[p++] = (c >> 6) | 0xc0;
      b[p++] = (c & 63) | 128;
      continue;
    }
    if (c >= 0xd800 && c < 0xe000) {
      const next = c < 0xdc00 && i + 1 < v.length ? charCodeAt.call(v, i + 1) : 0;
      if (next >= 0xdc00 && next < 0xe000) {
        i++;
        c = 0x10000 + ((c & 0x3ff) << 10) + (next & 0x3ff);
        b[p++] = (c >> 18) | 0xf0;
        b[p++] = ((c >> 12) & 63) | 128;
        b[p++] = ((c >> 6) & 63) | 128;
        b[p++] = (c & 63) | 128;
        continue;
      }
      throw illFormed();
    }
    b[p++] = (c >> 12) | 0xe0;
    b[p++] = ((c >> 6) & 63) | 128;
    b[p++] = (c & 63) | 128;
  }
  b[start] = p - start - 1;
  return p;
}

/** The length is guessed from the characters; the text moves when that was wrong. */
function writeLongText(b: Bytes, p: number, v: string): number {
  const guess = varintSize(v.length);
  const length = encodeText(b, p + guess, v);
  // half of a pair, which has no UTF-8, shows among other characters only
  if (length !== v.length && !isWellFormed(v)) throw illFormed();
  const size = varintSize(length);
  if (size !== guess) b.copyWithin(p + size, p + guess, p + guess + length);
  return writeVarint(b, p, length) + length;
}

function varintSize(v: number): number {
  return v < 0x80 ? 1 : v < 0x4000 ? 2 : v < 0x200000 ? 3 : v < 0x10000000 ? 4 : 5;
}

/** A `bytes` field. */
export function writeBytes(b: Bytes, p: number, t: number, v: Uint8Array): number {
  if (!isBytes(v)) throw unwritable("bytes", v);
  const length = v.length;
  reserve(b, p, length + 10);
  p = writeVarint(b, writeTag(b, p, t), length);
  if (length > 32) b.set(v, p);
  else for (let i = 0; i < length; i++) b[p + i] = v[i]!;
  return p + length;
}

/** Begins a length-delimited value; returns where its content begins. The length is put before it at the end. */
export function writeOpen(b: Bytes, p: number, t: number): number {
  reserve(b, p, 10);
  return writeTag(b, p, t) + 1;
}

/**
 * Ends what {@link writeOpen} began at `start`; one byte is free for the length, more of them move the content.
 * `m` is the message that was written; undefined where there is nothing wrong with a value of which nothing is.
 */
export function writeClose(b: Bytes, start: number, p: number, m?: unknown): number {
  const length = p - start;
  if (p + 4 + slack > b.length) throw GROW;
  if (length < 0x80) {
    if (length === 0 && m !== undefined) checkBlank(m);
    b[start - 1] = length;
    return p;
  }
  const more = varintSize(length) - 1;
  b.copyWithin(start + more, start, p);
  writeVarint(b, start - 1, length);
  return p + more;
}

/** A nested message; `any` for a value that is none in programs. */
export function writeMessage<Init>(
  b: Bytes,
  p: number,
  t: number,
  m: Init,
  write: WriteMessage<Init>,
  any = false,
): number {
  const start = writeTag(b, p, t) + 1;
  p = write(m, b, start);
  if (p === start && !any) checkBlank(m);
  return writeClose(b, start, p);
}

/** A nested message in the delimited encoding; `t` is its start tag. */
export function writeGroup<Init>(
  b: Bytes,
  p: number,
  t: number,
  m: Init,
  write: WriteMessage<Init>,
  any = false,
): number {
  const start = writeTag(b, p, t);
  p = write(m, b, start);
  if (p === start && !any) checkBlank(m);
  reserve(b, p, 10);
  return writeTag(b, p, t + 1);
}
