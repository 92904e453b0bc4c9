const encoder = new TextEncoder();

/** The bytes of one string literal with its quotes; `bad` is the offset of an escape nobody knows, else -1. */
export function unquote(literal: string): { readonly bytes: Uint8Array; readonly bad: number } {
  const closed = literal.length > 1 && literal.at(-1) === literal[0];
  const body = literal.slice(1, closed ? -1 : undefined);
  if (!body.includes("\\")) return { bytes: encoder.encode(body), bad: -1 };
  const bytes: number[] = [];
  let bad = -1;
  const put = (codePoint: number): void => {
    bytes.push(...encoder.encode(String.fromCodePoint(codePoint)));
  };
  for (let i = 0; i < body.length;) {
    const c = body.charAt(i);
    if (c !== "\\") {
      const codePoint = body.codePointAt(i) ?? 0;
      put(codePoint);
      i += codePoint > 0xffff ? 2 : 1;
      continue;
    }
    const escape = /^(?:[0-7]{1,3}|[xX][0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[abfnrtv\\'"?])/.exec(
      body.slice(i + 1, i + 10),
    )?.[0];
    const value = escape === undefined ? -1 : escapeValue(escape);
    if (escape === undefined || value < 0) {
      if (bad < 0) bad = i + 1;
      i += 2;
      continue;
    }
    i += 1 + escape.length;
    if (/^[uU]/.test(escape)) {
      const low = lowSurrogate(body.slice(i, i + 6), value);
      if (low !== undefined) {
        put(0x10000 + (value - 0xd800) * 0x400 + (low - 0xdc00));
        i += 6;
      } else if (value >= 0xd800 && value <= 0xdfff) {
        // half of a pair is no character
        if (bad < 0) bad = i - escape.length;
      } else {
        put(value);
      }
    } else {
      bytes.push(value);
    }
  }
  return { bytes: Uint8Array.from(bytes), bad };
}

const simple: ReadonlyMap<string, number> = new Map([
  ["a", 7],
  ["b", 8],
  ["f", 12],
  ["n", 10],
  ["r", 13],
  ["t", 9],
  ["v", 11],
  ["\\", 92],
  ["'", 39],
  ['"', 34],
  ["?", 63],
]);

/** A byte, or for `u` and `U` a code point; -1 when there is no such one. */
function escapeValue(escape: string): number {
  const known = simple.get(escape);
  if (known !== undefined) return known;
  // protoc drops the ninth bit of three octal digits
  if (/^[0-7]/.test(escape)) return Number.parseInt(escape, 8) & 0xff;
  const value = Number.parseInt(escape.slice(1), 16);
  return value > 0x10ffff ? -1 : value;
}

/** The second half of a surrogate pair written as two escapes. */
function lowSurrogate(next: string, high: number): number | undefined {
  if (high < 0xd800 || high > 0xdbff) return undefined;
  const match = /^\\u([dD][c-fC-F][0-9a-fA-F]{2})$/.exec(next);
  return match?.[1] === undefined ? undefined : Number.parseInt(match[1], 16);
}

/** Literals that stand next to each other are one. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const only = parts[0];
  if (parts.length === 1 && only !== undefined) return only;
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
