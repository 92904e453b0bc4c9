import type { LiteralSyntax, Origin } from "../../model/index.js";
import { typeNumber } from "./types.js";

const encoder = new TextEncoder();

/** `default_value` of a field of that type as the literal that stands for it. */
export function readDefaultValue(text: string, type: number, origin: Origin): LiteralSyntax {
  switch (type) {
    case 9:
      return { kind: "string", bytes: encoder.encode(text), origin };
    case 12:
      return { kind: "string", bytes: unescapeBytes(text), origin };
    case 8:
    case typeNumber.enum:
      return { kind: "identifier", text, origin };
    default:
      return { kind: /^-?[\d.]/.test(text) ? "number" : "identifier", text, origin };
  }
}

const simple: ReadonlyMap<string, number> = new Map([
  ["n", 10],
  ["r", 13],
  ["t", 9],
]);

/** The C escapes that descriptors use for bytes; a character that is not ASCII stands for its UTF-8 bytes. */
function unescapeBytes(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const [piece] of text.matchAll(/\\(?:[0-7]{1,3}|[xX][0-9a-fA-F]{1,2}|[^])|[^\\]+|\\/g)) {
    const code = piece.slice(1);
    if (!piece.startsWith("\\") || code === "") bytes.push(...encoder.encode(piece));
    else if (/^[0-7]/.test(code)) bytes.push(Number.parseInt(code, 8) & 255);
    else if (/^[xX][0-9a-fA-F]/.test(code)) bytes.push(Number.parseInt(code.slice(1), 16));
    else bytes.push(simple.get(code) ?? code.charCodeAt(0) & 255);
  }
  return Uint8Array.from(bytes);
}
