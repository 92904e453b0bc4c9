import type {
  Enum,
  EnumValue,
  Extension,
  ExtensionRange,
  Field,
  FieldType,
  Message,
  Method,
  Model,
  OptionMessage,
  ProtoFile,
  ScalarType,
  Service,
} from "../../../model/index.js";
import { pascalCase } from "../../../plan/index.js";
import { encodeOptions, enumNumber } from "./options.js";
import { createWriter, type Writer } from "./writer.js";

/** Where declarations lie, as far as their descriptors depend on it. */
interface Place {
  readonly model: Model;
  readonly syntax: ProtoFile["syntax"];
}

/** A file as a `google.protobuf.FileDescriptorProto`, without comments and positions. Field numbers are its own. */
export function encodeFile(model: Model, file: ProtoFile): Uint8Array {
  const place: Place = { model, syntax: file.syntax };
  const writer = createWriter();
  writer.text(1, file.path);
  if (file.package !== "") writer.text(2, file.package);
  const imports = file.imports.filter(({ kind }) => kind !== "option");
  for (const { path } of imports) writer.text(3, path);
  for (const message of file.messages) writer.message(4, encodeMessage(place, message));
  for (const found of file.enums) writer.message(5, encodeEnum(place, found));
  for (const service of file.services) writer.message(6, encodeService(place, service));
  for (const extension of file.extensions) writer.message(7, encodeField(place, extension));
  writeOptions(place, writer, 8, "File", file.options);
  imports.forEach(({ kind }, i) => kind === "public" && writer.varint(10, i));
  imports.forEach(({ kind }, i) => kind === "weak" && writer.varint(11, i));
  if (file.syntax !== "proto2") writer.text(12, file.syntax);
  if (file.syntax === "editions") {
    writer.varint(14, enumNumber(model, "google.protobuf.Edition", `EDITION_${file.edition}`));
  }
  for (const { path, kind } of file.imports) if (kind === "option") writer.text(15, path);
  return writer.finish();
}

function writeOptions(
  { model }: Place,
  writer: Writer,
  number: number,
  kind: string,
  options: OptionMessage,
): Writer | undefined {
  const encoded = encodeOptions(model, `google.protobuf.${kind}Options`, options);
  if (encoded !== undefined) writer.message(number, encoded);
  return encoded;
}

function encodeMessage(place: Place, message: Message): Writer {
  const writer = createWriter();
  const optional = message.fields.filter((field) => isProto3Optional(place, field));
  const oneofs = [...message.oneofs.map(({ name }) => name), ...syntheticNames(message, optional)];
  writer.text(1, message.name);
  for (const field of message.fields) {
    const synthetic = optional.indexOf(field);
    const index = synthetic >= 0 ? message.oneofs.length + synthetic : oneofs.indexOf(field.oneof ?? "");
    writer.message(2, encodeField(place, field, message, index, synthetic >= 0));
  }
  for (const inner of message.messages) writer.message(3, encodeMessage(place, inner));
  for (const field of message.fields) {
    if (field.type.kind === "map") writer.message(3, encodeEntry(place, field.name, field.type));
  }
  for (const inner of message.enums) writer.message(4, encodeEnum(place, inner));
  for (const range of message.extensionRanges) writer.message(5, encodeRange(place, range));
  for (const extension of message.extensions) writer.message(6, encodeField(place, extension));
  writeOptions(place, writer, 7, "Message", message.options);
  for (const name of oneofs) {
    const declared = message.oneofs.find((oneof) => oneof.name === name);
    const oneof = createWriter();
    oneof.text(1, name);
    if (declared !== undefined) writeOptions(place, oneof, 2, "Oneof", declared.options);
    writer.message(8, oneof);
  }
  for (const { start, end } of message.reservedRanges) {
    const range = createWriter();
    range.varint(1, start);
    // this end is exclusive
    range.varint(2, end + 1);
    writer.message(9, range);
  }
  for (const name of message.reservedNames) writer.text(10, name);
  writeVisibility(writer, 11, message.visibility);
  return writer;
}

/** `optional` in proto3 is a oneof of its own; protoc calls it after the field, with as many `_` in front as it takes. */
function syntheticNames({ fields, oneofs }: Message, optional: readonly Field[]): readonly string[] {
  const taken = new Set([...fields, ...oneofs].map(({ name }) => name));
  return optional.map(({ name }) => {
    let free = name.startsWith("_") ? name : `_${name}`;
    while (taken.has(free)) free = `X${free}`;
    taken.add(free);
    return free;
  });
}

/** The model does not tell `optional` messages from others, for which the word changes nothing. */
function isProto3Optional({ syntax }: Place, { presence, oneof, type, repeated }: Field): boolean {
  const plain = type.kind === "scalar" || type.kind === "enum";
  return syntax === "proto3" && plain && !repeated && presence === "explicit" && oneof === undefined;
}

