import {
  isFieldSet,
  ScalarType,
  type DescEnum,
  type DescExtension,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescService,
  type Message,
  type Registry,
} from "@bufbuild/protobuf";
import {
  Edition,
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  ExtensionRangeOptionsSchema,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  ServiceOptionsSchema,
  type SourceCodeInfo_Location,
} from "@bufbuild/protobuf/wkt";
import type { Comments, NumberRange } from "../../../src/model/index.js";
import { createFacts } from "./facts.js";
import { linesOfOptions, scalarText } from "./options.js";

const presences = new Map([
  [1, "explicit"],
  [2, "implicit"],
  [3, "required"],
]);
const visibilities = new Map([
  [1, "local"],
  [2, "export"],
]);

/** Everything that a descriptor says about one file. The text only says where a line has tabs. */
export function factsOfDescriptor(file: DescFile, registry: Registry, text: string): readonly string[] {
  const facts = createFacts();
  const source = text.split("\n");
  const locations = new Map<string, SourceCodeInfo_Location>();
  for (const location of file.proto.sourceCodeInfo?.location ?? []) {
    const key = location.path.join(".");
    if (!locations.has(key)) locations.set(key, location);
  }

  /** Position, comments and options of a declaration. */
  function declaration(
    of: string,
    path: readonly number[],
    schema: DescMessage,
    { name, options }: { readonly name: string; readonly options?: Message | undefined },
  ): void {
    const [line = -1, column = -1, end = -1] = locations.get([...path, 1].join("."))?.span ?? [];
    facts.position(of, line + 1, charactersBefore(column, source[line] ?? "") + 1, end - column);
    facts.comments(of, commentsAt(path));
    facts.options(of, linesOfOptions(schema, options, registry));
    facts.add("declares", of, name);
  }

  /** Without the marks of the comment's style, as the model has them. */
  function commentsAt(path: readonly number[]): Comments {
    const location = locations.get(path.join("."));
    return {
      leading: withoutMarks(location?.leadingComments ?? ""),
      trailing: withoutMarks(location?.trailingComments ?? ""),
      detached: (location?.leadingDetachedComments ?? []).map(withoutMarks),
    };
  }

  function field(field: DescField | DescExtension, path: readonly number[]): void {
    const extension = field.kind === "extension";
    const of = extension ? field.typeName : `${field.parent.typeName}.${field.name}`;
    declaration(of, path, FieldOptionsSchema, field.proto);
    facts.add("number", of, field.number);
    facts.add("type", of, typeText(field));
    facts.add("repeated", of, field.fieldKind === "list" || field.fieldKind === "map");
    facts.add("presence", of, presences.get(field.presence));
    facts.add("packed", of, field.fieldKind === "list" && field.packed);
    facts.add("delimited", of, "delimitedEncoding" in field && field.delimitedEncoding === true);
    if (holdsStrings(field)) facts.add("utf8", of, field.utf8Validation);
    facts.add("default", of, defaultText(field));
    facts.add("keyword optional", of, file.edition === 999 && field.proto.proto3Optional);
    if (extension) facts.add("extends", of, field.extendee.typeName);
    else {
      facts.add("json_name", of, field.jsonName);
      facts.add("in oneof", of, field.oneof?.name ?? "");
    }
  }

  function message(desc: DescMessage, path: readonly number[]): void {
    const { proto, typeName } = desc;
    declaration(typeName, path, MessageOptionsSchema, proto);
    facts.add("visibility", typeName, visibilities.get(proto.visibility) ?? "");
    facts.ranges("reserves", typeName, proto.reservedRange.map(exclusive));
    facts.add("reserves names", typeName, proto.reservedName);
    facts.ranges("extensions", typeName, proto.extensionRange.map(exclusive));
    for (const { start, options } of proto.extensionRange) {
      facts.options(`${typeName} ${start}`, linesOfOptions(ExtensionRangeOptionsSchema, options, registry));
    }
    const nested = desc.nestedMessages;
    facts.order(typeName, [desc.fields, desc.oneofs, nested, desc.nestedEnums, desc.nestedExtensions]);
    desc.fields.forEach((inner, i) => field(inner, [...path, 2, i]));
    for (const oneof of desc.oneofs) {
      const at = [...path, 8, proto.oneofDecl.indexOf(oneof.proto)];
      declaration(`${typeName}.${oneof.name}`, at, OneofOptionsSchema, oneof.proto);
    }
    // messages of map entries are among those of the descriptor and not among these
    for (const inner of nested) message(inner, [...path, 3, proto.nestedType.indexOf(inner.proto)]);
    desc.nestedEnums.forEach((inner, i) => enumeration(inner, [...path, 4, i]));
    desc.nestedExtensions.forEach((inner, i) => field(inner, [...path, 6, i]));
  }

  function enumeration(desc: DescEnum, path: readonly number[]): void {
    const { proto, typeName, values } = desc;
    declaration(typeName, path, EnumOptionsSchema, proto);
    facts.add("closed", typeName, !desc.open);
    facts.add("visibility", typeName, visibilities.get(proto.visibility) ?? "");
    facts.ranges("reserves", typeName, proto.reservedRange);
    facts.add("reserves names", typeName, proto.reservedName);
    facts.order(typeName, [values]);
    values.forEach((value, i) => {
      declaration(`${typeName}.${value.name}`, [...path, 2, i], EnumValueOptionsSchema, value.proto);
      facts.add("number", `${typeName}.${value.name}`, value.number);
    });
  }

  function service({ proto, typeName, methods }: DescService, path: readonly number[]): void {
    declaration(typeName, path, ServiceOptionsSchema, proto);
    facts.order(typeName, [methods]);
    methods.forEach((method, i) => {
      const of = `${typeName}.${method.name}`;
      declaration(of, [...path, 2, i], MethodOptionsSchema, method.proto);
      facts.add("rpc", of, [method.methodKind, method.input.typeName, method.output.typeName]);
    });
  }

  const { proto } = file;
  const syntax = proto.syntax === "" ? "proto2" : proto.syntax;
  facts.add("syntax", proto.name, [
    syntax,
    syntax === "editions" ? Edition[proto.edition]?.slice("EDITION_".length) : "",
    proto.package,
  ]);
  proto.dependency.forEach((path, i) => {
    const kind = proto.publicDependency.includes(i) ? "public" : proto.weakDependency.includes(i) ? "weak" : "plain";
    facts.add("imports", path, kind);
  });
  for (const path of proto.optionDependency) facts.add("imports", path, "option");
  // protoc puts the edition's comments under a number of its own, buf under that of the syntax
  const header = [12, 14, 2].map((number) => commentsAt([number]));
  const texts = header.flatMap(({ detached, leading, trailing }) => [...detached, leading, trailing]);
  facts.header(texts.filter((text) => text !== ""));
  facts.options(proto.name, linesOfOptions(FileOptionsSchema, proto.options, registry));
  facts.order(proto.name, [file.messages, file.enums, file.services, file.extensions]);
  file.messages.forEach((inner, i) => message(inner, [4, i]));
  file.enums.forEach((inner, i) => enumeration(inner, [5, i]));
  file.services.forEach((inner, i) => service(inner, [6, i]));
  file.extensions.forEach((inner, i) => field(inner, [7, i]));
  return facts.lines;
}

