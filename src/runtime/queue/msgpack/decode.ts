import { QueueError } from "../errors.js";
import { setOwn } from "../json.js";
import { createTextReader } from "../text.js";
import { maxDepth } from "./encode.js";

/** How to read MessagePack. */
export interface MsgpackOptions {
  /**
   * As JSON: binary data in base64, timestamps as RFC 3339, integers beyond 2⁵³ as texts. False by default: they are
   * `Uint8Array`, `Date` and bigint.
   */
  readonly json?: boolean;
  /** Levels of lists and maps in each other; 100 by default. */
  readonly maxDepth?: number | undefined;
}

/**
 * Reads one MessagePack value. A list or map can be no longer than its bytes are, so that a few bytes of a stranger
 * cannot take much memory; keys of maps are texts, and none comes twice.
 *
 * @throws {QueueError} `undecodable` when the bytes are not one such value, for extensions but the timestamp, and for
 * too many levels.
 * @example decodeMsgpack(encodeMsgpack({ at: new Date(0) })); // { at: 1970-01-01T00:00:00.000Z }
 */
export function decodeMsgpack(bytes: Uint8Array, options: MsgpackOptions = {}): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const deepest = options.maxDepth ?? maxDepth;
  const asJson = options.json === true;
  const textAt = createTextReader(bytes);
  let at = 0;

  function take(size: number): number {
    const start = at;
    if (size > bytes.length - at) throw undecodable("it ends too early");
    at += size;
    return start;
  }

  function read(depth: number): unknown {
    const code = view.getUint8(take(1));
    if (code < 0x80) return code;
    if (code < 0x90) return readMap(code & 0x0f, depth);
    if (code < 0xa0) return readList(code & 0x0f, depth);
    if (code < 0xc0) return readText(code & 0x1f);
    if (code >= 0xe0) return code - 0x100;
    switch (code) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return readBinary(readSize(code - 0xc4));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return readExtension(readSize(code - 0xc7));
      case 0xca:
        return finite(view.getFloat32(take(4)));
      case 0xcb:
        return finite(view.getFloat64(take(8)));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return readSize(code - 0xcc);
      case 0xcf:
        return large(view.getBigUint64(take(8)));
      case 0xd0:
        return view.getInt8(take(1));
      case 0xd1:
        return view.getInt16(take(2));
      case 0xd2:
        return view.getInt32(take(4));
      case 0xd3:
        return large(view.getBigInt64(take(8)));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return readExtension(1 << (code - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return readText(readSize(code - 0xd9));
      case 0xdc:
      case 0xdd:
        return readList(readSize(code - 0xdc + 1), depth);
      case 0xde:
      case 0xdf:
        return readMap(readSize(code - 0xde + 1), depth);
      default:
        throw undecodable("a byte begins no value");
    }
  }

  /** An unsigned number of 8, 16 or 32 bits. */
  function readSize(power: number): number {
    if (power === 0) return view.getUint8(take(1));
    return power === 1 ? view.getUint16(take(2)) : view.getUint32(take(4));
  }

  function readText(size: number): string {
    const start = take(size);
    if (size < 12) {
      let text = "";
      for (let i = start; i < start + size; i++) {
        const byte = bytes[i] ?? 0;
        if (byte >= 0x80) return longText(start, size);
        text += String.fromCharCode(byte);
      }
      return text;
    }
    return longText(start, size);
  }

  function longText(start: number, size: number): string {
    const text = textAt(start, start + size);
    if (text === undefined) throw undecodable("a text is not UTF-8");
    return text;
  }

  function readList(count: number, depth: number): unknown[] {
    enter(count, depth);
    const list: unknown[] = [];
    for (let i = 0; i < count; i++) list.push(read(depth + 1));
    return list;
  }

  function readMap(count: number, depth: number): Record<string, unknown> {
    enter(count * 2, depth);
    const map: Record<string, unknown> = {};
    for (let i = 0; i < count; i++) {
      const name = read(depth + 1);
      if (typeof name !== "string") throw undecodable("a key is not a text");
      if (Object.hasOwn(map, name)) throw undecodable("a key comes twice");
      setOwn(map, name, read(depth + 1));
    }
    return map;
  }

  /** Each part takes a byte at least. */
  function enter(parts: number, depth: number): void {
    if (depth >= deepest) throw undecodable(`more than ${deepest} levels`);
    if (parts > bytes.length - at) throw undecodable("it ends too early");
  }

  function readBinary(size: number): Uint8Array | string {
    const start = take(size);
    if (asJson) return Buffer.from(bytes.buffer, bytes.byteOffset + start, size).toString("base64");
    return new Uint8Array(bytes.subarray(start, start + size));
  }

  function readExtension(size: number): Date | string {
    const type = view.getInt8(take(1));
    const start = take(size);
    if (type !== -1) throw undecodable(`extension ${type} is not known`);
    switch (size) {
      case 4:
        return timestamp(BigInt(view.getUint32(start)), 0);
      case 8: {
        const both = view.getBigUint64(start);
        return timestamp(both & 0x3ffffffffn, Number(both >> 34n));
      }
      case 12:
        return timestamp(view.getBigInt64(start + 4), view.getUint32(start));
      default:
        throw undecodable("a timestamp has no such size");
    }
  }

  function timestamp(seconds: bigint, nanos: number): Date | string {
    // what a Date can hold
    if (nanos > 999_999_999 || seconds > 8_640_000_000_000n || seconds < -8_640_000_000_000n) {
      throw undecodable("a timestamp is out of range");
    }
    const date = new Date(Number(seconds) * 1000 + Math.floor(nanos / 1_000_000));
    if (!asJson) return date;
    const fraction =
      nanos % 1_000_000 === 0
        ? ""
        : String(nanos)
            .padStart(9, "0")
            .replace(/(000)+$/, "");
    const text = date.toISOString();
    return fraction === "" ? text : `${text.slice(0, text.indexOf("."))}.${fraction}Z`;
  }

  function large(value: bigint): number | bigint | string {
    if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) return Number(value);
    return asJson ? String(value) : value;
  }

  function finite(value: number): number {
    if (asJson && !Number.isFinite(value)) throw undecodable("a number is not finite");
    return value;
  }

  const value = read(0);
  if (at < bytes.length) throw undecodable("bytes follow it");
  return value;
}

function undecodable(reason: string): QueueError {
  return new QueueError("undecodable", `MessagePack: ${reason}`);
}
