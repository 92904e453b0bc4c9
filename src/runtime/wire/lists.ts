import {
  GROW,
  isBeyondFloat,
  reserve,
  slack,
  writeFixed64Value,
  writeGroup,
  writeInt64Value,
  writeNegative,
  writeSfixed64Value,
  writeSint64Value,
  writeString,
  writeTag,
  writeUint64Value,
  writeVarint,
} from "./write.js";
import { unwritable } from "./error.js";
import { hasItems } from "./maps.js";
import type { Bytes, WriteMessage } from "./types.js";

// Repeated fields out. All of these take an absent list for an empty one.

type WriteValue<T> = (b: Bytes, p: number, t: number, v: T) => number;

/** One field per value. */
export function writeList<T>(
  b: Bytes,
  p: number,
  t: number,
  list: readonly T[] | undefined,
  write: WriteValue<T>,
): number {
  if (!hasItems(list)) return p;
  for (let i = 0; i < list.length; i++) {
    reserve(b, p, 20);
    p = write(b, p, t, list[i]!);
  }
  return p;
}

/** One string per value. */
export function writeStrings(b: Bytes, p: number, t: number, list: readonly string[] | undefined): number {
  if (!hasItems(list)) return p;
  for (let i = 0; i < list.length; i++) p = writeString(b, p, t, list[i]!);
  return p;
}

/** Repeated messages in the delimited encoding. */
export function writeGroups<Init>(
  b: Bytes,
  p: number,
  t: number,
  list: readonly Init[] | undefined,
  write: WriteMessage<Init>,
  any = false,
): number {
  if (!hasItems(list)) return p;
  for (let i = 0; i < list.length; i++) {
    reserve(b, p, 10);
    p = writeGroup(b, p, t, list[i]!, write, any);
  }
  return p;
}

/** Begins a packed list of values of at most `size` bytes; returns where they begin. */
function openPacked(b: Bytes, p: number, t: number, length: number, size: number): number {
  reserve(b, p, length * size + 15);
  return writeTag(b, p, t) + 1;
}

/** Ends a packed list of varints; {@link openPacked} reserved the room. */
function closePacked(b: Bytes, start: number, p: number): number {
  const length = p - start;
  if (length < 0x80) {
    b[start - 1] = length;
    return p;
  }
  const more = length < 0x4000 ? 1 : length < 0x200000 ? 2 : length < 0x10000000 ? 3 : 4;
  b.copyWithin(start + more, start, p);
  writeVarint(b, start - 1, length);
  return p + more;
}

// Packed varints of different sizes: branches on the size would be mispredicted for every other value, which costs more
// than all of the rest. So the seven bits of each byte are put into place in one word, the continuation bits come from
// a table by size, and the word is stored whole; what lies behind the value is overwritten by the next.

/** Continuation bits by the size of a varint. */
const continued = /* @__PURE__ */ new Uint32Array([0, 0, 0x80, 0x8080, 0x808080]);

/** Values from here on take five bytes. */
const wide = 0x10000000;

/** The bytes that a value below {@link wide} takes. */
function sizeOf(v: number): number {
  // bits / 7, rounded up, without a division
  return ((38 - Math.clz32(v | 1)) * 37) >>> 8;
}

/** The bytes of a value below {@link wide} as a word, without continuation bits. */
function spread(v: number): number {
  return (v & 0x7f) | ((v & 0x3f80) << 1) | ((v & 0x1fc000) << 2) | ((v & 0xfe00000) << 3);
}

/** Also enums. */
export function writePackedInt32(b: Bytes, p: number, t: number, list: readonly number[] | undefined): number {
  if (!hasItems(list)) return p;
  const start = (p = openPacked(b, p, t, list.length, 10));
  const out = viewOf(b);
  for (let i = 0; i < list.length; i++) {
    const v = list[i]!;
    if ((v | 0) !== v) throw unwritable("a 32-bit integer", v);
    if (v < 0) p = writeNegative(b, p, v);
    else if (v >= wide) p = writeVarint(b, p, v);
    else {
      const size = sizeOf(v);
      out.setUint32(p, spread(v) | continued[size]!, true);
      p += size;
    }
  }
  return closePacked(b, start, p);
}

/** A packed list of `uint32`; nothing for an empty one. */
export function writePackedUint32(b: Bytes, p: number, t: number, list: readonly number[] | undefined): number {
  if (!hasItems(list)) return p;
  const start = (p = openPacked(b, p, t, list.length, 5));
  const out = viewOf(b);
  for (let i = 0; i < list.length; i++) {
    const v = list[i]!;
    if (v >>> 0 !== v) throw unwritable("an unsigned 32-bit integer", v);
    if (v >= wide) p = writeVarint(b, p, v);
    else {
      const size = sizeOf(v);
      out.setUint32(p, spread(v) | continued[size]!, true);
      p += size;
    }
  }
  return closePacked(b, start, p);
}

/** A packed list of `sint32`; nothing for an empty one. */
export function writePackedSint32(b: Bytes, p: number, t: number, list: readonly number[] | undefined): number {
  if (!hasItems(list)) return p;
  const start = (p = openPacked(b, p, t, list.length, 5));
  for (let i = 0; i < list.length; i++) {
    const v = list[i]!;
    if ((v | 0) !== v) throw unwritable("a 32-bit integer", v);
    p = writeVarint(b, p, ((v << 1) ^ (v >> 31)) >>> 0);
  }
  return closePacked(b, start, p);
}

