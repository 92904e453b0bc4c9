import type { AggregateField, LiteralSyntax, OptionSyntax, Origin } from "../../model/index.js";
import {
  cursor,
  readBool,
  readDouble,
  readFixed32,
  readFixed64,
  readFloat,
  readInt32,
  readInt64,
  readLength,
  readSfixed32,
  readSfixed64,
  readSint32,
  readSint64,
  readTag,
  readUint32,
  readUint64,
  skipField,
  WireError,
} from "../../runtime/wire/index.js";
import type { OptionField, OptionTypes } from "./option-types.js";
import { scalarNames, typeNumber } from "./types.js";

/** Messages in option values; the parser of `.proto` files has the same limit. */
const maxDepth = 100;

/** What a place says about one field: wire type and where the value lies, of groups the content. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly wireType: number;
  readonly start: number;
  readonly end: number;
}

/** Gives the place of an option by its path below the options message: `72295728`, `21,1`, `1051,0`. */
export type OriginOfOption = (...paths: readonly string[]) => Origin;

/**
 * The bytes of an options message as the syntax that would have made them, for the linker to check like any other.
 * Fields that no descriptor declares are left out. @throws {WireError} for bytes that are no such message.
 */
export function readOptions(
  pieces: readonly Uint8Array[],
  typeName: string,
  types: OptionTypes,
  originOf: OriginOfOption,
): readonly OptionSyntax[] {
  const options: OptionSyntax[] = [];
  for (const [number, found] of piecesOf(pieces.map(whole), typeName, types)) {
    const field = types.field(typeName, number);
    if (field === undefined) continue;
    if (field.typeName === "google.protobuf.FeatureSet") {
      // one by one, as they are written as a rule
      for (const [inner, innerPieces] of piecesOf(found, field.typeName, types)) {
        const feature = types.field(field.typeName, inner);
        if (feature === undefined) continue;
        const origin = originOf(`${number},${inner}`, `${number}`);
        for (const value of readValues(feature, innerPieces, types, origin, 1)) {
          options.push({ name: [field.name, feature.name], value, origin });
        }
      }
      continue;
    }
    for (const [i, value] of readValues(field, found, types, originOf(`${number}`, `${number},0`), 0).entries()) {
      const origin = field.repeated ? originOf(`${number},${i}`, `${number}`) : value.origin;
      options.push({ name: [field.name], value: { ...value, origin }, origin });
    }
  }
  return options;
}

function whole(bytes: Uint8Array): Piece {
  return { bytes, wireType: 2, start: 0, end: bytes.length };
}

/**
 * The values of each field, in order of first appearance; items of a message set count as fields. Of the members of a
 * oneof the last one stays, with what came after all others: protoc writes `(o).a = 1` and `(o).b = 2` side by side.
 */
function piecesOf(
  messages: readonly Piece[],
  typeName: string,
  types: OptionTypes,
): ReadonlyMap<number, readonly Piece[]> {
  const found = new Map<number, Piece[]>();
  const members = new Map<number, number>();
  const put = (number: number, piece: Piece): void => {
    const oneof = types.field(typeName, number)?.oneof;
    if (oneof !== undefined) {
      const before = members.get(oneof);
      if (before !== undefined && before !== number) found.delete(before);
      members.set(oneof, number);
    }
    const list = found.get(number);
    if (list === undefined) found.set(number, [piece]);
    else list.push(piece);
  };
  const isSet = types.isMessageSet(typeName);
  for (const { bytes, start, end } of messages) {
    eachField(bytes, start, end, (number, piece) => {
      if (isSet && number === 1 && piece.wireType === 3) readItem(piece, put);
      else put(number, piece);
    });
  }
  return found;
}

function eachField(b: Uint8Array, start: number, end: number, visit: (number: number, piece: Piece) => void): void {
  for (let p = start; p < end;) {
    const tag = readTag(b, p);
    const number = tag >>> 3;
    const wireType = tag & 7;
    let from = cursor;
    const next = skipField(b, from, end, tag, maxDepth);
    if (next > end) throw new WireError("truncated", "the bytes end in the middle of an option");
    let to = next;
    if (wireType === 2) {
      readLength(b, from, end);
      from = cursor;
    } else if (wireType === 3) {
      to -= varintSize(number * 8 + 4);
    }
    visit(number, { bytes: b, wireType, start: from, end: to });
    p = next;
  }
}

/** An item of a message set: a group of type id (2) and message (3). */
function readItem({ bytes, start, end }: Piece, put: (number: number, piece: Piece) => void): void {
  let id = 0;
  const contents: Piece[] = [];
  eachField(bytes, start, end, (number, piece) => {
    if (number === 2 && piece.wireType === 0) id = readInt32(bytes, piece.start);
    else if (number === 3 && piece.wireType === 2) contents.push(piece);
  });
  for (const content of contents) put(id, content);
}

