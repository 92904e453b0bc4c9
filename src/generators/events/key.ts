import { type Field, messageOf, type Model } from "../../model/index.js";
import { lowerCamel, safeProperty } from "../../plan/index.js";
import { programName } from "../shared/schema-types.js";

/**
 * The expression of an ordering key in terms of the properties that programs see. JSON payloads have their JSON
 * names, but for those that every object inherits; fields of a proto message are found by their proto or JSON name.
 */
export function keyExpression(model: Model, expression: string, typeName: string | undefined): string {
  const path = payloadPath(expression);
  if (path === undefined) return expression;
  const properties = typeName === undefined ? path.map(programName) : protoPath(model, typeName, path);
  return `$message.payload#${properties.map(escapePointer).join("")}`;
}

/** True when a key is found inside of a Timestamp, which programs may not have as a message. */
export function leadsIntoTimestamp(model: Model, expression: string, typeName: string): boolean {
  let current: string | undefined = typeName;
  for (const segment of payloadPath(expression) ?? []) {
    if (current === "google.protobuf.Timestamp") return true;
    const field = fieldOf(model, current, segment);
    current = field?.type.kind === "message" ? field.type.typeName : undefined;
  }
  return false;
}

function payloadPath(expression: string): readonly string[] | undefined {
  const match = /^\$message\.payload#((?:\/[^/]*)+)$/.exec(expression);
  return match === null ? undefined : (match[1] ?? "").split("/").slice(1).map(unescapePointer);
}

/** A field by its proto or JSON name; undefined in what is no message. */
function fieldOf(model: Model, typeName: string | undefined, segment: string): Field | undefined {
  if (typeName === undefined) return undefined;
  return messageOf(model, typeName).fields.find(({ name, jsonName }) => name === segment || jsonName === segment);
}

function protoPath(model: Model, typeName: string, path: readonly string[]): readonly string[] {
  const result: string[] = [];
  let current: string | undefined = typeName;
  for (const segment of path) {
    const field = fieldOf(model, current, segment);
    if (field === undefined) {
      result.push(segment);
      current = undefined;
      continue;
    }
    if (field.oneof === undefined) result.push(safeProperty(lowerCamel(field.name)));
    else result.push(safeProperty(lowerCamel(field.oneof)), "value");
    current = field.type.kind === "message" ? field.type.typeName : undefined;
  }
  return result;
}

function unescapePointer(segment: string): string {
  return segment.replaceAll("~1", "/").replaceAll("~0", "~");
}

function escapePointer(segment: string): string {
  return `/${segment.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
