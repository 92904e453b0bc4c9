import { nearest } from "../../diagnostics/index.js";
import type { Message, Payload, Schema } from "../../model/index.js";
import type { Context } from "./context.js";
import { pathOf, pointerOf } from "./place.js";
import type { Schemas } from "./schemas.js";

/** `ref`s through which one step may go. */
const deepest = 50;

/**
 * Looks a JSON pointer up in the type of a payload. Undefined: it is there, or the type does not tell; else the
 * pointer that may have been meant, empty when there is none.
 */
export function missingInPayload(
  context: Context,
  schemas: Schemas,
  payload: Payload,
  pointer: string,
): { readonly nearest: string | undefined } | undefined {
  const path = pathOf(pointer);
  if (path === undefined) return { nearest: undefined };
  switch (payload.kind) {
    case "proto":
      return missingInMessage(context, payload.typeName, path, 0);
    case "schema":
      return missingInSchema(schemas, payload.schema, path, 0);
    case "opaque":
      return payload.schema && missingInSchema(schemas, payload.schema, path, 0);
  }
}

function missingInMessage(
  context: Context,
  typeName: string,
  path: readonly string[],
  at: number,
): { readonly nearest: string | undefined } | undefined {
  const message: Message | undefined = context.input.messages.get(typeName);
  const part = path[at];
  // well-known types have a JSON form of their own
  if (message === undefined || part === undefined || typeName.startsWith("google.protobuf.")) return undefined;
  const field = message.fields.find(({ name, jsonName }) => name === part || jsonName === part);
  if (field === undefined) {
    return suggestion(
      path,
      at,
      message.fields.map(({ jsonName }) => jsonName),
    );
  }
  if (field.repeated || field.type.kind !== "message") return undefined;
  return missingInMessage(context, field.type.typeName, path, at + 1);
}

function missingInSchema(
  schemas: Schemas,
  schema: Schema,
  path: readonly string[],
  at: number,
): { readonly nearest: string | undefined } | undefined {
  const part = path[at];
  if (part === undefined) return undefined;
  const known = propertiesOf(schemas, schema, part, 0);
  if (known === "open" || known.size === 0) return undefined;
  const next = known.get(part);
  return next === undefined ? suggestion(path, at, known.keys()) : missingInSchema(schemas, next, path, at + 1);
}

/** The properties that a value of the schema may have; `open` where it may have that one without saying so. */
function propertiesOf(
  schemas: Schemas,
  schema: Schema,
  wanted: string,
  depth: number,
): ReadonlyMap<string, Schema> | "open" {
  if (depth > deepest) return "open";
  switch (schema.kind) {
    case "ref": {
      const target = schemas.get(schema.key);
      return target === undefined ? "open" : propertiesOf(schemas, target, wanted, depth + 1);
    }
    case "object":
      if (schema.properties.every(({ name }) => name !== wanted)) {
        if (schema.additional !== undefined && schema.additional.kind !== "never") return "open";
        if (schema.patternProperties.length > 0 || schema.properties.length === 0) return "open";
      }
      return new Map(schema.properties.map(({ name, schema: inner }) => [name, inner]));
    case "union":
    case "intersection": {
      const all = new Map<string, Schema>();
      for (const member of schema.members) {
        const found = propertiesOf(schemas, member, wanted, depth + 1);
        if (found === "open") return "open";
        for (const [name, inner] of found) if (!all.has(name)) all.set(name, inner);
      }
      return all;
    }
    case "boolean":
    case "string":
    case "number":
    case "integer":
    case "null":
    case "never":
      return new Map();
    default:
      return "open";
  }
}

function suggestion(
  path: readonly string[],
  at: number,
  names: Iterable<string>,
): { readonly nearest: string | undefined } {
  const close = nearest(path[at] ?? "", names);
  return { nearest: close === undefined ? undefined : pointerOf([...path.slice(0, at), close, ...path.slice(at + 1)]) };
}
