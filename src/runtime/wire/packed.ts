import {
  cursor,
  readInt32,
  readInt64,
  readLength,
  readSint32,
  readSint64,
  readUint32,
  readUint64,
  setCursor,
} from "./read.js";
import { truncated } from "./error.js";
import type { Bytes } from "./types.js";

// Packed lists in. Each returns the list to keep: the earlier one extended, or a new one of exactly the right size,
// whose length was counted in the bytes that are there, not taken from a length that somebody claims.

// Each function makes its own arrays: the engine learns per place what they hold, and stores numbers unboxed.
/* oxlint-disable unicorn/no-new-array -- Array.from is many times slower, and the length was counted, not claimed */

type ReadValue<T> = (b: Bytes, p: number) => T;

/** The number of varints from `p` to `end`: of bytes whose top bit is not set. Without branches to mispredict. */
function countVarints(b: Bytes, p: number, end: number): number {
  if (b[end - 1]! > 127) throw truncated();
  let count = end - p;
  if (count > 64) {
    const view = new DataView(b.buffer, b.byteOffset, end);
    for (; p + 16 <= end; p += 16) {
      // sums of four bytes each, then of the four
      const sums = topBits(view, p) + topBits(view, p + 4) + topBits(view, p + 8) + topBits(view, p + 12);
      count -= Math.imul(sums, 0x01010101) >>> 24;
    }
  }
  for (; p < end; p++) count -= b[p]! >> 7;
  return count;
}

/** The top bits of four bytes, each as the lowest bit of its byte. */
function topBits(view: DataView, p: number): number {
  return (view.getUint32(p) >>> 7) & 0x01010101;
}

function readVarints<T>(b: Bytes, p: number, e: number, list: T[], read: ReadValue<T>): T[] {
  const end = readLength(b, p, e);
  p = cursor;
  if (p === end) return list;
  const count = countVarints(b, p, end);
  const first = list.length;
  const all = first === 0 ? new Array<T>(count) : list;
  for (let i = first; i < first + count; i++) {
    all[i] = read(b, p);
    p = cursor;
  }
  if (p !== end) throw truncated();
  return all;
}

// Varints of different sizes: branches on the size would be mispredicted for every other value. So four bytes are read
// as one word, and the bits of those that belong to the value are put together; only longer ones take another path.

/** Also enums. */
export function readPackedInt32(b: Bytes, p: number, e: number, list: number[]): number[] {
  const end = readLength(b, p, e);
  p = cursor;
  if (p === end) return list;
  const count = countVarints(b, p, end);
  const first = list.length;
  const all = first === 0 ? new Array<number>(count) : list;
  if (count === end - p) {
    for (let i = 0; i < count; i++) all[first + i] = b[p + i]!;
    setCursor(end);
    return all;
  }
  const stop = first + count;
  let i = first;
  // a view costs as much as a few values
  if (count > 6) {
    const view = new DataView(b.buffer, b.byteOffset, end);
    for (; i < stop && p + 4 <= end; i++) {
      const w = view.getInt32(p, true);
      // 1 where the value goes on: behind its first byte, its second, its third
      const second = (w >>> 7) & 1;
      const third = second & (w >>> 15);
      const fourth = third & (w >>> 23);
      if ((fourth & (w >>> 31)) === 0) {
        all[i] =
          (w & 0x7f) |
          ((w >>> 1) & 0x3f80 & -second) |
          ((w >>> 2) & 0x1fc000 & -third) |
          ((w >>> 3) & 0xfe00000 & -fourth);
        p += 1 + second + third + fourth;
      } else {
        all[i] = readInt32(b, p);
        p = cursor;
      }
    }
  }
  for (; i < stop; i++) {
    all[i] = readInt32(b, p);
    p = cursor;
  }
  if (p !== end) throw truncated();
  setCursor(end);
  return all;
}

/** A packed list of `uint32`. */
export function readPackedUint32(b: Bytes, p: number, e: number, list: number[]): number[] {
  const end = readLength(b, p, e);
  p = cursor;
  if (p === end) return list;
  const count = countVarints(b, p, end);
  const first = list.length;
  const all = first === 0 ? new Array<number>(count) : list;
  if (count === end - p) {
    for (let i = 0; i < count; i++) all[first + i] = b[p + i]!;
    setCursor(end);
    return all;
  }
  const stop = first + count;
  let i = first;
  // a view costs as much as a few values
  if (count > 6) {
    const view = new DataView(b.buffer, b.byteOffset, end);
    for (; i < stop && p + 4 <= end; i++) {
      const w = view.getInt32(p, true);
      // 1 where the value goes on: behind its first byte, its second, its third
      const second = (w >>> 7) & 1;
      const third = second & (w >>> 15);
      const fourth = third & (w >>> 23);
      if ((fourth & (w >>> 31)) === 0) {
        all[i] =
          (w & 0x7f) |
          ((w >>> 1) & 0x3f80 & -second) |
          ((w >>> 2) & 0x1fc000 & -third) |
          ((w >>> 3) & 0xfe00000 & -fourth);
        p += 1 + second + third + fourth;
      } else {
        all[i] = readUint32(b, p);
        p = cursor;
      }
    }
  }
  for (; i < stop; i++) {
    all[i] = readUint32(b, p);
    p = cursor;
  }
  if (p !== end) throw truncated();
  setCursor(end);
  return all;
}

