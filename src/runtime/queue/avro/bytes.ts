import { QueueError } from "../errors.js";
import { createTextReader } from "../text.js";

const utf8 = new TextEncoder();

/** Levels of records and lists in each other, written and read. */
export const maxDepth = 100;

/** Bytes that grow while they are written. */
export interface AvroWriter {
  /** Levels open. */
  depth: number;
  byte(value: number): void;
  int(value: number): void;
  long(value: bigint): void;
  float(value: number): void;
  double(value: number): void;
  raw(bytes: Uint8Array): void;
  text(text: string): void;
  done(): Uint8Array;
}

export function createWriter(): AvroWriter {
  let bytes = new Uint8Array(512);
  let view = new DataView(bytes.buffer);
  let at = 0;

  function reserve(size: number): void {
    if (at + size <= bytes.length) return;
    const larger = new Uint8Array(Math.max(bytes.length * 2, at + size));
    larger.set(bytes.subarray(0, at));
    bytes = larger;
    view = new DataView(bytes.buffer);
  }

  function int(value: number): void {
    reserve(5);
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
    bytes[at++] = rest;
  }

  return {
    depth: 0,
    byte(value) {
      reserve(1);
      bytes[at++] = value;
    },
    int,
    long(value) {
      if (value >= -0x40000000n && value < 0x40000000n) return int(Number(value));
      reserve(10);
      let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
      for (; rest > 0x7fn; rest >>= 7n) bytes[at++] = Number(rest & 0x7fn) | 0x80;
      bytes[at++] = Number(rest);
    },
    float(value) {
      reserve(4);
      view.setFloat32(at, value, true);
      at += 4;
    },
    double(value) {
      reserve(8);
      view.setFloat64(at, value, true);
      at += 8;
    },
    raw(value) {
      reserve(value.length);
      bytes.set(value, at);
      at += value.length;
    },
    text(text) {
      const { length } = text;
      // a head of one byte as long as no text of that many units is longer
      if (length <= 21) {
        reserve(1 + length * 3);
        const size = shortText(text, at + 1);
        bytes[at] = size << 1;
        at += 1 + size;
        return;
      }
      const size = Buffer.byteLength(text);
      int(size);
      reserve(size);
      at += utf8.encodeInto(text, bytes.subarray(at)).written;
    },
    done: () => bytes.slice(0, at),
  };

  function shortText(text: string, start: number): number {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) return utf8.encodeInto(text, bytes.subarray(start)).written;
      bytes[start + i] = unit;
    }
    return text.length;
  }
}

/** Reads bytes of strangers: never beyond their end, and no more parts than they can hold. */
export interface AvroReader {
  depth: number;
  /** Bytes not read yet. */
  left(): number;
  byte(): number;
  int(): number;
  long(): bigint;
  /** The parts of a block; negative where its bytes follow. */
  count(): number;
  /** A length or an index. */
  size(): number;
  float(): number;
  double(): number;
  raw(size: number): Uint8Array;
  text(): string;
  /** Counts the parts of a block; those of no bytes are bounded too. */
  parts(count: number): void;
}

/** Parts of no bytes (nulls, empty records) in one value, beside one for each byte. */
const freeParts = 10_000;

export function createReader(bytes: Uint8Array): AvroReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const textAt = createTextReader(bytes);
  let budget = bytes.length + freeParts;

  function take(size: number): number {
    const start = at;
    if (size > bytes.length - at) throw undecodable("it ends too early");
    at += size;
    return start;
  }

  function long(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = view.getUint8(take(1));
      value |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (value >= 1n << 64n) break;
      return (value >> 1n) ^ -(value & 1n);
    }
    throw undecodable("a number has more than 64 bits");
  }

  /** Nearly all numbers are short. */
  function short(): number | undefined {
    const start = at;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = view.getUint8(take(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    at = start;
    return undefined;
  }

  function int(): number {
    const value = short() ?? Number(long());
    if (value !== (value | 0)) throw undecodable("an int has more than 32 bits");
    return value;
  }

  function text(): string {
    const size = reader.size();
    const start = take(size);
    if (size < 12) {
      let short = "";
      for (let i = start; i < at; i++) {
        const byte = bytes[i] ?? 0;
        if (byte >= 0x80) return longText(start);
        short += String.fromCharCode(byte);
      }
      return short;
    }
    return longText(start);
  }

  function longText(start: number): string {
    const found = textAt(start, at);
    if (found === undefined) throw undecodable("a text is not UTF-8");
    return found;
  }

  const reader: AvroReader = {
    depth: 0,
    left: () => bytes.length - at,
    byte: () => view.getUint8(take(1)),
    int,
    long() {
      const value = short();
      return value === undefined ? long() : BigInt(value);
    },
    count: () => short() ?? Number(long()),
    size() {
      const value = short() ?? Number(long());
      if (value < 0) throw undecodable("a length is negative");
      return value;
    },
    float: () => view.getFloat32(take(4), true),
    double: () => view.getFloat64(take(8), true),
    raw(size) {
      const start = take(size);
      // a copy: the delivery's bytes are needed again
      return new Uint8Array(bytes.subarray(start, start + size));
    },
    text,
    parts(count) {
      if (count > budget) throw undecodable("it has more parts than its bytes can hold");
      budget -= count;
    },
  };
  return reader;
}

export function undecodable(reason: string): QueueError {
  return new QueueError("undecodable", `Avro: ${reason}`);
}