/** A packed list of `int64`; nothing for an empty one. */
export function writePackedInt64(b: Bytes, p: number, t: number, list: readonly bigint[] | undefined): number {
  if (!hasItems(list)) return p;
  const start = (p = openPacked(b, p, t, list.length, 10));
  for (let i = 0; i < list.length; i++) p = writeInt64Value(b, p, list[i]!);
  return closePacked(b, start, p);
}

/** A packed list of `uint64`; nothing for an empty one. */
export function writePackedUint64(b: Bytes, p: number, t: number, list: readonly bigint[] | undefined): number {
  if (!hasItems(list)) return p;
  const start = (p = openPacked(b, p, t, list.length, 10));
  for (let i = 0; i < list.length; i++) p = writeUint64Value(b, p, list[i]!);
  return closePacked(b, start, p);
}

/** A packed list of `sint64`; nothing for an empty one. */
export function writePackedSint64(b: Bytes, p: number, t: number, list: readonly bigint[] | undefined): number {
  if (!hasItems(list)) return p;
  const start = (p = openPacked(b, p, t, list.length, 10));
  for (let i = 0; i < list.length; i++) p = writeSint64Value(b, p, list[i]!);
  return closePacked(b, start, p);
}

/** A packed list of `bool`; nothing for an empty one. */
export function writePackedBool(b: Bytes, p: number, t: number, list: readonly boolean[] | undefined): number {
  if (!hasItems(list)) return p;
  const start = (p = openPacked(b, p, t, list.length, 1));
  for (let i = 0; i < list.length; i++) {
    const v = list[i]!;
    if (typeof v !== "boolean") throw unwritable("a boolean", v);
    b[p++] = v ? 1 : 0;
  }
  return closePacked(b, start, p);
}

/** The memory that was written last and its view, in one: there is no moment in which they do not belong together. */
let viewed: { readonly of: Bytes; readonly view: DataView } | undefined;

/** A view of the memory being written; it rarely changes. */
function viewOf(b: Bytes): DataView {
  if (viewed?.of !== b) viewed = { of: b, view: new DataView(b.buffer, b.byteOffset, b.byteLength) };
  return viewed.view;
}

/** Lets go of the memory that was written last; for whoever does not keep it. */
export function forgetView(): void {
  viewed = undefined;
}

/** Begins a packed list of values of `size` bytes; returns where they begin. */
function openFixed(b: Bytes, p: number, t: number, length: number, size: number): number {
  if (p + length * size + 15 + slack > b.length) throw GROW;
  return writeVarint(b, writeTag(b, p, t), length * size);
}

/** A packed list of `double`; nothing for an empty one. */
export function writePackedDouble(b: Bytes, p: number, t: number, list: readonly number[] | undefined): number {
  if (!hasItems(list)) return p;
  p = openFixed(b, p, t, list.length, 8);
  const out = viewOf(b);
  for (let i = 0; i < list.length; i++, p += 8) {
    const v = list[i]!;
    if (typeof v !== "number") throw unwritable("a number", v);
    out.setFloat64(p, v, true);
  }
  return p;
}

/** A packed list of `float`; nothing for an empty one. */
export function writePackedFloat(b: Bytes, p: number, t: number, list: readonly number[] | undefined): number {
  if (!hasItems(list)) return p;
  p = openFixed(b, p, t, list.length, 4);
  const out = viewOf(b);
  for (let i = 0; i < list.length; i++, p += 4) {
    const v = list[i]!;
    if (typeof v !== "number") throw unwritable("a number", v);
    if (isBeyondFloat(v)) throw unwritable("a 32-bit float", v);
    out.setFloat32(p, v, true);
  }
  return p;
}

/** A packed list of `fixed32`; nothing for an empty one. */
export function writePackedFixed32(b: Bytes, p: number, t: number, list: readonly number[] | undefined): number {
  if (!hasItems(list)) return p;
  p = openFixed(b, p, t, list.length, 4);
  const out = viewOf(b);
  for (let i = 0; i < list.length; i++, p += 4) {
    const v = list[i]!;
    if (v >>> 0 !== v) throw unwritable("an unsigned 32-bit integer", v);
    out.setUint32(p, v, true);
  }
  return p;
}

/** A packed list of `sfixed32`; nothing for an empty one. */
export function writePackedSfixed32(b: Bytes, p: number, t: number, list: readonly number[] | undefined): number {
  if (!hasItems(list)) return p;
  p = openFixed(b, p, t, list.length, 4);
  const out = viewOf(b);
  for (let i = 0; i < list.length; i++, p += 4) {
    const v = list[i]!;
    if ((v | 0) !== v) throw unwritable("a 32-bit integer", v);
    out.setInt32(p, v, true);
  }
  return p;
}

/** A packed list of `fixed64`; nothing for an empty one. */
export function writePackedFixed64(b: Bytes, p: number, t: number, list: readonly bigint[] | undefined): number {
  if (!hasItems(list)) return p;
  p = openFixed(b, p, t, list.length, 8);
  for (let i = 0; i < list.length; i++) p = writeFixed64Value(b, p, list[i]!);
  return p;
}

/** A packed list of `sfixed64`; nothing for an empty one. */
export function writePackedSfixed64(b: Bytes, p: number, t: number, list: readonly bigint[] | undefined): number {
  if (!hasItems(list)) return p;
  p = openFixed(b, p, t, list.length, 8);
  for (let i = 0; i < list.length; i++) p = writeSfixed64Value(b, p, list[i]!);
  return p;
}
