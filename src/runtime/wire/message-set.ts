import { malformed, truncated } from "./error.js";
import { copyBytes, cursor, readLength, readTag, readUint32, setCursor, skipField } from "./read.js";
import type { Bytes, UnknownField } from "./types.js";
import { writeUnknown } from "./unknown.js";
import { reserve, writeVarint } from "./write.js";

// The wire format of `option message_set_wire_format = true`: each extension is an item, a group 1 of the extension's
// number as `type_id = 2` and of its bytes as `message = 3`. In memory items are unknown fields like any extension.

interface Extensible {
  $unknown?: readonly UnknownField[] | undefined;
}

const endItem = 0x0c;
const typeId = 0x10;
const content = 0x1a;

/** Reads an item; `p` is behind its start tag. Its fields may come in any order; of two of a kind the first counts. */
export function readMessageSetItem(m: Extensible, b: Bytes, p: number, e: number, d: number): void {
  let number = 0;
  let data: Uint8Array | undefined;
  for (;;) {
    if (p >= e) throw truncated();
    const t = readTag(b, p);
    p = cursor;
    if (t === endItem) break;
    if (t === typeId) {
      const id = readUint32(b, p);
      if (number === 0) number = id;
      p = cursor;
    } else if (t === content) {
      const end = readLength(b, p, e);
      data ??= copyBytes(b, p, end);
      p = end;
    } else {
      p = skipField(b, p, e, t, d);
    }
  }
  if (p > e) throw truncated();
  setCursor(p);
  // an item without number or content says nothing
  if (number === 0 || data === undefined) return;
  if (number > 0x7fffffff) throw malformed("a message set has an item of a number that no extension has");
  const field: UnknownField = { number, wireType: 2, data };
  // decoders alone put this list there, so it is theirs to extend
  if (m.$unknown === undefined) m.$unknown = [field];
  else (m.$unknown as UnknownField[]).push(field);
}

/** Writes what a message set holds: messages as items, anything else as it came. */
export function writeMessageSet(b: Bytes, p: number, fields: readonly UnknownField[] = []): number {
  for (const field of fields) {
    if (field.wireType !== 2) {
      p = writeUnknown(b, p, [field]);
      continue;
    }
    reserve(b, p, field.data.length + 20);
    b[p++] = 0x0b;
    b[p++] = typeId;
    p = writeVarint(b, p, field.number);
    b[p++] = content;
    b.set(field.data, p);
    p += field.data.length;
    b[p++] = endItem;
  }
  return p;
}
