import {
  entryOf,
  type JsonNode,
  type JsonType,
  type JsonValue,
  jsonOf,
  type Schema,
  type SchemaProperty,
  type SchemaRule,
  type SchemaShape,
  stringOf,
} from "../../model/index.js";
import { joinNames } from "./names.js";
import { child, children, type Place } from "./place.js";
import { annotate, any, booleanOf, boundsOf, countOf, isJsonType } from "./schema-parts.js";

/** How a schema that describes JSON is read. */
export interface JsonFormat {
  /** OpenAPI 3.0: `nullable`. */
  readonly nullable?: boolean;
  /** A keyword says nothing about values of other types; else those of objects and lists imply the type. */
  readonly exact?: boolean;
  /** Inside of a rule (`not`, `if`, …), which has no type of its own. */
  readonly rule?: boolean;
}

/**
 * AsyncAPI's schema object and OpenAPI's are read as their authors mean them: `properties` without `type` describes an
 * object. JSON Schema by its own name is read to the letter.
 */
export const jsonFormats: Readonly<Record<"json" | "draft7" | "openapi", JsonFormat>> = {
  json: {},
  draft7: { exact: true },
  openapi: { nullable: true },
};

/** What the keywords beside `allOf`, `oneOf`, `anyOf` and `$ref` say. */
export interface Shapes {
  /** A type; undefined: any. */
  base(place: Place, name: string, format: JsonFormat): Schema | undefined;
  /** What does not change the type. */
  rules(place: Place, name: string, format: JsonFormat): readonly SchemaRule[];
}

type Convert = (place: Place, name: string, format: JsonFormat) => Schema;

