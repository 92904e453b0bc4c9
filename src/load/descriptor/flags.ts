import { cursor, readBool, readTag, skipField } from "../../runtime/wire/index.js";

/** Whether a bool field of an options message, given by its pieces, is true. @throws {WireError} for bad bytes. */
export function hasFlag(pieces: readonly Uint8Array[], number: number): boolean {
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