/** What the model promises of comments, written anew here: the comparison must not lean on the code it is about. */
function withoutMarks(raw: string): string {
  let lines = raw
    .replace(/^\*+(?=\s|$)/, "")
    .split("\n")
    .map((line) => line.replace(/\s+$/, ""));
  while (lines.some((line) => line !== "") && lines.every((line) => /^(?:\s|$)/.test(line))) {
    lines = lines.map((line) => line.slice(1));
  }
  return lines.join("\n").replace(/^\n+|\n+$/g, "");
}

/** The end of a message's ranges is the number after the last. */
function exclusive({ start, end }: NumberRange): NumberRange {
  return { start, end: end - 1 };
}

function typeText(field: DescField | DescExtension): string {
  const scalar = (type: ScalarType): string => (ScalarType[type] ?? "?").toLowerCase();
  const value =
    field.message?.typeName ?? field.enum?.typeName ?? (field.scalar === undefined ? "?" : scalar(field.scalar));
  return field.fieldKind === "map" ? `map<${scalar(field.mapKey)}, ${value}>` : value;
}

function holdsStrings(field: DescField | DescExtension): boolean {
  return field.scalar === ScalarType.STRING || (field.fieldKind === "map" && field.mapKey === ScalarType.STRING);
}

/** Descriptors count columns as a terminal shows them, a tab reaching to the next multiple: of four with buf, of eight with protoc. */
function charactersBefore(column: number, line: string): number {
  let at = 0;
  let characters = 0;
  for (; at < column && characters < line.length; characters++) at += line[characters] === "\t" ? 4 - (at % 4) : 1;
  return characters;
}

/** An empty default is one too. */
function defaultText(field: DescField | DescExtension): string {
  if (!isFieldSet(field.proto, FieldDescriptorProtoSchema.field.defaultValue)) return "";
  // protobuf-es 2.17 drops the quotes of bytes
  if (field.scalar === ScalarType.BYTES) return scalarText(unescape(field.proto.defaultValue), field.scalar);
  const value = "getDefaultValue" in field ? field.getDefaultValue() : undefined;
  return field.scalar === undefined ? String(value) : scalarText(value, field.scalar);
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "'": "'", "\\": "\\" };

/** The bytes of a `default_value`, which descriptors hold with C escapes. */
function unescape(text: string): Uint8Array {
  const plain = text.replace(/\\(?:([0-7]{3})|(.))/gs, (_, octal: string | undefined, letter = "") =>
    octal === undefined ? (escapes[letter] ?? "?") : String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}
