import { createEncoder } from "./arena.js";
import { isBytes } from "./base64.js";
import { depthOf } from "./depth.js";
import { truncated, unwritable } from "./error.js";
import type { ExtensionCodec } from "./extension-codec.js";
import { parseList, unknownMember } from "./json-input.js";
import { listToJson } from "./json-output.js";
import { locateValue } from "./locate.js";
import { addMember } from "./json-print.js";
import { readWhole } from "./pending.js";
import { copyBytes, cursor, readLength } from "./read.js";
import { wrapBytes } from "./text.js";
import type { DecodeOptions, Extension, JsonInput, JsonOptions, JsonValue, UnknownField } from "./types.js";
import { reserve, writeVarint } from "./write.js";

// Extensions live among the unknown fields of their message: whoever does not know one hands it on all the same.

interface Extensible {
  $unknown?: readonly UnknownField[] | undefined;
}

/** A message that may have extensions. In types it bears its name, so that no other message passes for it. */
interface Extendable {
  readonly $type?: unknown;
}

/** What stands for a message in the parameters below: nothing but its name, which all other messages lack. */
type Named<M extends Extendable> = { readonly $type?: M["$type"] };

/**
 * The value of an extension. What was not set has the extension's default: `undefined` for messages, an empty list for
 * repeated ones. Reads the bytes anew with each call: keep what it gives; changes of it reach the message through
 * {@link setExtension} only.
 *
 * @throws {WireError} when the bytes are no such value.
 * @example const note = getExtension(order, orderNote);
 */
export function getExtension<M extends Extendable, T, Init>(
  message: Named<M>,
  extension: Extension<M, T, Init>,
  options?: DecodeOptions,
): T {
  return extension.read(fieldsOf(keeperOf(message), extension.number), depthOf(options)) ?? extension.absent();
}

/**
 * True when an extension is set; for a repeated one, when it has elements.
 *
 * @throws {WireError} when the bytes are no such value.
 * @example if (hasExtension(order, orderNote)) print(getExtension(order, orderNote));
 */
export function hasExtension<M extends Extendable>(
  message: Named<M>,
  extension: Extension<M, unknown, never>,
  options?: DecodeOptions,
): boolean {
  return extension.read(fieldsOf(keeperOf(message), extension.number), depthOf(options)) !== undefined;
}

/**
 * Sets an extension in place of what it was.
 *
 * @throws {WireError} for a value that it cannot hold.
 * @example setExtension(order, orderNote, "leave at the door");
 */
export function setExtension<M extends Extendable, T, Init>(
  message: Named<M>,
  extension: Extension<M, T, Init>,
  value: Init,
): void {
  let written;
  try {
    written = extension.write(value);
  } catch (error) {
    throw locateValue(error, value, extension.write, `[${extension.typeName}]`);
  }
  clearExtension(message, extension);
  const m = keeperOf(message);
  if (written.length > 0) m.$unknown = [...(m.$unknown ?? []), ...written];
}

/** Takes an extension out of a message. */
export function clearExtension<M extends Extendable>(message: Named<M>, extension: Extension<M, unknown, never>): void {
  const m = keeperOf(message);
  const left = m.$unknown?.filter(({ number }) => number !== extension.number);
  if (left === undefined || left.length === 0) delete m.$unknown;
  else m.$unknown = left;
}

/** Every message may keep unknown fields. */
function keeperOf(message: object): Extensible {
  return message;
}

function fieldsOf({ $unknown }: Extensible, number: number): readonly UnknownField[] {
  return $unknown === undefined ? [] : $unknown.filter((field) => field.number === number);
}

// For emitted code.

/** An extension that has one value, with the default that stands for an absent one. */
export function extension<M, T>(
  typeName: string,
  extendee: string,
  number: number,
  codec: ExtensionCodec<T>,
  absent: T,
): Extension<M, T> {
  return {
    ...singular(typeName, extendee, number, codec),
    absent: () => (isBytes(absent) ? (absent.slice() as T & Uint8Array) : absent),
  };
}

/** An extension that is a message. */
export function messageExtension<M, T, Init>(
  typeName: string,
  extendee: string,
  number: number,
  codec: ExtensionCodec<T, Init>,
): Extension<M, T | undefined, Init> {
  return { ...singular(typeName, extendee, number, codec), absent: () => undefined };
}

function singular<T, Init>(
  typeName: string,
  extendee: string,
  number: number,
  codec: ExtensionCodec<T, Init>,
): Omit<Extension<unknown, T, Init>, "absent"> {
  const write = createWriter(number, codec);
  return {
    kind: "extension",
    typeName,
    extendee,
    number,
    takesNull: codec.takesNull === true,
    read(fields, depth) {
      return readWhole(() => {
        let value: T | undefined;
        for (const { wireType, data } of fields) {
          if (wireType !== codec.wireType) continue;
          const b = wrapBytes(data);
          // a second message of the same field is merged into the first
          const read = codec.read(b, 0, b.length, depth, number, value);
          if (cursor > b.length) throw truncated();
          if (codec.accepts === undefined || codec.accepts(read)) value = read;
        }
        return value;
      });
    },
    write: (value) => [write(value)],
    toJson: codec.toJson,
    fromJson: codec.fromJson,
  };
}

