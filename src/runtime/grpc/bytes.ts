// What Node does faster than the standard's means. Browsers load these files too: there the latter must do.

const buffers = globalThis.Buffer;
const isNode = typeof buffers?.allocUnsafeSlow === "function";

/** Memory to be filled at once; it may be a part of some that is shared. */
export const allocate: (size: number) => Uint8Array = isNode
  ? (size) => buffers.allocUnsafe(size)
  : (size) => new Uint8Array(size);

/** The same, of its own: for what may be kept. */
export const allocateOwn: (size: number) => Uint8Array = isNode
  ? (size) => buffers.allocUnsafeSlow(size)
  : (size) => new Uint8Array(size);

/** All parts in one piece. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  let size = 0;
  for (const { length } of parts) size += length;
  const all = allocate(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Runs a function when what runs now is done, with an argument. */
export const soon: <T>(run: (argument: T) => void, argument: T) => void =
  typeof globalThis.process?.nextTick === "function"
    ? (run, argument) => process.nextTick(run, argument)
    : (run, argument) => queueMicrotask(() => run(argument));

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The UTF-8 of a text. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** UTF-8 as text; what is none becomes replacement characters. */
export function decodeText(bytes: Uint8Array): string {
  return isNode
    ? buffers.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")
    : decoder.decode(bytes);
}

/** Base64 with padding. */
export const encodeBase64: (bytes: Uint8Array) => string = isNode
  ? (bytes) => buffers.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")
  : (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

/** Base64 of either alphabet, with or without padding. What is none is skipped, or makes it empty. */
export const decodeBase64: (text: string) => Uint8Array = isNode
  ? (text) => new Uint8Array(buffers.from(text, "base64"))
  : (text) => {
      try {
        return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (byte) => byte.charCodeAt(0));
      } catch {
        return new Uint8Array();
      }
    };
