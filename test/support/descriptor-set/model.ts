import { ScalarType, type DescMessage, type Registry } from "@bufbuild/protobuf";
import {
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  ExtensionRangeOptionsSchema,
  FieldOptionsSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  ServiceOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import type {
  Comments,
  Enum,
  EnumSyntax,
  Extension,
  Field,
  FieldSyntax,
  FieldType,
  Message,
  MessageSyntax,
  Model,
  Options,
  Origin,
  ProtoDocument,
  ProtoFile,
  Service,
} from "../../../src/model/index.js";
import { createFacts } from "./facts.js";
import { linesOfModelOptions, scalarText } from "./options.js";

/**
 * The same facts from the model, and from the syntax tree what linking has no further use for: visibility, and the
 * word `optional`. The registry only says how the schema of an option looks.
 */
export function factsOfModel(
  file: ProtoFile,
  document: ProtoDocument,
  { enums }: Model,
  registry: Registry,
): readonly string[] {
  const facts = createFacts();

  function declaration(
    of: string,
    schema: DescMessage,
    declared: {
      readonly name: string;
      readonly origin: Origin;
      readonly comments: Comments;
      readonly options: Options;
    },
  ): void {
    const { line, column, length } = declared.origin;
    facts.position(of, line, column, length);
    facts.comments(of, declared.comments);
    facts.options(of, linesOfModelOptions(schema, declared.options, registry));
    facts.add("declares", of, declared.name);
  }

  function field(field: Field | Extension, syntax: FieldSyntax | undefined): void {
    const of = field.typeName;
    declaration(of, FieldOptionsSchema, field);
    facts.add("number", of, field.number);
    facts.add("type", of, typeText(field.type));
    facts.add("repeated", of, field.repeated || field.type.kind === "map");
    facts.add("presence", of, field.presence);
    facts.add("packed", of, field.packed);
    facts.add("delimited", of, field.delimited);
    if (holdsStrings(field.type)) facts.add("utf8", of, field.validateUtf8);
    facts.add("default", of, defaultText(field));
    facts.add("keyword optional", of, file.syntax === "proto3" && syntax?.label === "optional");
    if ("extendee" in field) facts.add("extends", of, field.extendee);
    else {
      facts.add("json_name", of, field.jsonName);
      facts.add("in oneof", of, field.oneof ?? "");
    }
  }

  function defaultText({ default: value, type }: Field): string {
    if (value === undefined) return "";
    if (type.kind === "enum") {
      return String(enums.get(type.typeName)?.values.find(({ name }) => name === value)?.number);
    }
    const kind = type.kind === "scalar" ? type.scalar.toUpperCase() : "";
    return scalarText(value, ScalarType[kind as keyof typeof ScalarType]);
  }

  function message(desc: Message, syntax: MessageSyntax | undefined): void {
    const { typeName, fields, oneofs, messages, extensions } = desc;
    declaration(typeName, MessageOptionsSchema, desc);
    facts.add("visibility", typeName, syntax?.visibility ?? "");
    facts.ranges("reserves", typeName, desc.reservedRanges);
    facts.add("reserves names", typeName, desc.reservedNames);
    facts.ranges("extensions", typeName, desc.extensionRanges);
    for (const { start, options } of desc.extensionRanges) {
      facts.options(`${typeName} ${start}`, linesOfModelOptions(ExtensionRangeOptionsSchema, options, registry));
    }
    facts.order(typeName, [fields, oneofs, messages, desc.enums, extensions]);
    fields.forEach((inner, i) => field(inner, syntax?.fields[i]));
    for (const oneof of oneofs) declaration(`${typeName}.${oneof.name}`, OneofOptionsSchema, oneof);
    messages.forEach((inner, i) => message(inner, syntax?.messages[i]));
    desc.enums.forEach((inner, i) => enumeration(inner, syntax?.enums[i]));
    const extending = syntax?.extends.flatMap(({ fields: inner }) => inner);
    extensions.forEach((inner, i) => field(inner, extending?.[i]));
  }

  function enumeration(desc: Enum, syntax: EnumSyntax | undefined): void {
    const { typeName, values } = desc;
    declaration(typeName, EnumOptionsSchema, desc);
    facts.add("closed", typeName, desc.closed);
    facts.add("visibility", typeName, syntax?.visibility ?? "");
    facts.ranges("reserves", typeName, desc.reservedRanges);
    facts.add("reserves names", typeName, desc.reservedNames);
    facts.order(typeName, [values]);
    for (const value of values) {
      declaration(`${typeName}.${value.name}`, EnumValueOptionsSchema, value);
      facts.add("number", `${typeName}.${value.name}`, value.number);
    }
  }

  function service(desc: Service): void {
    declaration(desc.typeName, ServiceOptionsSchema, desc);
    facts.order(desc.typeName, [desc.methods]);
    for (const method of desc.methods) {
      declaration(method.typeName, MethodOptionsSchema, method);
      facts.add("rpc", method.typeName, [method.kind, method.input, method.output]);
    }
  }

  facts.add("syntax", file.path, [file.syntax, file.edition, file.package]);
  for (const { path, kind } of file.imports) facts.add("imports", path, kind);
  facts.header(file.header);
  facts.options(file.path, linesOfModelOptions(FileOptionsSchema, file.options, registry));
  facts.order(file.path, [file.messages, file.enums, file.services, file.extensions]);
  file.messages.forEach((inner, i) => message(inner, document.messages[i]));
  file.enums.forEach((inner, i) => enumeration(inner, document.enums[i]));
  file.services.forEach(service);
  const extending = document.extends.flatMap(({ fields }) => fields);
  file.extensions.forEach((inner, i) => field(inner, extending[i]));
  return facts.lines;
}

function typeText(type: FieldType): string {
  if (type.kind === "map") return `map<${type.key}, ${typeText(type.value)}>`;
  return type.kind === "scalar" ? type.scalar : type.typeName;
}

function holdsStrings(type: FieldType): boolean {
  if (type.kind === "map") return type.key === "string" || holdsStrings(type.value);
  return type.kind === "scalar" && type.scalar === "string";
}