/** An extension that is a list. */
export function repeatedExtension<M, T, Init>(
  typeName: string,
  extendee: string,
  number: number,
  codec: ExtensionCodec<T, Init>,
  packed = false,
): Extension<M, T[], readonly Init[]> {
  const write = createWriter(number, codec);
  return {
    kind: "extension",
    typeName,
    extendee,
    number,
    takesNull: false,
    absent: () => [],
    read(fields, depth) {
      const list: T[] = [];
      readWhole(() => {
        for (const { wireType, data } of fields) {
          const b = wrapBytes(data);
          let p = 0;
          let end = b.length;
          if (wireType !== codec.wireType) {
            // packed or not, whatever the contract says
            if (wireType !== 2 || codec.wireType === 3) continue;
            end = readLength(b, 0, end);
            p = cursor;
          }
          while (p < end) {
            const value = codec.read(b, p, end, depth, number, undefined);
            if (cursor > end) throw truncated();
            if (codec.accepts === undefined || codec.accepts(value)) list.push(value);
            p = cursor;
          }
        }
        return list;
      });
      return list.length === 0 ? undefined : list;
    },
    write(list) {
      if (!Array.isArray(list)) throw unwritable("an array", list);
      const fields = list.map(write);
      if (!packed || fields.length === 0) return fields;
      return [{ number, wireType: 2, data: withLength(fields.map(({ data }) => data)) }];
    },
    toJson: (list, c) => listToJson(list, codec.toJson, c),
    fromJson: (x, c, k) => parseList(x, c, k, codec.fromJson).filter((value) => value !== undefined),
  };
}

/** Writes one value as an unknown field. */
function createWriter<T, Init>(
  number: number,
  { wireType, write }: ExtensionCodec<T, Init>,
): (value: Init) => UnknownField {
  // the tag is cut off again, but that of a group has to have the number of the tag at its end
  const tag = wireType === 3 ? number * 8 + 3 : 8 + wireType;
  const size = tag < 0x80 ? 1 : tag < 0x4000 ? 2 : tag < 0x200000 ? 3 : tag < 0x10000000 ? 4 : 5;
  const encode = createEncoder<Init>((value, b, p) => {
    reserve(b, p, 20);
    return write(b, p, tag, value);
  });
  return (value) => {
    const bytes = encode(value);
    // a copy: messages live long, and what encoders give may keep other bytes alive
    return { number, wireType, data: copyBytes(bytes, size, bytes.length) };
  };
}

const encodeLength = createEncoder<number>((length, b, p) => {
  reserve(b, p, 5);
  return writeVarint(b, p, length);
});

/** The parts behind the length of all. */
function withLength(parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = encodeLength(length);
  const all = new Uint8Array(head.length + length);
  all.set(head);
  let p = head.length;
  for (const part of parts) {
    all.set(part, p);
    p += part.length;
  }
  return all;
}

/** The extensions of a message that the registry knows, as members of its JSON; `typeName` is the message's. */
function extensionMembers(m: Extensible, c: JsonOptions, typeName: string): readonly (readonly [string, JsonValue])[] {
  const { registry } = c;
  if (m.$unknown === undefined || registry === undefined) return [];
  const members: (readonly [string, JsonValue])[] = [];
  const maxDepth = depthOf(c);
  for (const number of new Set(m.$unknown.map((field) => field.number))) {
    const found = registry.extension(typeName, number);
    if (found === undefined) continue;
    // an extension of an extension is bytes in bytes, so this counts their levels: reading a message needs one
    const value = found.read(fieldsOf(m, number), maxDepth);
    if (value === undefined) continue;
    // what it has read is what it writes
    members.push([`[${found.typeName}]`, found.toJson(value as never, { ...c, maxDepth: maxDepth - 1 })]);
  }
  return members;
}

/** Adds the extensions that the registry knows to the JSON of a message. */
export function addExtensions(o: { [key: string]: JsonValue }, m: Extensible, c: JsonOptions, typeName: string): void {
  for (const [name, value] of extensionMembers(m, c, typeName)) o[name] = value;
}

/** The same to its text. */
export function printExtensions(s: string, m: Extensible, c: JsonOptions, typeName: string): string {
  for (const [name, value] of extensionMembers(m, c, typeName)) {
    s = addMember(s, `,${JSON.stringify(name)}:`, JSON.stringify(value));
  }
  return s;
}

/** A member of the JSON of an extensible message that is none of its fields: an extension, or unknown. */
export function parseExtension(
  m: Extensible,
  x: JsonValue,
  c: JsonInput,
  k: string,
  typeName: string,
  names?: string,
): void {
  const name = /^\[(.*)\]$/.exec(k)?.[1];
  const found = name === undefined ? undefined : c.registry?.extensionNamed(name);
  if (found?.extendee !== typeName) {
    unknownMember(c, k, x, names);
    return;
  }
  if (x === null && !found.takesNull) return;
  const value = found.fromJson(x, c, k);
  if (value === undefined) return;
  // what it has read is what it writes
  m.$unknown = [...(m.$unknown ?? []), ...found.write(value as never)];
}
