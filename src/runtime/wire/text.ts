import { unwritable, WireError } from "./error.js";
import type { Bytes } from "./types.js";

/** What Node's Buffer does better than the standard's means; absent elsewhere. */
export interface NodeBuffers {
  /** The same memory as a Buffer, so that the methods below apply. */
  wrap(bytes: Uint8Array): Bytes;
  allocate(size: number): Bytes;
  /** Writes the text's UTF-8 and returns the number of bytes. */
  write(b: Bytes, p: number, text: string): number;
  read(b: Bytes, p: number, end: number): string;
  byteLength(text: string): number;
}

/** The methods of Buffer that its public types leave out. */
interface NodeBuffer extends Uint8Array {
  utf8Write(text: string, offset: number): number;
  utf8Slice(start: number, end: number): string;
}

function isNodeBuffer(bytes: Uint8Array): bytes is NodeBuffer {
  return "utf8Slice" in bytes && "utf8Write" in bytes;
}

function findNodeBuffers(): NodeBuffers | undefined {
  const buffers = globalThis.Buffer;
  if (typeof buffers?.allocUnsafeSlow !== "function" || !isNodeBuffer(buffers.alloc(0))) return undefined;
  return {
    wrap: (bytes) =>
      bytes instanceof buffers ? bytes : buffers.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    allocate: (size) => buffers.allocUnsafeSlow(size),
    write: (b, p, text) => (b as NodeBuffer).utf8Write(text, p),
    read: (b, p, end) => (b as NodeBuffer).utf8Slice(p, end),
    byteLength: (text) => buffers.byteLength(text),
  };
}

/** Node's Buffer where there is one. */
export const node: NodeBuffers | undefined = findNodeBuffers();

/** Memory to write into, not cleared. */
export function allocate(size: number): Bytes {
  return node === undefined ? new Uint8Array(size) : node.allocate(size);
}

/** Bytes as the readers take them: every read goes through one kind of array. */
export function wrapBytes(bytes: Uint8Array): Bytes {
  return node === undefined ? bytes : node.wrap(bytes);
}

const strict = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = /* @__PURE__ */ new TextEncoder();

/** UTF-8 → text. @throws {WireError} when it is not UTF-8. */
export function decodeText(b: Bytes, p: number, end: number): string {
  if (node !== undefined) {
    const text = node.read(b, p, end);
    // only a replacement character can stem from invalid bytes
    if (!text.includes("\ufffd")) return text;
  }
  try {
    return strict.decode(b.subarray(p, end));
  } catch (error) {
    throw new WireError("invalid_utf8", "a string is not valid UTF-8", "", error);
  }
}

/** UTF-8 → text; what is not UTF-8 becomes replacement characters. */
export function decodeTextLoosely(b: Bytes, p: number, end: number): string {
  return node === undefined ? lenient.decode(b.subarray(p, end)) : node.read(b, p, end);
}

/** Writes UTF-8, for which `3 * text.length` bytes must be free, and returns the number of bytes. */
export function encodeText(b: Bytes, p: number, text: string): number {
  return node === undefined ? encoder.encodeInto(text, b.subarray(p)).written : node.write(b, p, text);
}

const surrogate = /[\ud800-\udfff]/;
const loneSurrogate = /\p{Surrogate}/u;

/** A method of strings since ES2024, which our targets need not have. */
interface WellFormable {
  isWellFormed(): boolean;
}
const wellFormable = "isWellFormed" in String.prototype;

/** False for a string with half of a surrogate pair. */
export function isWellFormed(text: string): boolean {
  if (wellFormable) return (text as string & WellFormable).isWellFormed();
  return !surrogate.test(text) || !loneSurrogate.test(text);
}

/** For `throw illFormed()`: a string that has no UTF-8. */
export function illFormed(): WireError {
  return new WireError("invalid_value", "the string holds half of a surrogate pair");
}

/** A string, as itself. @throws {WireError} for anything else, and for half of a surrogate pair. */
export function checkText(value: string): string {
  if (typeof value !== "string") throw unwritable("a string", value);
  if (!isWellFormed(value)) throw illFormed();
  return value;
}

/** Bytes that the UTF-8 of a text takes at most; exact for long texts where that is cheap. */
export function textBound(text: string): number {
  return node !== undefined && text.length > 4096 ? node.byteLength(text) : text.length * 3;
}
