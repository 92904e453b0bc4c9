import type { Enum, Field, JsonValue, Message, Model, ScalarType, ValueType } from "../../model/index.js";
import { jsonObject } from "./json.js";

/** Who writes the message: clients do not send what only the server fills in. */
export type ExampleUse = "request" | "response";

const deepest = 5;
const mostFields = 150;

/** A plausible ProtoJSON value of a message. Recursion ends, and so do very large messages. */
export function messageExample(
  model: Model,
  typeName: string,
  use: ExampleUse,
  leaveOut: ReadonlySet<string> = new Set(),
): JsonValue {
  let left = mostFields;

  function ofMessage(name: string, path: readonly string[], skip: ReadonlySet<string>): JsonValue {
    const known = wellKnownExamples.get(name);
    if (known !== undefined) return known;
    const message = model.messages.get(name);
    if (message === undefined) return jsonObject([]);
    const inside = [...path, name];
    const entries: (readonly [string, JsonValue])[] = [];
    for (const field of exampleFields(message, use)) {
      if (skip.has(field.name) || left <= 0) continue;
      const next = field.type.kind === "map" ? field.type.value : field.type;
      if (next.kind === "message" && (inside.includes(next.typeName) || inside.length >= deepest)) continue;
      left--;
      entries.push([field.jsonName, ofField(field, inside)]);
    }
    return jsonObject(entries);
  }

  function ofField(field: Field, path: readonly string[]): JsonValue {
    const { type } = field;
    if (type.kind === "map") return jsonObject([[mapKeyExample(type.key), ofValue(type.value, field, path)]]);
    const value = ofValue(type, field, path);
    return field.repeated ? [value] : value;
  }

  function ofValue(type: ValueType, field: Field, path: readonly string[]): JsonValue {
    switch (type.kind) {
      case "message":
        return ofMessage(type.typeName, path, new Set());
      case "enum":
        return enumExample(model.enums.get(type.typeName));
      case "scalar":
        return scalarExample(type.scalar, field.name);
    }
  }

  return ofMessage(typeName, [], leaveOut);
}

/** An example of one field by itself, as it stands in a path or query. */
export function fieldExample(model: Model, field: Field): string {
  const { type } = field;
  if (type.kind === "enum") return String(enumExample(model.enums.get(type.typeName)));
  if (type.kind === "scalar") return String(scalarExample(type.scalar, field.name));
  const known = type.kind === "message" ? wellKnownExamples.get(type.typeName) : undefined;
  return typeof known === "string" || typeof known === "number" || typeof known === "boolean" ? String(known) : "value";
}

/** The names of `google.api.field_behavior`, if any. */
export function behaviours(field: Field): ReadonlySet<string> {
  const value = field.options.get("[google.api.field_behavior]");
  const all = Array.isArray(value) ? value : [value];
  return new Set(all.filter((name) => typeof name === "string"));
}

/** Of a oneof the first field only; requests without what the server alone sets. */
function exampleFields(message: Message, use: ExampleUse): readonly Field[] {
  const first = new Set(message.oneofs.map((oneof) => oneof.fields[0]));
  return message.fields.filter((field) => {
    if (field.deprecated || (field.oneof !== undefined && !first.has(field.name))) return false;
    const behaviour = behaviours(field);
    return !behaviour.has(use === "request" ? "OUTPUT_ONLY" : "INPUT_ONLY");
  });
}

function enumExample(found: Enum | undefined): JsonValue {
  const value = found?.values.find((candidate) => candidate.number !== 0 && !candidate.deprecated) ?? found?.values[0];
  if (found?.typeName === "google.protobuf.NullValue") return null;
  return value?.name ?? 0;
}

function mapKeyExample(key: ScalarType): string {
  if (key === "bool") return "true";
  return key === "string" ? "key" : "1";
}

const exampleTime = "2025-01-15T09:30:00Z";

/** Words that names of string fields end in. */
const exampleTexts: readonly (readonly [RegExp, string])[] = [
  [/(^|_)e?mail(_address)?$/, "ada@example.com"],
  [/(^|_)(url|uri|link|href)$/, "https://example.com/"],
  [/(^|_)phone(_number)?$/, "+44 20 7946 0000"],
  [/(^|_)(id|uid|uuid|key)$/, "42"],
  [/(^|_)(display_|full_|user_?)?name$/, "Ada Lovelace"],
  [/(^|_)(title|subject)$/, "A short title"],
  [/(^|_)(description|text|body|message|comment|note)$/, "A few words about it"],
  [/(^|_)(currency|currency_code)$/, "EUR"],
  [/(^|_)(country|region)(_code)?$/, "DE"],
  [/(^|_)(language|locale)(_code)?$/, "en"],
  [/(^|_)(page_token|next_page_token|etag|token)$/, "b3BhcXVl"],
];

function scalarExample(scalar: ScalarType, name: string): JsonValue {
  switch (scalar) {
    case "bool":
      return true;
    case "string":
      return exampleTexts.find(([pattern]) => pattern.test(name))?.[1] ?? "text";
    case "bytes":
      return "aGVsbG8=";
    case "double":
    case "float":
      return 1.5;
    case "int64":
    case "uint64":
    case "sint64":
    case "fixed64":
    case "sfixed64":
      return "42";
    default:
      return /page_size|limit/.test(name) ? 20 : 1;
  }
}

/** What ProtoJSON makes of the well-known types. */
const wellKnownExamples: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ["google.protobuf.Timestamp", exampleTime],
  ["google.protobuf.Duration", "3.5s"],
  ["google.protobuf.FieldMask", "name,email"],
  ["google.protobuf.Empty", {}],
  ["google.protobuf.Struct", { key: "value" }],
  ["google.protobuf.Value", "any JSON"],
  ["google.protobuf.ListValue", ["any JSON"]],
  ["google.protobuf.Any", { "@type": "type.googleapis.com/google.protobuf.Duration", value: "3.5s" }],
  ["google.protobuf.DoubleValue", 1.5],
  ["google.protobuf.FloatValue", 1.5],
  ["google.protobuf.Int64Value", "42"],
  ["google.protobuf.UInt64Value", "42"],
  ["google.protobuf.Int32Value", 1],
  ["google.protobuf.UInt32Value", 1],
  ["google.protobuf.BoolValue", true],
  ["google.protobuf.StringValue", "text"],
  ["google.protobuf.BytesValue", "aGVsbG8="],
]);
