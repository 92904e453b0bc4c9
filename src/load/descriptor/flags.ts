import { cursor, isWireError, readBool, readTag, skipField } from "../../runtime/wire/index.js";

/**
 * Whether a bool field of an options message, given by its pieces, is true. Pieces that cannot be read hold no flag:
 * who reads the options as a whole reports them, at their element.
 */
export function hasFlag(pieces: readonly Uint8Array[], number: number): boolean {
  try {
    return readFlag(pieces, number);
  } catch (error) {
    if (!isWireError(error)) throw error;
    return false;
  }
}

function readFlag(pieces: readonly Uint8Array[], number: number): boolean {
  let flag = false;
  for (const bytes of pieces) {
    for (let p = 0; p < bytes.length;) {
      const tag = readTag(bytes, p);
      const start = cursor;
      if (tag === number * 8) {
        flag = readBool(bytes, start);
        p = cursor;
      } else {
        p = skipField(bytes, start, bytes.length, tag, 100);
      }
    }
  }
  return flag;
}
