import {
  type Annotations,
  entryOf,
  type JsonNode,
  type NumberSchema,
  type JsonType,
  type JsonValue,
  jsonOf,
  type Origin,
  type Schema,
  type SchemaRule,
  type SchemaShape,
  stringOf,
} from "../../model/index.js";

/** What a schema says for people. */
export function annotationsOf(node: JsonNode): Annotations {
  const example = entryOf(node, "example")?.value;
  const examples = entryOf(node, "examples")?.value;
  const preset = entryOf(node, "default")?.value;
  return {
    title: textOf(node, "title"),
    description: textOf(node, "description"),
    deprecated: booleanOf(node, "deprecated") === true,
    default: preset && jsonOf(preset),
    examples: examples?.kind === "array" ? examples.items.map(jsonOf) : example === undefined ? [] : [jsonOf(example)],
    origin: node.origin,
  };
}

/** A shape with the annotations of the node it was read from. */
export function annotate(shape: SchemaShape, node: JsonNode): Schema {
  return { ...shape, ...annotationsOf(node) };
}

/** The schema with what a node around it says for people, where that says something. */
export function overlay(schema: Schema, node: JsonNode): Schema {
  const own = annotationsOf(node);
  return {
    ...schema,
    title: own.title || schema.title,
    description: own.description || schema.description,
    deprecated: own.deprecated || schema.deprecated,
    default: own.default ?? schema.default,
    examples: own.examples.length > 0 ? own.examples : schema.examples,
    origin: own.origin,
  };
}

/** The schema with rules added to those it has. */
export function withRules(schema: Schema, rules: readonly SchemaRule[]): Schema {
  return rules.length === 0 ? schema : { ...schema, rules: [...(schema.rules ?? []), ...rules] };
}

/** A schema that says nothing. */
export function any(origin: Origin): Schema {
  return { kind: "any", title: "", description: "", deprecated: false, default: undefined, examples: [], origin };
}

/** False for `type: object` alone, which adds nothing to the parts of an `allOf` or `oneOf` beside it. */
export function isConstrained(schema: Schema): boolean {
  if (schema.kind === "any") return false;
  if (schema.kind !== "object") return true;
  const { properties, additional, patternProperties, minProperties, maxProperties } = schema;
  return (
    schema.propertyNames !== undefined ||
    schema.dependencies !== undefined ||
    properties.length > 0 ||
    patternProperties.length > 0 ||
    (additional !== undefined && additional.kind !== "any") ||
    minProperties !== undefined ||
    maxProperties !== undefined
  );
}

/** A text under a key without white space at its end; empty when there is none. */
export function textOf(node: JsonNode, key: string): string {
  return stringOf(entryOf(node, key)?.value)?.trimEnd() ?? "";
}

export function booleanOf(node: JsonNode, key: string): boolean | undefined {
  const value = entryOf(node, key)?.value;
  return value?.kind === "scalar" && typeof value.value === "boolean" ? value.value : undefined;
}

export function numberOf(node: JsonNode, key: string): number | undefined {
  const value = entryOf(node, key)?.value;
  return value?.kind === "scalar" && typeof value.value === "number" ? value.value : undefined;
}

/** A length or number of items. */
export function countOf(node: JsonNode, key: string): number | undefined {
  const value = numberOf(node, key);
  return value !== undefined && Number.isInteger(value) && value >= 0 ? value : undefined;
}

/** The bounds of a number. OpenAPI 3.0 keeps draft 4: there the exclusive ones are flags on the others. */
export function boundsOf(node: JsonNode): Omit<NumberSchema, "kind" | "format"> {
  const minimum = numberOf(node, "minimum");
  const maximum = numberOf(node, "maximum");
  const aboveMinimum = booleanOf(node, "exclusiveMinimum") === true;
  const belowMaximum = booleanOf(node, "exclusiveMaximum") === true;
  return {
    minimum: aboveMinimum ? undefined : minimum,
    maximum: belowMaximum ? undefined : maximum,
    exclusiveMinimum: aboveMinimum ? minimum : numberOf(node, "exclusiveMinimum"),
    exclusiveMaximum: belowMaximum ? maximum : numberOf(node, "exclusiveMaximum"),
    multipleOf: numberOf(node, "multipleOf"),
  };
}

/** Whether a value is of a type. */
export function isJsonType(value: JsonValue, type: JsonType | "integer"): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}