function encodeField(
  place: Place,
  field: Field | Extension,
  message?: Message,
  oneofIndex = -1,
  proto3Optional = false,
): Writer {
  const { syntax, model } = place;
  const { type } = field;
  const writer = createWriter();
  writer.text(1, field.name);
  if ("extendee" in field) writer.text(2, `.${field.extendee}`);
  writer.varint(3, field.number);
  const required = field.presence === "required" && syntax === "proto2";
  writer.varint(4, field.repeated || type.kind === "map" ? 3 : required ? 2 : 1);
  writer.varint(5, typeNumber(place, field));
  if (type.kind === "map") writer.text(6, `.${message?.typeName}.${entryName(field.name)}`);
  else if (type.kind !== "scalar") writer.text(6, `.${type.typeName}`);
  if (field.default !== undefined) writer.text(7, defaultText(field.default));
  writeOptions({ model, syntax }, writer, 8, "Field", field.options);
  if (oneofIndex >= 0) writer.varint(9, oneofIndex);
  writer.text(10, field.jsonName);
  if (proto3Optional) writer.bool(17, true);
  return writer;
}

const scalarNumbers: { readonly [S in ScalarType]: number } = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
  sfixed32: 15,
  sfixed64: 16,
  sint32: 17,
  sint64: 18,
};

function typeNumber({ syntax }: Place, { type, delimited }: Field): number {
  switch (type.kind) {
    case "scalar":
      return scalarNumbers[type.scalar];
    case "enum":
      return 14;
    case "message":
      // editions say it with a feature
      return delimited && syntax === "proto2" ? 10 : 11;
    case "map":
      return 11;
  }
}

/** The message that stands for an entry of a map field. */
function encodeEntry(place: Place, name: string, type: FieldType & { readonly kind: "map" }): Writer {
  const writer = createWriter();
  writer.text(1, entryName(name));
  const parts: readonly (readonly [string, number, FieldType])[] = [
    ["key", 1, { kind: "scalar", scalar: type.key }],
    ["value", 2, type.value],
  ];
  for (const [part, number, partType] of parts) {
    const field = createWriter();
    field.text(1, part);
    field.varint(3, number);
    field.varint(4, 1);
    field.varint(5, partType.kind === "scalar" ? scalarNumbers[partType.scalar] : partType.kind === "enum" ? 14 : 11);
    if (partType.kind === "enum" || partType.kind === "message") field.text(6, `.${partType.typeName}`);
    field.text(10, part);
    writer.message(2, field);
  }
  writeOptions(place, writer, 7, "Message", new Map([["map_entry", true]]));
  return writer;
}

function entryName(field: string): string {
  return `${pascalCase(field)}Entry`;
}

function encodeRange(place: Place, { start, end, options }: ExtensionRange): Writer {
  const writer = createWriter();
  writer.varint(1, start);
  writer.varint(2, end + 1);
  writeOptions(place, writer, 3, "ExtensionRange", options);
  return writer;
}

function encodeEnum(place: Place, found: Enum): Writer {
  const writer = createWriter();
  writer.text(1, found.name);
  for (const value of found.values) writer.message(2, encodeValue(place, value));
  writeOptions(place, writer, 3, "Enum", found.options);
  for (const { start, end } of found.reservedRanges) {
    const range = createWriter();
    range.varint(1, start);
    range.varint(2, end);
    writer.message(4, range);
  }
  for (const name of found.reservedNames) writer.text(5, name);
  writeVisibility(writer, 6, found.visibility);
  return writer;
}

function encodeValue(place: Place, { name, number, options }: EnumValue): Writer {
  const writer = createWriter();
  writer.text(1, name);
  writer.varint(2, number);
  writeOptions(place, writer, 3, "EnumValue", options);
  return writer;
}

function encodeService(place: Place, { name, methods, options }: Service): Writer {
  const writer = createWriter();
  writer.text(1, name);
  for (const method of methods) writer.message(2, encodeMethod(place, method));
  writeOptions(place, writer, 3, "Service", options);
  return writer;
}

function encodeMethod(place: Place, { name, input, output, kind, options }: Method): Writer {
  const writer = createWriter();
  writer.text(1, name);
  writer.text(2, `.${input}`);
  writer.text(3, `.${output}`);
  writeOptions(place, writer, 4, "Method", options);
  if (kind === "client_streaming" || kind === "bidi_streaming") writer.bool(5, true);
  if (kind === "server_streaming" || kind === "bidi_streaming") writer.bool(6, true);
  return writer;
}

function writeVisibility(writer: Writer, number: number, visibility: Message["visibility"]): void {
  if (visibility !== undefined) writer.varint(number, visibility === "local" ? 1 : 2);
}

/** A default as descriptors have it: text, with escapes for bytes alone. */
function defaultText(value: NonNullable<Field["default"]>): string {
  if (value instanceof Uint8Array) return Array.from(value, escapeByte).join("");
  if (typeof value !== "number") return String(value);
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : String(value);
}

const escapes: ReadonlyMap<number, string> = new Map([
  [10, "\\n"],
  [13, "\\r"],
  [9, "\\t"],
  [34, '\\"'],
  [39, "\\'"],
  [92, "\\\\"],
]);

function escapeByte(byte: number): string {
  const known = escapes.get(byte);
  if (known !== undefined) return known;
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`;
}
