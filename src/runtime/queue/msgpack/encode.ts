import { QueueError } from "../errors.js";

/** Levels of lists and maps in each other, written and read. */
export const maxDepth = 100;

const utf8 = new TextEncoder();
const firstSize = 1_024;

/**
 * A value as MessagePack: what JSON can say, and bigints of 64 bits, `Uint8Array` (bin) and `Date` (the timestamp
 * extension). Properties that are undefined are left out; numbers are written as the shortest that holds them.
 *
 * @throws {QueueError} `invalid` for other values, and for more than 100 levels.
 * @example encodeMsgpack({ id: 1, tags: ["a"] }); // 82 a2 69 64 01 a4 74 61 67 73 91 a1 61
 */
export function encodeMsgpack(value: unknown): Uint8Array {
  return createEncoder().encode(value);
}

function createEncoder(): { encode(value: unknown): Uint8Array } {
  let bytes = new Uint8Array(firstSize);
  let view = new DataView(bytes.buffer);
  let at = 0;

  function reserve(size: number): void {
    if (at + size <= bytes.length) return;
    const larger = new Uint8Array(Math.max(bytes.length * 2, at + size));
    larger.set(bytes.subarray(0, at));
    bytes = larger;
    view = new DataView(bytes.buffer);
  }

  /** A head and the room that follows it: a byte, then a number of 8, 16 or 32 bits. */
  function head(code: number, value: number, size: 0 | 1 | 2 | 4, more: number): void {
    reserve(1 + size + more);
    bytes[at++] = code;
    if (size === 1) bytes[at] = value;
    else if (size === 2) view.setUint16(at, value);
    else if (size === 4) view.setUint32(at, value);
    at += size;
  }

  function writeNumber(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      const single = Math.fround(value) === value;
      reserve(9);
      bytes[at++] = single ? 0xca : 0xcb;
      if (single) view.setFloat32(at, value);
      else view.setFloat64(at, value);
      at += single ? 4 : 8;
    } else if (value >= 0) {
      if (value < 0x80) head(value, 0, 0, 0);
      else if (value < 0x100) head(0xcc, value, 1, 0);
      else if (value < 0x10000) head(0xcd, value, 2, 0);
      else if (value < 0x100000000) head(0xce, value, 4, 0);
      else write64(0xcf, BigInt(value));
    } else if (value >= -0x20) head(value & 0xff, 0, 0, 0);
    else if (value >= -0x80) head(0xd0, value & 0xff, 1, 0);
    else if (value >= -0x8000) head(0xd1, value & 0xffff, 2, 0);
    else if (value >= -0x80000000) head(0xd2, value >>> 0, 4, 0);
    else write64(0xd3, BigInt(value));
  }

  function write64(code: number, value: bigint): void {
    reserve(9);
    bytes[at++] = code;
    view.setBigUint64(at, BigInt.asUintN(64, value));
    at += 8;
  }

  function writeBigint(value: bigint): void {
    if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) writeNumber(Number(value));
    else if (BigInt.asIntN(64, value) === value) write64(0xd3, value);
    else if (BigInt.asUintN(64, value) === value) write64(0xcf, value);
    else throw new QueueError("invalid", "MessagePack: an integer has more than 64 bits");
  }

  function writeText(text: string): void {
    // the head is as long as that of the longest text of that many units can be
    const { length } = text;
    if (length < 32) {
      reserve(2 + length * 3);
      const start = at + 1;
      const size = shortText(text, start);
      if (size < 32) {
        bytes[at] = 0xa0 | size;
      } else {
        bytes.copyWithin(start + 1, start, start + size);
        bytes[at++] = 0xd9;
        bytes[at] = size;
      }
      at += 1 + size;
      return;
    }
    sized(Buffer.byteLength(text), 0xd9, 0xda, 0xdb);
    at += utf8.encodeInto(text, bytes.subarray(at)).written;
  }

  /** Writes a short text; nearly all are ASCII. */
  function shortText(text: string, start: number): number {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) return utf8.encodeInto(text, bytes.subarray(start)).written;
      bytes[start + i] = unit;
    }
    return text.length;
  }

  function sized(size: number, one: number, two: number, four: number): void {
    if (size < 0x100) head(one, size, 1, size);
    else if (size < 0x10000) head(two, size, 2, size);
    else head(four, size, 4, size);
  }

  function writeDate(date: Date): void {
    const millis = date.getTime();
    if (Number.isNaN(millis)) throw new QueueError("invalid", "MessagePack: a Date is invalid");
    const seconds = Math.floor(millis / 1000);
    const nanos = (millis - seconds * 1000) * 1_000_000;
    reserve(15);
    if (seconds >= 0 && seconds < 0x400000000) {
      if (nanos === 0 && seconds < 0x100000000) {
        bytes.set([0xd6, 0xff], at);
        view.setUint32(at + 2, seconds);
        at += 6;
      } else {
        bytes.set([0xd7, 0xff], at);
        view.setBigUint64(at + 2, (BigInt(nanos) << 34n) | BigInt(seconds));
        at += 10;
      }
    } else {
      bytes.set([0xc7, 12, 0xff], at);
      view.setUint32(at + 3, nanos);
      view.setBigInt64(at + 7, BigInt(seconds));
      at += 15;
    }
  }

  function write(value: unknown, depth: number): void {
    switch (typeof value) {
      case "string":
        return writeText(value);
      case "number":
        return writeNumber(value);
      case "boolean":
        return head(value ? 0xc3 : 0xc2, 0, 0, 0);
      case "bigint":
        return writeBigint(value);
      case "object":
        return value === null ? head(0xc0, 0, 0, 0) : writeObject(value, depth + 1);
      default:
        throw new QueueError("invalid", `MessagePack: cannot hold a ${typeof value}`);
    }
  }

  function writeObject(value: object, depth: number): void {
    if (depth > maxDepth) throw new QueueError("invalid", `MessagePack: more than ${maxDepth} levels`);
    if (Array.isArray(value)) {
      const list: readonly unknown[] = value;
      if (list.length < 16) head(0x90 | list.length, 0, 0, 0);
      else if (list.length < 0x10000) head(0xdc, list.length, 2, 0);
      else head(0xdd, list.length, 4, 0);
      for (const item of list) write(item === undefined ? null : item, depth);
    } else if (value instanceof Uint8Array) {
      sized(value.length, 0xc4, 0xc5, 0xc6);
      bytes.set(value, at);
      at += value.length;
    } else if (value instanceof Date) {
      writeDate(value);
    } else {
      const entries = Object.entries(value).filter(([, part]) => part !== undefined);
      if (entries.length < 16) head(0x80 | entries.length, 0, 0, 0);
      else if (entries.length < 0x10000) head(0xde, entries.length, 2, 0);
      else head(0xdf, entries.length, 4, 0);
      for (const [name, part] of entries) {
        writeText(name);
        write(part, depth);
      }
    }
  }

  return {
    encode(value) {
      write(value, 0);
      return bytes.slice(0, at);
    },
  };
}
