import type { EventMessage, JsonValue, Schema } from "../../model/index.js";
import { jsonLiteral, list, type Literal } from "../shared/schema-literal.js";
import type { EventsPlan } from "./plan.js";

/** Schemas behind `$ref`s and the parts of `allOf`, as far as they are objects. */
function objectsOf(plan: EventsPlan, schema: Schema, depth = 0): readonly (Schema & { readonly kind: "object" })[] {
  if (depth > 16) return [];
  switch (schema.kind) {
    case "ref":
      return objectsOf(plan, plan.resolve(schema.key), depth + 1);
    case "intersection":
      return schema.members.flatMap((member) => objectsOf(plan, member, depth + 1));
    case "object":
      return [schema];
    default:
      return [];
  }
}

/** True when a client has to give some of the fields. */
export function requiresSome(plan: EventsPlan, schema: Schema): boolean {
  return objectsOf(plan, schema).some(({ properties }) =>
    properties.some(({ required, schema: { default: fallback } }) => required && fallback === undefined),
  );
}

/** How the text of each field becomes a value. */
export function fieldKinds(plan: EventsPlan, schema: Schema): readonly (readonly [name: string, kind: string])[] {
  const found = new Map<string, string>();
  for (const { properties } of objectsOf(plan, schema)) {
    for (const property of properties) found.set(property.name, fieldKind(plan, property.schema, 0));
  }
  return [...found];
}

function fieldKind(plan: EventsPlan, schema: Schema, depth: number): string {
  switch (schema.kind) {
    case "ref":
      return depth > 16 ? "json" : fieldKind(plan, plan.resolve(schema.key), depth + 1);
    case "boolean":
      return "boolean";
    case "number":
    case "integer":
      return "number";
    case "enum": {
      const kinds = new Set(schema.values.map((value) => typeof value));
      const [only] = kinds;
      return kinds.size === 1 && (only === "number" || only === "boolean" || only === "string") ? only : "json";
    }
    case "array":
      return fieldKind(plan, schema.items, depth + 1) === "number" ? "numbers" : "list";
    case "string":
      return "string";
    case "any":
      // anything: most of all a text
      return "string";
    default:
      return "json";
  }
}

/** For each message the value that no other has under the same property, where there is such a property. */
export function tagsOf(plan: EventsPlan, messages: readonly EventMessage[]): ReadonlyMap<EventMessage, Literal> {
  const own = messages.flatMap((message) => {
    const payload = plan.payloadOf(message);
    return payload.kind === "json" ? [{ message, constants: constantsOf(plan, plan.resolve(payload.key)) }] : [];
  });
  if (own.length < 2) return new Map();
  for (const property of own[0]?.constants.keys() ?? []) {
    const values = new Set(own.map(({ constants }) => constants.get(property)));
    if (values.has(undefined) || values.size < own.length) continue;
    return new Map(
      own.map(({ message, constants }) => [
        message,
        list([jsonLiteral(property), jsonLiteral(constants.get(property) ?? null)]),
      ]),
    );
  }
  return new Map();
}

/** Required properties with one possible value. */
function constantsOf(plan: EventsPlan, schema: Schema): ReadonlyMap<string, JsonValue> {
  const found = new Map<string, JsonValue>();
  const required = objectsOf(plan, schema).flatMap(({ properties }) => properties.filter((one) => one.required));
  const names = new Set(required.map(({ name }) => name));
  for (const { properties } of objectsOf(plan, schema)) {
    for (const { name, schema: property } of properties) {
      const value = constantOf(plan, property);
      if (names.has(name) && value !== undefined) found.set(name, value);
    }
  }
  return found;
}

function constantOf(plan: EventsPlan, schema: Schema, depth = 0): JsonValue | undefined {
  if (schema.kind === "ref") return depth > 16 ? undefined : constantOf(plan, plan.resolve(schema.key), depth + 1);
  const [only, ...more] = schema.kind === "enum" ? schema.values : [];
  return more.length === 0 && (typeof only === "string" || typeof only === "number" || typeof only === "boolean")
    ? only
    : undefined;
}
