import {
  type Enum,
  type Field,
  type Message,
  type Model,
  type OptionValue,
  type ScalarType,
  type ValueType,
  enumOf,
} from "../../model/index.js";
import type { SchemaNames } from "./json-schema-names.js";
import { commentText } from "./json-schema-text.js";

/** Plain data for a document; what is undefined is left out. */
export type Data = null | boolean | number | string | readonly Data[] | DataObject;
export interface DataObject {
  readonly [key: string]: Data | undefined;
}

/** What ProtoJSON writes for the messages that have a form of their own. */
const wellKnown: ReadonlyMap<string, DataObject> = new Map<string, DataObject>([
  ["google.protobuf.Timestamp", { type: "string", format: "date-time" }],
  ["google.protobuf.Duration", { type: "string", pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$", examples: ["3.5s"] }],
  ["google.protobuf.FieldMask", { type: "string", description: "Names of fields, separated by commas." }],
  ["google.protobuf.Struct", { type: "object", additionalProperties: true }],
  ["google.protobuf.Value", {}],
  ["google.protobuf.ListValue", { type: "array", items: {} }],
  ["google.protobuf.Any", { type: "object", properties: { "@type": { type: "string" } }, additionalProperties: true }],
  ["google.protobuf.Empty", { type: "object" }],
  ["google.protobuf.DoubleValue", { type: ["number", "null"], format: "double" }],
  ["google.protobuf.FloatValue", { type: ["number", "null"], format: "float" }],
  ["google.protobuf.Int64Value", { type: ["string", "null"], format: "int64", pattern: "^-?[0-9]+$" }],
  ["google.protobuf.UInt64Value", { type: ["string", "null"], format: "uint64", pattern: "^[0-9]+$" }],
  ["google.protobuf.Int32Value", { type: ["integer", "null"], format: "int32" }],
  ["google.protobuf.UInt32Value", { type: ["integer", "null"], format: "uint32", minimum: 0 }],
  ["google.protobuf.BoolValue", { type: ["boolean", "null"] }],
  ["google.protobuf.StringValue", { type: ["string", "null"] }],
  ["google.protobuf.BytesValue", { type: ["string", "null"], format: "byte", contentEncoding: "base64" }],
]);

const scalars: { readonly [S in ScalarType]: DataObject } = {
  double: { type: "number", format: "double" },
  float: { type: "number", format: "float" },
  int32: { type: "integer", format: "int32" },
  sint32: { type: "integer", format: "int32" },
  sfixed32: { type: "integer", format: "int32" },
  uint32: { type: "integer", format: "uint32", minimum: 0 },
  fixed32: { type: "integer", format: "uint32", minimum: 0 },
  int64: { type: "string", format: "int64", pattern: "^-?[0-9]+$" },
  sint64: { type: "string", format: "int64", pattern: "^-?[0-9]+$" },
  sfixed64: { type: "string", format: "int64", pattern: "^-?[0-9]+$" },
  uint64: { type: "string", format: "uint64", pattern: "^[0-9]+$" },
  fixed64: { type: "string", format: "uint64", pattern: "^[0-9]+$" },
  bool: { type: "boolean" },
  string: { type: "string" },
  bytes: { type: "string", format: "byte", contentEncoding: "base64" },
};

/** The types with a schema of their own that a type refers to: none for well-known ones. */
function referredTypes(type: Field["type"]): readonly string[] {
  const value = type.kind === "map" ? type.value : type;
  if (value.kind === "scalar" || isBuiltIn(value.typeName)) return [];
  return [value.typeName];
}

/** True for types whose schema stands where they are used. */
export function isBuiltIn(typeName: string): boolean {
  return wellKnown.has(typeName) || typeName === "google.protobuf.NullValue";
}

/** All messages and enums that some messages need, themselves included, in order of first use. */
export function reachableTypes(model: Model, roots: Iterable<string>): readonly string[] {
  const found = new Set<string>([...roots].filter((typeName) => !isBuiltIn(typeName)));
  for (const typeName of found) {
    for (const field of model.messages.get(typeName)?.fields ?? []) {
      for (const referred of referredTypes(field.type)) found.add(referred);
    }
  }
  return [...found];
}

/** A reference to a type's schema, or the schema itself where that is short. */
export function typeSchema(typeName: string, names: SchemaNames): DataObject {
  if (typeName === "google.protobuf.NullValue") return { type: "null" };
  return wellKnown.get(typeName) ?? { $ref: `#/components/schemas/${names(typeName)}` };
}

function valueSchema(type: ValueType, names: SchemaNames): DataObject {
  return type.kind === "scalar" ? scalars[type.scalar] : typeSchema(type.typeName, names);
}

/** The schema of a field's value, without what is said about the field. */
export function fieldTypeSchema({ type, repeated }: Field, names: SchemaNames): DataObject {
  if (type.kind === "map") return { type: "object", additionalProperties: valueSchema(type.value, names) };
  const schema = valueSchema(type, names);
  return repeated ? { type: "array", items: schema } : schema;
}

/** The schema of a property: the field's type and what the contract says about it. */
export function propertySchema(field: Field, names: SchemaNames): DataObject {
  const behavior = fieldBehavior(field);
  const schema = fieldTypeSchema(field, names);
  const description = commentText(field.comments);
  return {
    ...schema,
    ...(description === "" ? {} : { description }),
    default: defaultJson(field),
    deprecated: field.deprecated ? true : undefined,
    readOnly: behavior.has("OUTPUT_ONLY") ? true : undefined,
    writeOnly: behavior.has("INPUT_ONLY") ? true : undefined,
  };
}

/** The values of `google.api.field_behavior`. */
export function fieldBehavior(field: Field): ReadonlySet<string> {
  const value: OptionValue | undefined = field.options.get("[google.api.field_behavior]");
  const values = Array.isArray(value) ? value : [value];
  return new Set(values.filter((each) => typeof each === "string"));
}

/** True where the contract insists on a value. */
export function isRequired(field: Field): boolean {
  return field.presence === "required" || fieldBehavior(field).has("REQUIRED");
}

function defaultJson({ default: value, type }: Field): Data | undefined {
  if (value === undefined || value instanceof Uint8Array) return undefined;
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  const isLong = type.kind === "scalar" && scalars[type.scalar].type === "string" && type.scalar !== "string";
  return isLong ? String(value) : value;
}

/**
 * The schema of a message. `without` names fields, by contract names from the message down, that stand elsewhere;
 * messages on the way to them are written out.
 */
export function messageSchema(
  message: Message,
  model: Model,
  names: SchemaNames,
  without: readonly (readonly string[])[] = [],
): DataObject {
  const description = commentText(message.comments);
  const gone = new Set(without.filter((path) => path.length === 1).map(([name]) => name));
  const fields = message.fields.filter(({ name }) => !gone.has(name));
  const properties = fields.map((field): readonly [string, DataObject] => {
    const below = without.filter(([name, ...rest]) => name === field.name && rest.length > 0);
    const nested =
      below.length > 0 && field.type.kind === "message" ? model.messages.get(field.type.typeName) : undefined;
    if (nested === undefined) return [field.jsonName, propertySchema(field, names)];
    return [
      field.jsonName,
      messageSchema(
        nested,
        model,
        names,
        below.map((path) => path.slice(1)),
      ),
    ];
  });
  const required = fields.filter(isRequired).map(({ jsonName }) => jsonName);
  const pairs = oneofPairs(message, fields);
  return {
    type: "object",
    description: description === "" ? undefined : description,
    deprecated: message.deprecated ? true : undefined,
    required: required.length === 0 ? undefined : required,
    properties: properties.length === 0 ? undefined : Object.fromEntries(properties),
    not: pairs.length === 0 ? undefined : { anyOf: pairs },
  };
}

/** Members of one oneof that may be listed in pairs; of more the schema says nothing. */
const maxMembers = 12;

/** At most one member of a oneof: no two of them together. */
function oneofPairs(message: Message, fields: readonly Field[]): readonly DataObject[] {
  return message.oneofs.flatMap((oneof) => {
    const members = fields.filter((field) => field.oneof === oneof.name).map(({ jsonName }) => jsonName);
    if (members.length > maxMembers) return [];
    return members.flatMap((a, i) => members.slice(i + 1).map((b) => ({ required: [a, b] })));
  });
}

/** The schema of an enum: names as strings, what they mean in the description. */
export function enumSchema(declaration: Enum): DataObject {
  const values = declaration.values.map(({ name, comments, deprecated }) => {
    const text = commentText(comments).replace(/\s+/g, " ");
    return { name, text: [text, deprecated ? "Deprecated." : ""].filter((part) => part !== "").join(" ") };
  });
  const list = values.filter(({ text }) => text !== "").map(({ name, text }) => `- \`${name}\`: ${text}`);
  const description = [commentText(declaration.comments), list.join("\n")].filter((part) => part !== "").join("\n\n");
  return {
    type: "string",
    description: description === "" ? undefined : description,
    deprecated: declaration.deprecated ? true : undefined,
    enum: values.map(({ name }) => name),
  };
}

/** The schema of a message or enum by its full name. */
export function namedSchema(typeName: string, model: Model, names: SchemaNames): DataObject {
  const message = model.messages.get(typeName);
  return message === undefined ? enumSchema(enumOf(model, typeName)) : messageSchema(message, model, names);
}
