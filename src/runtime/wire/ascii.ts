import { cursor, readLength, setCursor } from "./read.js";
import { decodeText, decodeTextLoosely } from "./text.js";
import type { Bytes } from "./types.js";

// Short texts are the hottest spot of decoding. All bytes go into locals, one test finds a non-ASCII one, and one call
// makes a flat string: measured 1.3 times as fast as pieces of eight, twice as fast as Buffer's decoder. It is one
// function from the length to the text, because a call more for each string shows. Lengths are compared on the way, as
// a jump by length takes longer and a table of cases more bytes in bundles; the longest is that of a UUID.
// scripts/generate-ascii.js wrote the lines.

const text = String.fromCharCode;

/** A string. @throws {WireError} when it is not UTF-8. */
export function readString(b: Bytes, p: number, e: number): string {
  return readText(b, p, e, decodeText);
}

/** A string of a contract that does not promise UTF-8. */
export function readLooseString(b: Bytes, p: number, e: number): string {
  return readText(b, p, e, decodeTextLoosely);
}

// prettier-ignore
function readText(b: Bytes, p: number, e: number, decode: (b: Bytes, p: number, end: number) => string): string {
  const end = readLength(b, p, e);
  p = cursor;
  setCursor(end);
  const length = end - p;
  if (length === 0) return "";
  if (length > 36) return decode(b, p, end);
  let all = 0;
  const c0 = b[p]!; all |= c0; if (length === 1) return all < 128 ? text(c0) : decode(b, p, end);
  const c1 = b[p + 1]!; all |= c1; if (length === 2) return all < 128 ? text(c0, c1) : decode(b, p, end);
  const c2 = b[p + 2]!; all |= c2; if (length === 3) return all < 128 ? text(c0, c1, c2) : decode(b, p, end);
  const c3 = b[p + 3]!; all |= c3; if (length === 4) return all < 128 ? text(c0, c1, c2, c3) : decode(b, p, end);
  const c4 = b[p + 4]!; all |= c4; if (length === 5) return all < 128 ? text(c0, c1, c2, c3, c4) : decode(b, p, end);
  const c5 = b[p + 5]!; all |= c5; if (length === 6) return all < 128 ? text(c0, c1, c2, c3, c4, c5) : decode(b, p, end);
  const c6 = b[p + 6]!; all |= c6; if (length === 7) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6) : decode(b, p, end);
  const c7 = b[p + 7]!; all |= c7; if (length === 8) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7) : decode(b, p, end);
  const c8 = b[p + 8]!; all |= c8; if (length === 9) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8) : decode(b, p, end);
  const c9 = b[p + 9]!; all |= c9; if (length === 10) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9) : decode(b, p, end);
  const c10 = b[p + 10]!; all |= c10; if (length === 11) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10) : decode(b, p, end);
  const c11 = b[p + 11]!; all |= c11; if (length === 12) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11) : decode(b, p, end);
  const c12 = b[p + 12]!; all |= c12; if (length === 13) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12) : decode(b, p, end);
  const c13 = b[p + 13]!; all |= c13; if (length === 14) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13) : decode(b, p, end);
  const c14 = b[p + 14]!; all |= c14; if (length === 15) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14) : decode(b, p, end);
  const c15 = b[p + 15]!; all |= c15; if (length === 16) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15) : decode(b, p, end);
  const c16 = b[p + 16]!; all |= c16; if (length === 17) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16) : decode(b, p, end);
  const c17 = b[p + 17]!; all |= c17; if (length === 18) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17) : decode(b, p, end);
  const c18 = b[p + 18]!; all |= c18; if (length === 19) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18) : decode(b, p, end);
  const c19 = b[p + 19]!; all |= c19; if (length === 20) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19) : decode(b, p, end);
  const c20 = b[p + 20]!; all |= c20; if (length === 21) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20) : decode(b, p, end);
  const c21 = b[p + 21]!; all |= c21; if (length === 22) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21) : decode(b, p, end);
  const c22 = b[p + 22]!; all |= c22; if (length === 23) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22) : decode(b, p, end);
  const c23 = b[p + 23]!; all |= c23; if (length === 24) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23) : decode(b, p, end);
  const c24 = b[p + 24]!; all |= c24; if (length === 25) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24) : decode(b, p, end);
  const c25 = b[p + 25]!; all |= c25; if (length === 26) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25) : decode(b, p, end);
  const c26 = b[p + 26]!; all |= c26; if (length === 27) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26) : decode(b, p, end);
  const c27 = b[p + 27]!; all |= c27; if (length === 28) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27) : decode(b, p, end);
  const c28 = b[p + 28]!; all |= c28; if (length === 29) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28) : decode(b, p, end);
  const c29 = b[p + 29]!; all |= c29; if (length === 30) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29) : decode(b, p, end);
  const c30 = b[p + 30]!; all |= c30; if (length === 31) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30) : decode(b, p, end);
  const c31 = b[p + 31]!; all |= c31; if (length === 32) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30, c31) : decode(b, p, end);
  const c32 = b[p + 32]!; all |= c32; if (length === 33) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30, c31, c32) : decode(b, p, end);
  const c33 = b[p + 33]!; all |= c33; if (length === 34) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30, c31, c32, c33) : decode(b, p, end);
  const c34 = b[p + 34]!; all |= c34; if (length === 35) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30, c31, c32, c33, c34) : decode(b, p, end);
  const c35 = b[p + 35]!; all |= c35; if (length === 36) return all < 128 ? text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30, c31, c32, c33, c34, c35) : decode(b, p, end);
  return decode(b, p, end);
}
