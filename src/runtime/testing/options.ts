import type { UnknownField } from "../wire/index.js";
import { Empty, FieldDescriptorProto_Label as Label, FieldDescriptorProto_Type as Type } from "../wkt/index.js";
import type { FieldDescriptorProto } from "../wkt/index.js";

/** The value of an option; 64-bit integers are bigint, enum values their names. */
export type OptionValue = string | number | bigint | boolean | Uint8Array | OptionObject | readonly OptionValue[];

/** A message among options, by the names in its contract; extensions by their full name. */
export type OptionObject = { readonly [name: string]: OptionValue };

/** What tells how bytes of options are to be read. */
export interface OptionSource {
  fields(typeName: string): readonly FieldDescriptorProto[];
  extension(extendee: string, number: number): FieldDescriptorProto | undefined;
  enumName(typeName: string, number: number): string;
}

/** Reads fields of a message that no generated code is there for, as its descriptor says. What it lacks is left out. */
export function readOptions(fields: readonly UnknownField[], typeName: string, source: OptionSource): OptionObject {
  const found: Record<string, OptionValue> = Object.create(null) as Record<string, OptionValue>;
  const own = new Map(source.fields(typeName).map((field) => [field.number, field]));
  for (const { number, wireType, data } of fields) {
    const declared = own.get(number);
    const field = declared ?? source.extension(typeName, number);
    if (field === undefined) continue;
    const name = declared === undefined ? extensionName(field, number) : (field.name ?? "");
    const values = readValues(field, wireType, data, source);
    if (field.label !== Label.REPEATED) {
      const [value] = values;
      if (value !== undefined) found[name] = merged(found[name], value);
      continue;
    }
    const before = found[name];
    found[name] = [...(Array.isArray(before) ? (before as readonly OptionValue[]) : []), ...values];
  }
  return found;
}

/** Of the extensions of options, only one matters here; others may have any name that is not one of a field. */
function extensionName({ name = "" }: FieldDescriptorProto, number: number): string {
  return number === 1159 ? "buf.validate.field" : `[${name}]`;
}

/** A message that comes in parts is one. */
function merged(before: OptionValue | undefined, value: OptionValue): OptionValue {
  const both = typeof before === "object" && typeof value === "object";
  if (!both || Array.isArray(value) || value instanceof Uint8Array) return value;
  return { ...(before as OptionObject), ...(value as OptionObject) };
}

function readValues(
  field: FieldDescriptorProto,
  wireType: number,
  data: Uint8Array,
  source: OptionSource,
): readonly OptionValue[] {
  const typeName = (field.typeName ?? "").replace(/^\./, "");
  const bytes = wireType === 2 ? data.subarray(varint(data, 0).end) : data;
  switch (field.type) {
    case Type.STRING:
      return [new TextDecoder().decode(bytes)];
    case Type.BYTES:
      return [bytes];
    case Type.MESSAGE:
      return [readOptions(Empty.decode(bytes).$unknown ?? [], typeName, source)];
    case Type.GROUP:
    case undefined:
      return [];
  }
  const values: OptionValue[] = [];
  for (let at = 0; at < bytes.length;) {
    const { value, end } = readScalar(field.type, bytes, at);
    at = end;
    values.push(field.type === Type.ENUM ? source.enumName(typeName, Number(value)) : value);
  }
  return values;
}

function readScalar(
  type: Type,
  bytes: Uint8Array,
  at: number,
): { readonly value: number | bigint | boolean; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case Type.DOUBLE:
      return { value: view.getFloat64(at, true), end: at + 8 };
    case Type.FLOAT:
      return { value: view.getFloat32(at, true), end: at + 4 };
    case Type.FIXED64:
      return { value: view.getBigUint64(at, true), end: at + 8 };
    case Type.SFIXED64:
      return { value: view.getBigInt64(at, true), end: at + 8 };
    case Type.FIXED32:
      return { value: view.getUint32(at, true), end: at + 4 };
    case Type.SFIXED32:
      return { value: view.getInt32(at, true), end: at + 4 };
  }
  const { value, end } = varint(bytes, at);
  switch (type) {
    case Type.BOOL:
      return { value: value !== 0n, end };
    case Type.SINT32:
      return { value: Number((value >> 1n) ^ -(value & 1n)), end };
    case Type.SINT64:
      return { value: (value >> 1n) ^ -(value & 1n), end };
    case Type.INT64:
      return { value: BigInt.asIntN(64, value), end };
    case Type.UINT64:
      return { value, end };
    case Type.UINT32:
      return { value: Number(value), end };
    default:
      return { value: Number(BigInt.asIntN(32, value)), end };
  }
}

function varint(bytes: Uint8Array, at: number): { readonly value: bigint; readonly end: number } {
  let value = 0n;
  for (let shift = 0n; at < bytes.length; shift += 7n) {
    const byte = bytes[at++] ?? 0;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return { value: BigInt.asUintN(64, value), end: at };
}