/** A packed list of `sint32`. */
export function readPackedSint32(b: Bytes, p: number, e: number, list: number[]): number[] {
  const end = readLength(b, p, e);
  p = cursor;
  if (p === end) return list;
  const count = countVarints(b, p, end);
  const first = list.length;
  const all = first === 0 ? new Array<number>(count) : list;
  for (let i = first; i < first + count; i++) {
    all[i] = readSint32(b, p);
    p = cursor;
  }
  if (p !== end) throw truncated();
  return all;
}

/** A packed list of `int64`. */
export function readPackedInt64(b: Bytes, p: number, e: number, list: bigint[]): bigint[] {
  return readVarints(b, p, e, list, readInt64);
}

/** A packed list of `uint64`. */
export function readPackedUint64(b: Bytes, p: number, e: number, list: bigint[]): bigint[] {
  return readVarints(b, p, e, list, readUint64);
}

/** A packed list of `sint64`. */
export function readPackedSint64(b: Bytes, p: number, e: number, list: bigint[]): bigint[] {
  return readVarints(b, p, e, list, readSint64);
}

/** A packed list of `bool`. */
export function readPackedBool(b: Bytes, p: number, e: number, list: boolean[]): boolean[] {
  return readVarints(b, p, e, list, readBoolValue);
}

function readBoolValue(b: Bytes, p: number): boolean {
  return readUint64(b, p) !== 0n;
}

/** A view of the values of a fixed size. */
function openFixed(b: Bytes, p: number, e: number, size: number): DataView {
  const end = readLength(b, p, e);
  const length = end - cursor;
  if (length % size !== 0) throw truncated();
  const view = new DataView(b.buffer, b.byteOffset + cursor, length);
  setCursor(end);
  return view;
}

/** A packed list of `double`. */
export function readPackedDouble(b: Bytes, p: number, e: number, list: number[]): number[] {
  const view = openFixed(b, p, e, 8);
  const count = view.byteLength / 8;
  const first = list.length;
  const all = first === 0 ? new Array<number>(count) : list;
  for (let i = 0; i < count; i++) all[first + i] = view.getFloat64(i * 8, true);
  return all;
}

/** A packed list of `float`. */
export function readPackedFloat(b: Bytes, p: number, e: number, list: number[]): number[] {
  const view = openFixed(b, p, e, 4);
  const count = view.byteLength / 4;
  const first = list.length;
  const all = first === 0 ? new Array<number>(count) : list;
  for (let i = 0; i < count; i++) all[first + i] = view.getFloat32(i * 4, true);
  return all;
}

/** A packed list of `fixed32`. */
export function readPackedFixed32(b: Bytes, p: number, e: number, list: number[]): number[] {
  const view = openFixed(b, p, e, 4);
  const count = view.byteLength / 4;
  const first = list.length;
  const all = first === 0 ? new Array<number>(count) : list;
  for (let i = 0; i < count; i++) all[first + i] = view.getUint32(i * 4, true);
  return all;
}

/** A packed list of `sfixed32`. */
export function readPackedSfixed32(b: Bytes, p: number, e: number, list: number[]): number[] {
  const view = openFixed(b, p, e, 4);
  const count = view.byteLength / 4;
  const first = list.length;
  const all = first === 0 ? new Array<number>(count) : list;
  for (let i = 0; i < count; i++) all[first + i] = view.getInt32(i * 4, true);
  return all;
}

/** A packed list of `fixed64`. */
export function readPackedFixed64(b: Bytes, p: number, e: number, list: bigint[]): bigint[] {
  const view = openFixed(b, p, e, 8);
  const count = view.byteLength / 8;
  const first = list.length;
  const all = first === 0 ? new Array<bigint>(count) : list;
  for (let i = 0; i < count; i++) all[first + i] = view.getBigUint64(i * 8, true);
  return all;
}

/** A packed list of `sfixed64`. */
export function readPackedSfixed64(b: Bytes, p: number, e: number, list: bigint[]): bigint[] {
  const view = openFixed(b, p, e, 8);
  const count = view.byteLength / 8;
  const first = list.length;
  const all = first === 0 ? new Array<bigint>(count) : list;
  for (let i = 0; i < count; i++) all[first + i] = view.getBigInt64(i * 8, true);
  return all;
}
