import { type Field, type Model, messageOf } from "../../model/index.js";

/**
 * How a field's value stands in a URL: `text` where ProtoJSON takes a string (numbers too), `opaque` where it has no
 * form there (maps, repeated messages, Struct, Any).
 */
export type UrlKind = "text" | "bool" | "enum" | "mask" | "message" | "opaque";

/** A field of a request message as URLs see it. */
export interface RequestFieldPlan {
  readonly field: Field;
  readonly kind: UrlKind;
  /** The message to go into, where kind is `message`. */
  readonly message: string | undefined;
}

const urlForms: ReadonlyMap<string, UrlKind> = new Map([
  ["google.protobuf.Timestamp", "text"],
  ["google.protobuf.Duration", "text"],
  ["google.protobuf.FieldMask", "mask"],
  ["google.protobuf.BoolValue", "bool"],
  ["google.protobuf.StringValue", "text"],
  ["google.protobuf.BytesValue", "text"],
  ["google.protobuf.Int32Value", "text"],
  ["google.protobuf.Int64Value", "text"],
  ["google.protobuf.UInt32Value", "text"],
  ["google.protobuf.UInt64Value", "text"],
  ["google.protobuf.FloatValue", "text"],
  ["google.protobuf.DoubleValue", "text"],
  ["google.protobuf.Struct", "opaque"],
  ["google.protobuf.Value", "opaque"],
  ["google.protobuf.ListValue", "opaque"],
  ["google.protobuf.Any", "opaque"],
]);

/** How a field's value stands in a URL. */
export function urlKind({ type, repeated }: Field): UrlKind {
  switch (type.kind) {
    case "scalar":
      return type.scalar === "bool" ? "bool" : "text";
    case "enum":
      return type.typeName === "google.protobuf.NullValue" ? "opaque" : "enum";
    case "map":
      return "opaque";
    case "message":
      return urlForms.get(type.typeName) ?? (repeated ? "opaque" : "message");
  }
}

/** The fields of a message as URLs see them. */
export function requestFields(model: Model, typeName: string): readonly RequestFieldPlan[] {
  // a message with a JSON form of its own has no fields to name
  if (urlForms.has(typeName)) return [];
  return messageOf(model, typeName).fields.map((field) => {
    const kind = urlKind(field);
    return {
      field,
      kind,
      message: kind === "message" && field.type.kind === "message" ? field.type.typeName : undefined,
    };
  });
}

/** The messages whose fields the URLs of a request can name, the request itself first, each once. */
export function requestMessages(model: Model, typeName: string): readonly string[] {
  const found = new Set<string>([typeName]);
  for (const name of found) {
    for (const { message } of requestFields(model, name)) if (message !== undefined) found.add(message);
  }
  return [...found];
}

/** True for a field that is a `google.api.HttpBody`. */
export function isHttpBody({ type, repeated }: Field): boolean {
  return type.kind === "message" && type.typeName === "google.api.HttpBody" && !repeated;
}
