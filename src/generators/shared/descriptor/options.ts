import {
  builtInEnums,
  builtInMessages,
  type FieldType,
  type Model,
  type OptionMessage,
  type OptionValue,
  type ScalarType,
} from "../../../model/index.js";
import { createWriter, type Writer } from "./writer.js";

/** What has to be known of a field to write it. */
interface OptionField {
  readonly number: number;
  readonly type: FieldType;
  readonly delimited: boolean;
}

/** Keys of options that are no fields of `FieldOptions`: the descriptor has them elsewhere. */
const pseudoOptions: ReadonlySet<string> = new Set(["default", "json_name"]);

/**
 * The options of one element, `google.protobuf.FieldOptions` or another such message, as bytes; undefined where there
 * are none. What the model has no schema for cannot be there: it was reported when the contract was read.
 */
export function encodeOptions(model: Model, typeName: string, options: OptionMessage): Writer | undefined {
  const writer = createWriter();
  let some = false;
  for (const [key, value] of options) {
    if (pseudoOptions.has(key)) continue;
    const field = findField(model, typeName, key);
    if (field === undefined) continue;
    some = true;
    writeField(model, writer, field, value);
  }
  return some ? writer : undefined;
}

function writeField(model: Model, writer: Writer, field: OptionField, value: OptionValue): void {
  const values = isList(value) ? value : [value];
  for (const item of values) writeValue(model, writer, field, item);
}

function isList(value: OptionValue): value is readonly OptionValue[] {
  return Array.isArray(value);
}

function writeValue(model: Model, writer: Writer, { number, type, delimited }: OptionField, value: OptionValue): void {
  switch (type.kind) {
    case "scalar":
      writeScalar(writer, number, type.scalar, value);
      return;
    case "enum":
      writer.varint(number, typeof value === "number" ? value : enumNumber(model, type.typeName, String(value)));
      return;
    case "message": {
      if (!(value instanceof Map)) return;
      const message = encodeMessage(model, type.typeName, value);
      if (delimited) writer.group(number, message);
      else writer.message(number, message);
      return;
    }
    case "map": {
      if (!(value instanceof Map)) return;
      const entry = createWriter();
      const parts: readonly (readonly [string, OptionField])[] = [
        ["key", { number: 1, type: { kind: "scalar", scalar: type.key }, delimited: false }],
        ["value", { number: 2, type: type.value, delimited: false }],
      ];
      for (const [name, part] of parts) {
        const item: OptionValue | undefined = value.get(name);
        if (item !== undefined) writeValue(model, entry, part, item);
      }
      writer.message(number, entry);
    }
  }
}

function encodeMessage(model: Model, typeName: string, value: OptionMessage): Writer {
  const packed = typeName === "google.protobuf.Any" ? [...value].find(([key]) => key.includes("/")) : undefined;
  if (packed !== undefined && packed[1] instanceof Map) {
    const writer = createWriter();
    const url = packed[0].slice(1, -1);
    writer.text(1, url);
    writer.message(2, encodeMessage(model, url.slice(url.lastIndexOf("/") + 1), packed[1]));
    return writer;
  }
  return encodeOptions(model, typeName, value) ?? createWriter();
}

function writeScalar(writer: Writer, number: number, scalar: ScalarType, value: OptionValue): void {
  const view = new DataView(new ArrayBuffer(8));
  const four = (): void => writer.fixed(number, new Uint8Array(view.buffer.slice(0, 4)));
  const eight = (): void => writer.fixed(number, new Uint8Array(view.buffer.slice(0)));
  const integer = (): bigint => (typeof value === "bigint" ? value : BigInt(Number(value)));
  switch (scalar) {
    case "string":
      return writer.text(number, String(value));
    case "bytes":
      if (value instanceof Uint8Array) writer.bytes(number, value);
      return;
    case "bool":
      return writer.bool(number, value === true);
    case "double":
      view.setFloat64(0, Number(value), true);
      return eight();
    case "float":
      view.setFloat32(0, Number(value), true);
      return four();
    case "fixed32":
    case "sfixed32":
      view.setInt32(0, Number(BigInt.asIntN(32, integer())), true);
      return four();
    case "fixed64":
    case "sfixed64":
      view.setBigInt64(0, BigInt.asIntN(64, integer()), true);
      return eight();
    case "sint32":
    case "sint64":
      return writer.varint(number, zigzag(integer()));
    case "int32":
    case "int64":
    case "uint32":
    case "uint64":
      return writer.varint(number, integer());
  }
}

function zigzag(value: bigint): bigint {
  return value < 0n ? -2n * value - 1n : 2n * value;
}

/** A field of an option message by the key that the model has it under. */
function findField(model: Model, typeName: string, key: string): OptionField | undefined {
  if (key.startsWith("[")) return model.extensions.get(key.slice(1, -1));
  const declared = model.messages.get(typeName);
  if (declared !== undefined) return declared.fields.find(({ name }) => name === key);
  // the file may not import what its options are declared in
  for (const text of (builtInMessages.get(typeName) ?? "").split(", ")) {
    const [type = "", name, number] = text.split(" ");
    if (name === key) return { number: Number(number), type: builtInType(type.replace("*", "")), delimited: false };
  }
  return undefined;
}

function builtInType(type: string): FieldType {
  if (type === "bool" || type === "string" || type === "int32") return { kind: "scalar", scalar: type };
  const typeName = `google.protobuf.${type}`;
  return { kind: builtInEnums.has(typeName) ? "enum" : "message", typeName };
}

/** The number of an enum's value by name. */
export function enumNumber(model: Model, typeName: string, name: string): number {
  const declared = model.enums.get(typeName)?.values.find((value) => value.name === name);
  if (declared !== undefined) return declared.number;
  const known = (builtInEnums.get(typeName) ?? "").split(" ").find((text) => text.startsWith(`${name}=`));
  return known === undefined ? 0 : Number(known.slice(name.length + 1));
}