/** Keywords that speak of values of one type only. */
const keywords: Readonly<Record<"string" | "number" | "array" | "object", readonly string[]>> = {
  string: ["minLength", "maxLength", "pattern", "format"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  array: ["items", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains"],
  object: [
    "properties",
    "additionalProperties",
    "patternProperties",
    "required",
    "minProperties",
    "maxProperties",
    "propertyNames",
    "dependencies",
  ],
};

/** Keywords that say the type where `type` does not. */
const implying: Readonly<Record<"array" | "object", readonly string[]>> = {
  object: ["properties", "additionalProperties", "patternProperties", "required"],
  array: ["items", "additionalItems"],
};

export function createShapes(convert: Convert): Shapes {
  function base(place: Place, name: string, format: JsonFormat): Schema | undefined {
    const { node } = place;
    const types = typesOf(node, format);
    const values = valuesOf(node);
    if (values !== undefined) {
      const possible =
        types === undefined ? values : values.filter((value) => types.some((type) => isJsonType(value, type)));
      return annotate(possible.length === 0 ? { kind: "never" } : { kind: "enum", values: possible }, node);
    }
    if (types === undefined) return undefined;
    const shapes = types.flatMap((type) => {
      const shape = shapeOf(type, place, name, format);
      return shape === undefined ? [] : [annotate(shape, node)];
    });
    if (shapes.length < 2) return shapes[0];
    const members = shapes.map((shape) => ({ ...shape, title: "", description: "" }));
    return annotate({ kind: "union", members, exactlyOne: false, discriminator: undefined }, node);
  }

  function rules(place: Place, name: string, outer: JsonFormat): readonly SchemaRule[] {
    const { node } = place;
    const format = inRule(outer);
    const found: SchemaRule[] = [];
    const types = typesOf(node, outer);
    if (types === undefined || valuesOf(node) !== undefined) {
      for (const type of ["string", "number", "array", "object"] as const) {
        if (!keywords[type].some((key) => entryOf(node, key) !== undefined)) continue;
        if (types !== undefined && !types.some((one) => one === type || (one === "integer" && type === "number")))
          continue;
        const shape = shapeOf(type, place, name, format);
        if (shape !== undefined) found.push({ kind: "only", type, schema: annotate(shape, node) });
      }
    }
    const not = child(place, "not");
    if (not !== undefined) found.push({ kind: "not", schema: convert(not, joinNames(name, "Not"), format) });
    const condition = child(place, "if");
    if (condition !== undefined) {
      const branch = (key: "then" | "else"): Schema => {
        const written = child(place, key);
        return written === undefined ? any(node.origin) : convert(written, joinNames(name, key), format);
      };
      const test = convert(condition, joinNames(name, "If"), format);
      found.push({ kind: "conditional", if: test, matching: branch("then"), otherwise: branch("else") });
    }
    return found;
  }

  function shapeOf(type: string, place: Place, name: string, format: JsonFormat): SchemaShape | undefined {
    const { node } = place;
    const text = (key: string): string | undefined => stringOf(entryOf(node, key)?.value);
    switch (type) {
      case "null":
      case "boolean":
        return { kind: type };
      case "string":
        return {
          kind: "string",
          format: text("format"),
          minLength: countOf(node, "minLength"),
          maxLength: countOf(node, "maxLength"),
          pattern: text("pattern"),
        };
      case "number":
      case "integer":
        return { kind: type, format: text("format"), ...boundsOf(node) };
      case "array":
        return arrayOf(place, name, format);
      case "object":
        return objectOf(place, name, format);
      default:
        return undefined;
    }
  }

  function arrayOf(place: Place, name: string, format: JsonFormat): SchemaShape {
    const { node } = place;
    const items = child(place, "items");
    const tuple = items?.node.kind === "array";
    const rest = tuple ? child(place, "additionalItems") : items;
    const contains = child(place, "contains");
    return {
      kind: "array",
      prefix: tuple ? children(items).map((item, i) => convert(item, joinNames(name, `Item${i + 1}`), format)) : [],
      items: rest === undefined ? any(node.origin) : convert(rest, joinNames(name, "Item"), format),
      minItems: countOf(node, "minItems"),
      maxItems: countOf(node, "maxItems"),
      uniqueItems: booleanOf(node, "uniqueItems") === true,
      ...(contains && { contains: convert(contains, joinNames(name, "Contained"), inRule(format)) }),
    };
  }

  function objectOf(place: Place, name: string, format: JsonFormat): SchemaShape {
    const { node } = place;
    const required = textsOf(child(place, "required"));
    const missing = new Set(required);
    const properties: SchemaProperty[] = children(child(place, "properties")).map((property) => ({
      name: property.key,
      required: missing.delete(property.key),
      readOnly: booleanOf(property.node, "readOnly") === true,
      schema: convert(property, joinNames(name, property.key), format),
    }));
    // required here, described by another part of an allOf, or by nobody
    for (const one of missing) properties.push(requiredOnly(one, node));
    const additional = child(place, "additionalProperties");
    const propertyNames = child(place, "propertyNames");
    const dependencies = children(child(place, "dependencies")).map((dependency) => ({
      property: dependency.key,
      schema:
        dependency.node.kind === "array"
          ? objectRequiring(textsOf(dependency), dependency.node)
          : convert(dependency, joinNames(name, `With ${dependency.key}`), inRule(format)),
    }));
    return {
      kind: "object",
      properties,
      additional: additional && convert(additional, joinNames(name, "Value"), format),
      patternProperties: children(child(place, "patternProperties")).map((property) => ({
        pattern: property.key,
        schema: convert(property, joinNames(name, "Value"), format),
      })),
      minProperties: countOf(node, "minProperties"),
      maxProperties: countOf(node, "maxProperties"),
      ...(propertyNames && { propertyNames: convert(propertyNames, joinNames(name, "Name"), inRule(format)) }),
      ...(dependencies.length > 0 && { dependencies }),
    };
  }

  return { base, rules };
}

function inRule(format: JsonFormat): JsonFormat {
  return { ...format, exact: true, rule: true };
}

function requiredOnly(name: string, node: JsonNode): SchemaProperty {
  return { name, required: true, readOnly: false, schema: any(node.origin) };
}

function objectRequiring(names: readonly string[], node: JsonNode): Schema {
  return {
    ...any(node.origin),
    kind: "object",
    properties: [...new Set(names)].map((name) => requiredOnly(name, node)),
    additional: undefined,
    patternProperties: [],
    minProperties: undefined,
    maxProperties: undefined,
  };
}

function textsOf(place: Place | undefined): readonly string[] {
  return children(place).flatMap((item) => stringOf(item.node) ?? []);
}

/** The values that `const` and `enum` allow; undefined: they are not there. */
function valuesOf(node: JsonNode): readonly JsonValue[] | undefined {
  const constant = entryOf(node, "const")?.value;
  const listed = entryOf(node, "enum")?.value;
  const values = listed?.kind === "array" ? listed.items.map(jsonOf) : undefined;
  if (constant === undefined) return values;
  const value = jsonOf(constant);
  // both at once: whatever is not among them is no value
  const text = JSON.stringify(value);
  return values === undefined || values.some((one) => JSON.stringify(one) === text) ? [value] : [];
}

/** What `type` says, or the other keywords where their format lets them; undefined: nothing. */
function typesOf(node: JsonNode, format: JsonFormat): readonly (JsonType | "integer")[] | undefined {
  const type = entryOf(node, "type")?.value;
  const said = type?.kind === "array" ? type.items.map(stringOf) : [stringOf(type)];
  const known = said.filter((one): one is JsonType | "integer" => one !== undefined && typeNames.has(one));
  if (known.length > 0) return known;
  if (format.exact === true || valuesOf(node) !== undefined) return undefined;
  const implied = (["object", "array"] as const).find((one) =>
    implying[one].some((key) => entryOf(node, key) !== undefined),
  );
  return implied && [implied];
}

const typeNames: ReadonlySet<string> = new Set(["null", "boolean", "string", "number", "integer", "array", "object"]);
