import type { EventMessage, EventsFile, JsonValue, Model, Schema } from "../../model/index.js";
import { jsonObject } from "./json.js";
import { messageExample } from "./proto-example.js";

const deepest = 6;
const mostProperties = 150;

/** An example of an event's payload: the author's first one, else one made from its type. Undefined for bytes. */
export function payloadExample(model: Model, file: EventsFile, message: EventMessage): JsonValue | undefined {
  const given = message.examples[0];
  if (given !== undefined) return givenPayload(given);
  switch (message.payload.kind) {
    case "proto":
      return messageExample(model, message.payload.typeName, "response");
    case "schema":
      return schemaExample(model, file, message.payload.schema);
    case "opaque":
      return undefined;
  }
}

/** AsyncAPI's message examples hold `payload` and `headers`; others are the payload itself. */
function givenPayload(example: JsonValue): JsonValue {
  if (typeof example !== "object" || example === null || !("payload" in example)) return example;
  const wrapper = Object.keys(example).every((key) => ["payload", "headers", "name", "summary"].includes(key));
  return wrapper ? (example.payload ?? null) : example;
}

/** A plausible value of a JSON schema: its own example, default or constant where it has one. */
export function schemaExample(model: Model, file: EventsFile, root: Schema): JsonValue {
  let left = mostProperties;

  function of(schema: Schema, depth: number, open: readonly string[]): JsonValue {
    if (schema.examples[0] !== undefined) return schema.examples[0];
    if (schema.default !== undefined) return schema.default;
    switch (schema.kind) {
      case "any":
        return "any JSON";
      case "never":
      case "null":
        return null;
      case "boolean":
        return true;
      case "bytes":
        return "aGVsbG8=";
      case "long":
        return 1;
      case "string":
        return textExample(schema.format, schema.minLength ?? 0);
      case "integer":
      case "number":
        return schema.minimum ?? (schema.exclusiveMinimum === undefined ? 1 : schema.exclusiveMinimum + 1);
      case "enum":
        return schema.values[0] ?? null;
      case "array":
        if (schema.prefix.length > 0) return schema.prefix.map((item) => of(item, depth + 1, open));
        return depth >= deepest || schema.items.kind === "never" ? [] : [of(schema.items, depth + 1, open)];
      case "object":
        return jsonObject(
          schema.properties.flatMap(({ name, schema: property }) =>
            depth >= deepest || left-- <= 0 ? [] : [[name, of(property, depth + 1, open)] as const],
          ),
        );
      case "union":
        return schema.members[0] === undefined ? null : of(schema.members[0], depth + 1, open);
      case "intersection":
        return merge(schema.members.map((member) => of(member, depth, open)));
      case "ref": {
        const target = file.schemas.find((candidate) => candidate.key === schema.key);
        if (target === undefined || open.includes(schema.key) || depth >= deepest) return jsonObject([]);
        return of(target.schema, depth, [...open, schema.key]);
      }
      case "proto":
        return messageExample(model, schema.typeName, "response");
    }
  }

  return of(root, 0, []);
}

/** The properties of all that are objects, else the first. */
function merge(values: readonly JsonValue[]): JsonValue {
  const properties = values.flatMap((value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries<JsonValue>(value) : [],
  );
  return properties.length === 0 ? (values[0] ?? null) : jsonObject(properties);
}

function textExample(format: string | undefined, minLength: number): string {
  switch (format) {
    case "date-time":
      return "2025-01-15T09:30:00Z";
    case "date":
      return "2025-01-15";
    case "time":
      return "09:30:00Z";
    case "duration":
      return "PT30S";
    case "email":
      return "ada@example.com";
    case "uuid":
      return "9b2f4c1e-7f3a-4d58-8f6b-2a1c0d9e8b77";
    case "uri":
    case "url":
      return "https://example.com/";
    case "ipv4":
      return "192.0.2.1";
    case "byte":
    case "binary":
      return "aGVsbG8=";
    default:
      return "text".padEnd(Math.min(minLength, 200), " text");
  }
}
