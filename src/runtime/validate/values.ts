import { RuleError } from "./violation.js";

/** Characters as the contract counts them: code points. */
export function codePoints(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    // the second half of a pair belongs to the first
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      count--;
      i++;
    }
  }
  return count;
}

/** Bytes of the text in UTF-8. */
export function utf8Length(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // the halves of a pair take two bytes each, any other unit from U+0800 on three
    if (unit > 0x7f) count += unit < 0x800 || (unit & 0xf800) === 0xd800 ? 1 : 2;
  }
  return count;
}

/** Whether two are the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && startsWithBytes(a, b);
}

/** Whether bytes begin with others. */
export function startsWithBytes(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, i) => bytes[i] === byte);
}

/** Whether bytes end with others. */
export function endsWithBytes(bytes: Uint8Array, suffix: Uint8Array): boolean {
  const from = bytes.length - suffix.length;
  return from >= 0 && suffix.every((byte, i) => bytes[from + i] === byte);
}

/** Whether others stand somewhere in bytes. */
export function containsBytes(bytes: Uint8Array, part: Uint8Array): boolean {
  const last = bytes.length - part.length;
  const [first] = part;
  if (first === undefined) return true;
  for (let i = bytes.indexOf(first); i >= 0 && i <= last; i = bytes.indexOf(first, i + 1)) {
    if (part.every((byte, k) => bytes[i + k] === byte)) return true;
  }
  return false;
}

/** Whether no value of a list is there twice. As in CEL, no NaN is the same as another. */
export function isUnique(list: readonly unknown[]): boolean {
  const seen = new Set<unknown>();
  for (const value of list) {
    const key = value instanceof Uint8Array ? String.fromCharCode(...chunk(value)) + more(value) : value;
    if (typeof key === "number" && Number.isNaN(key)) continue;
    // a Set takes 0 for -0 already
    if (seen.has(key)) return false;
    seen.add(key);
  }
  return true;
}

const chunkSize = 4_096;

function chunk(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, chunkSize);
}

/** The text of the bytes behind the first chunk: no function takes any number of arguments. */
function more(bytes: Uint8Array): string {
  let text = "";
  for (let at = chunkSize; at < bytes.length; at += chunkSize) {
    text += String.fromCharCode(...bytes.subarray(at, at + chunkSize));
  }
  return text;
}

/** The text of bytes, for patterns. @throws {RuleError} when they are no UTF-8. */
export function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new RuleError("runtime", "bytes.pattern: the bytes are not UTF-8", { cause });
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Whether every path of a mask is one of the list, or below one. */
export function pathsWithin(paths: readonly string[], ...list: readonly string[]): boolean {
  return paths.every((path) => isCovered(path, list));
}

/** Whether no path of a mask is one of the list, or below one. */
export function pathsOutside(paths: readonly string[], ...list: readonly string[]): boolean {
  return !paths.some((path) => isCovered(path, list));
}

function isCovered(path: string, list: readonly string[]): boolean {
  return list.some((entry) => path === entry || path.startsWith(`${entry}.`));
}

/** Whether two masks have the same paths in the same order. */
export function samePaths(paths: readonly string[], ...wanted: readonly string[]): boolean {
  return paths.length === wanted.length && paths.every((path, i) => path === wanted[i]);
}

/** An item of a list as a part of a path: `tags[2]`. */
export function itemAt(name: string, index: number): string {
  return `${name}[${index}]`;
}

/** Characters of a key that are shown: it is a stranger's. */
const maxKey = 100;

/** An entry of a map as a part of a path: `labels["key"]`, `prices[7]`. */
export function entryAt(name: string, key: string | number | bigint | boolean): string {
  return `${name}[${typeof key === "string" ? JSON.stringify(key.slice(0, maxKey)) : key}]`;
}

/** Whether a value is one of a list. As in CEL, NaN is none. */
export function isOneOf<T>(value: T, ...list: readonly T[]): boolean {
  return list.indexOf(value) >= 0;
}

/** Whether bytes are one of a list. */
export function isOneOfBytes(bytes: Uint8Array, ...list: readonly Uint8Array[]): boolean {
  return list.some((one) => sameBytes(bytes, one));
}

/** How many conditions hold. */
export function countTrue(...conditions: readonly boolean[]): number {
  return conditions.filter(Boolean).length;
}
