import { isDeepStrictEqual } from "node:util";
import { jsonOf, type JsonValue, type Payload, type Schema } from "../../model/index.js";
import type { Context } from "./context.js";
import { child, children, type Place } from "./place.js";
import type { Schemas } from "./schemas.js";

/** Levels and alternatives looked at in one example; recursive unions could keep this busy for ever. */
const mostSteps = 100_000;

/** Holds the examples of a message against its schemas. What a check does not know, it believes. */
export function checkExamples(
  context: Context,
  schemas: Schemas,
  message: Place,
  name: string,
  payload: Payload,
  headers: Schema | undefined,
): void {
  const payloadSchema = payload.kind === "schema" ? payload.schema : undefined;
  for (const example of children(context.field(message, "examples"))) {
    for (const [key, schema] of [
      ["payload", payloadSchema],
      ["headers", headers],
    ] as const) {
      const place = context.refs.follow(example);
      const written = child(place, key);
      if (written === undefined || schema === undefined) continue;
      const reason = misfit(schemas, schema, jsonOf(written.node));
      if (reason === undefined) continue;
      context.warn("E3044", written.node.origin, { message: name, example: `an example of the ${key}`, reason });
    }
  }
}

/** Why a value does not fit a schema, `items[2].id must be a string`; undefined where it does. */
export function misfit(schemas: Schemas, schema: Schema, value: JsonValue): string | undefined {
  const budget = { left: mostSteps };

  function fits(one: Schema, part: JsonValue): boolean {
    return check(one, part, "") === undefined;
  }

  function check(one: Schema, part: JsonValue, path: string): string | undefined {
    if (budget.left-- <= 0) return undefined;
    const at = path === "" ? "it" : path;
    const must = (holds: boolean, what: string): string | undefined => (holds ? undefined : `${at} must be ${what}`);
    switch (one.kind) {
      case "never":
        return `${at} must not be there`;
      case "null":
        return must(part === null, "null");
      case "boolean":
        return must(typeof part === "boolean", "true or false");
      case "string": {
        if (typeof part !== "string") return must(false, "a text");
        const length = [...part].length;
        return (
          must(length >= (one.minLength ?? 0), `at least ${one.minLength} characters long`) ??
          must(length <= (one.maxLength ?? Infinity), `at most ${one.maxLength} characters long`)
        );
      }
      case "number":
      case "integer": {
        if (typeof part !== "number") return must(false, "a number");
        if (one.kind === "integer" && !Number.isInteger(part)) return must(false, "a whole number");
        return (
          must(part >= (one.minimum ?? -Infinity), `at least ${one.minimum}`) ??
          must(part <= (one.maximum ?? Infinity), `at most ${one.maximum}`) ??
          must(
            one.exclusiveMinimum === undefined || part > one.exclusiveMinimum,
            `more than ${one.exclusiveMinimum}`,
          ) ??
          must(one.exclusiveMaximum === undefined || part < one.exclusiveMaximum, `less than ${one.exclusiveMaximum}`)
        );
      }
      case "enum": {
        const known = one.values.slice(0, 10).map((known) => JSON.stringify(known));
        return must(
          one.values.some((known) => isDeepStrictEqual(known, part)),
          known.length === 1 ? (known[0] ?? "") : `one of ${known.join(", ")}`,
        );
      }
      case "array": {
        if (!Array.isArray(part)) return must(false, "a list");
        const items = part as readonly JsonValue[];
        return (
          must(items.length >= (one.minItems ?? 0), `at least ${one.minItems} long`) ??
          must(items.length <= (one.maxItems ?? Infinity), `at most ${one.maxItems} long`) ??
          first(items, (item, i) => check(one.prefix[i] ?? one.items, item, `${path}[${i}]`))
        );
      }
      case "object":
        return checkObject(one, part, path);
      case "ref": {
        const target = schemas.get(one.key);
        return target === undefined ? undefined : check(target, part, path);
      }
      case "union":
        if (one.members.length === 1 && one.members[0] !== undefined) return check(one.members[0], part, path);
        return must(
          one.members.some((member) => fits(member, part)),
          "one of its alternatives",
        );
      case "intersection":
        return first(one.members, (member) => check(member, part, path));
      default:
        return undefined;
    }
  }

  function checkObject(one: Schema & { readonly kind: "object" }, part: JsonValue, path: string): string | undefined {
    if (typeof part !== "object" || part === null || Array.isArray(part)) {
      return `${path === "" ? "it" : path} must be an object`;
    }
    const object = part as { readonly [key: string]: JsonValue };
    const known = new Map(one.properties.map((property) => [property.name, property]));
    const missing = one.properties.find(({ name, required }) => required && !Object.hasOwn(object, name));
    if (missing !== undefined) return `${join(path, missing.name)} is missing`;
    return first(Object.entries(object), ([name, inner]) => {
      const property = known.get(name);
      if (property !== undefined) return check(property.schema, inner, join(path, name));
      if (one.additional === undefined || one.patternProperties.length > 0) return undefined;
      return check(one.additional, inner, join(path, name));
    });
  }

  return check(schema, value, "");
}

function first<T>(items: readonly T[], look: (item: T, i: number) => string | undefined): string | undefined {
  for (const [i, item] of items.entries()) {
    const found = look(item, i);
    if (found !== undefined) return found;
  }
  return undefined;
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
