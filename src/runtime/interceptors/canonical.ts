/**
 * A text that is the same for equal messages, whatever the order in which their maps were sent, and another one for
 * others. It is for hashes and keys, not to be read back.
 */
export function canonicalText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "object":
      return value === null ? "null" : objectText(value);
    case "undefined":
    case "boolean":
      return String(value);
    default:
      // functions and symbols are no part of a message
      return "";
  }
}

function objectText(value: object): string {
  if (value instanceof Uint8Array) return `b${hexOf(value)}`;
  if (value instanceof Date) return `d${value.getTime()}`;
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  let text = "{";
  for (const key of Object.keys(value).sort()) {
    const member: unknown = Reflect.get(value, key);
    // absent and undefined are one in messages
    if (member !== undefined) text += `${JSON.stringify(key)}:${canonicalText(member)},`;
  }
  return `${text}}`;
}

const hex: readonly string[] = Array.from({ length: 256 }, (_, byte) => (byte + 0x100).toString(16).slice(1));

/** Bytes in lower-case hex. */
export function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += hex[byte];
  return text;
}

const encoder = new TextEncoder();

/** Node's own, a tenth of the time that the one of all platforms takes; browsers load this file too. */
const nodeCrypto = globalThis.process?.getBuiltinModule?.("node:crypto");

/** SHA-256 of a text in lower-case hex. */
export async function digestOf(text: string): Promise<string> {
  if (nodeCrypto !== undefined) return nodeCrypto.createHash("sha256").update(text).digest("hex");
  return hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
}