/** The values of one field: one for each element of a repeated field, else one of all pieces. */
function readValues(
  field: OptionField,
  pieces: readonly Piece[],
  types: OptionTypes,
  origin: Origin,
  depth: number,
): readonly LiteralSyntax[] {
  const { type, repeated } = field;
  if (type === typeNumber.message || type === typeNumber.group) {
    const wanted = pieces.filter(({ wireType }) => wireType === 2 || wireType === 3);
    // a single message that comes in pieces is all of them, merged
    const each = repeated ? wanted.map((piece) => [piece]) : wanted.length === 0 ? [] : [wanted];
    return each.map((message) => readMessage(message, field.typeName, types, origin, depth + 1));
  }
  const values = pieces.flatMap((piece) => readScalars(field, piece, types, origin));
  return repeated ? values : values.slice(-1);
}

function readMessage(
  pieces: readonly Piece[],
  typeName: string,
  types: OptionTypes,
  origin: Origin,
  depth: number,
): LiteralSyntax {
  if (depth > maxDepth) throw new WireError("too_deep", "option values are nested too deeply");
  const found = piecesOf(pieces, typeName, types);
  const any = typeName === "google.protobuf.Any" ? readAny(found, types, origin, depth) : undefined;
  if (any !== undefined) return { kind: "aggregate", fields: [any], origin };
  const fields: AggregateField[] = [];
  for (const [number, inner] of found) {
    const field = types.field(typeName, number);
    if (field === undefined) continue;
    for (const value of readValues(field, inner, types, origin, depth))
      fields.push({ name: field.name, value, origin });
  }
  return { kind: "aggregate", fields, origin };
}

/** An Any of a declared type is unpacked, as it is written in option values: `[type.googleapis.com/acme.Foo] { … }`. */
function readAny(
  found: ReadonlyMap<number, readonly Piece[]>,
  types: OptionTypes,
  origin: Origin,
  depth: number,
): AggregateField | undefined {
  const url = found.get(1)?.at(-1);
  if (url === undefined) return undefined;
  const name = new TextDecoder().decode(url.bytes.subarray(url.start, url.end));
  const slash = name.lastIndexOf("/");
  const typeName = name.slice(slash + 1);
  if (slash < 0 || !types.isMessage(typeName)) return undefined;
  const value = found.get(2)?.slice(-1) ?? [];
  return { name: `[${name}]`, value: readMessage(value, typeName, types, origin, depth + 1), origin };
}

/** The values of one piece: several where it is packed. A wire type that does not fit makes it an unknown field. */
function readScalars(field: OptionField, piece: Piece, types: OptionTypes, origin: Origin): readonly LiteralSyntax[] {
  const { bytes, wireType, start, end } = piece;
  const name = field.type === typeNumber.enum ? "enum" : (scalarNames[field.type] ?? "");
  if (name === "string" || name === "bytes") {
    return wireType === 2 ? [{ kind: "string", bytes: bytes.slice(start, end), origin }] : [];
  }
  const wanted = wireTypes.get(name) ?? 0;
  if (wireType === wanted) return [readOne(name, field, bytes, start, types, origin)];
  if (wireType !== 2 || !field.repeated) return [];
  const values: LiteralSyntax[] = [];
  for (let p = start; p < end; p = cursor) values.push(readOne(name, field, bytes, p, types, origin));
  return values;
}

/** Wire types of what is no varint. */
const wireTypes: ReadonlyMap<string, number> = new Map([
  ["double", 1],
  ["fixed64", 1],
  ["sfixed64", 1],
  ["float", 5],
  ["fixed32", 5],
  ["sfixed32", 5],
]);

type ReadNumber = (b: Uint8Array, p: number) => number | bigint;

const readers: ReadonlyMap<string, ReadNumber> = new Map<string, ReadNumber>([
  ["double", readDouble],
  ["float", readFloat],
  ["int32", readInt32],
  ["int64", readInt64],
  ["uint32", readUint32],
  ["uint64", readUint64],
  ["sint32", readSint32],
  ["sint64", readSint64],
  ["fixed32", readFixed32],
  ["fixed64", readFixed64],
  ["sfixed32", readSfixed32],
  ["sfixed64", readSfixed64],
]);

function readOne(
  name: string,
  field: OptionField,
  b: Uint8Array,
  p: number,
  types: OptionTypes,
  origin: Origin,
): LiteralSyntax {
  if (name === "bool") return { kind: "identifier", text: String(readBool(b, p)), origin };
  if (name === "enum") {
    const number = readInt32(b, p);
    const text = types.valueName(field.typeName, number);
    return text === undefined ? numberLiteral(number, origin) : { kind: "identifier", text, origin };
  }
  const read = readers.get(name);
  if (read === undefined)
    throw new WireError("malformed", `an option has the type ${field.type}, which does not exist`);
  return numberLiteral(read(b, p), origin);
}

/** A number as one would write it, exactly. */
export function numberLiteral(value: number | bigint, origin: Origin): LiteralSyntax {
  if (typeof value === "number" && !Number.isFinite(value)) {
    const text = Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
    return { kind: "identifier", text, origin };
  }
  return { kind: "number", text: Object.is(value, -0) ? "-0" : String(value), origin };
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size++;
  return size;
}
