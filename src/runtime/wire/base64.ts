import { unwritable } from "./error.js";
import { node } from "./text.js";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The six bits that each character stands for, -1 for what is no base64. */
const values: Int8Array = /* @__PURE__ */ createValues();

function createValues(): Int8Array {
  const table = new Int8Array(128).fill(-1);
  for (let i = 0; i < 64; i++) table[alphabet.charCodeAt(i)] = i;
  // the URL-safe alphabet is read, too
  table[45] = 62;
  table[95] = 63;
  return table;
}

/** The value of a bytes field that is absent. */
export const emptyBytes: Uint8Array = /* @__PURE__ */ new Uint8Array(0);

/** True for a Uint8Array, a Buffer among them, also for one of another realm; not for views of wider elements. */
export function isBytes(value: unknown): value is Uint8Array {
  if (value instanceof Uint8Array) return true;
  // the tag of typed arrays tells what they are, whatever their realm
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]";
}

/** Bytes that a contract declares as a default. */
export function bytesOf(base64: string): Uint8Array {
  return fromBase64(base64) ?? emptyBytes;
}

/** Standard base64 with padding. @throws {WireError} for what is not bytes. */
export function toBase64(bytes: Uint8Array): string {
  if (!isBytes(bytes)) throw unwritable("bytes", bytes);
  // what Node wraps is a Buffer
  if (node !== undefined) return (node.wrap(bytes) as Buffer).toString("base64");
  let text = "";
  let i = 0;
  for (; i + 2 < bytes.length; i += 3) {
    const v = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;
    text += alphabet[v >> 18]! + alphabet[(v >> 12) & 63]! + alphabet[(v >> 6) & 63]! + alphabet[v & 63]!;
  }
  const rest = bytes.length - i;
  if (rest === 0) return text;
  const v = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8);
  const last = rest === 2 ? alphabet[(v >> 6) & 63]! : "=";
  return `${text}${alphabet[v >> 18]!}${alphabet[(v >> 12) & 63]!}${last}=`;
}

/** Base64 of either alphabet, with or without padding; undefined for anything else. */
export function fromBase64(text: string): Uint8Array | undefined {
  let length = text.length;
  if (length % 4 === 0 && text.endsWith("=")) length -= text.endsWith("==") ? 2 : 1;
  if (length % 4 === 1) return undefined;
  const bytes = new Uint8Array((length * 3) >> 2);
  let at = 0;
  let bits = 0;
  let pending = 0;
  for (let i = 0; i < length; i++) {
    const c = text.charCodeAt(i);
    const value = c < 128 ? values[c]! : -1;
    if (value < 0) return undefined;
    pending = (pending << 6) | value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = pending >> bits;
    pending &= (1 << bits) - 1;
  }
  return bytes;
}
