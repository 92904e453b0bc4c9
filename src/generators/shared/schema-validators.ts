import type { JsonValue, Schema, SchemaProperty, SchemaRule, StringSchema } from "../../model/index.js";
import { isLinearPattern } from "../../runtime/pattern/index.js";
import { stringLiteral } from "./print.js";
import { callOf, jsonLiteral, list, numberLiteral, object, text, type Literal } from "./schema-literal.js";
import { safePattern } from "./schema-pattern.js";
import { propertyNames, resolved, usableDefault } from "./schema-types.js";

/** The names that validators are made of. */
export interface ShapeNames {
  /** The runtime's vocabulary, `shape`. */
  readonly shape: string;
  /** The constant that holds a named schema's shape. */
  schema(key: string): string;
  /** The codec constant of a proto message. */
  message(typeName: string): string;
  /** The named schema of a key. */
  resolve(key: string): Schema;
  /** The name its author gave a schema; what an OpenAPI discriminator says where no `const` does. */
  authorName(key: string): string;
  /** The runtime's `linearPattern`. */
  linearPattern(): string;
  /** Told of patterns that only backtracking can match, and that are therefore not checked. */
  unsafe(pattern: string, schema: Schema): void;
}

/** Formats that the runtime checks. */
const checkedFormats: ReadonlySet<string> = new Set([
  "date-time",
  "date",
  "time",
  "email",
  "uuid",
  "uri",
  "uri-reference",
  "uri-template",
  "iri",
  "iri-reference",
  "idn-email",
  "json-pointer",
  "relative-json-pointer",
  "regex",
  "hostname",
  "ipv4",
  "ipv6",
  "byte",
]);

/** The code that makes a schema's shape; `around` is the kind that values are known to be of. */
export function shapeLiteral(schema: Schema, names: ShapeNames, around: Schema["kind"] = "any"): Literal {
  const { rules: more = [] } = schema;
  if (more.length === 0) return typeLiteral(schema, names);
  const all = more.map((rule) => ruleLiteral(rule, names, schema.kind === "any" ? around : schema.kind));
  if (schema.kind !== "any") all.unshift(typeLiteral(schema, names));
  const [only] = all;
  return all.length === 1 && only !== undefined ? only : callOf(`${names.shape}.allOf`, list(all));
}

/** A schema for values that are known to be of a kind: what it says about that kind only, it just says. */
function among(schema: Schema, kind: Schema["kind"]): Schema {
  const { rules: more = [] } = schema;
  const [only] = more;
  const same = schema.kind === "any" && more.length === 1 && only?.kind === "only" && only.type === kind;
  return same ? only.schema : schema;
}

function ruleLiteral(rule: SchemaRule, names: ShapeNames, kind: Schema["kind"]): Literal {
  const call = (name: string, argument: Literal): Literal => callOf(`${names.shape}.${name}`, argument);
  switch (rule.kind) {
    case "not":
      return call("not", shapeLiteral(among(rule.schema, kind), names, kind));
    case "conditional":
      return call(
        "when",
        object([
          ["if", shapeLiteral(among(rule.if, kind), names, kind)],
          ["matching", isFree(rule.matching) ? undefined : shapeLiteral(among(rule.matching, kind), names, kind)],
          ["otherwise", isFree(rule.otherwise) ? undefined : shapeLiteral(among(rule.otherwise, kind), names, kind)],
        ]),
      );
    case "only":
      return call(
        "only",
        object([
          ["type", jsonLiteral(rule.type)],
          ["value", shapeLiteral(rule.schema, names)],
        ]),
      );
  }
}

/** True for a schema that refuses nothing. */
function isFree(schema: Schema): boolean {
  return schema.kind === "any" && (schema.rules ?? []).length === 0;
}

function typeLiteral(schema: Schema, names: ShapeNames): Literal {
  const call = (name: string, argument?: Literal): Literal => callOf(`${names.shape}.${name}`, argument);
  switch (schema.kind) {
    case "any":
    case "never":
    case "boolean":
      return call(schema.kind);
    case "null":
      return call("nothing");
    case "bytes":
      return call("bytes", rules(object([["size", number(schema.size)]])));
    case "long":
      return call("long");
    case "string":
      return call("string", rules(stringRules(schema, names)));
    case "number":
    case "integer":
      return call(schema.kind, rules(numberRules(schema)));
    case "enum":
      return call("values", list(schema.values.map(jsonLiteral)));
    case "array":
      return call(
        "array",
        object([
          [
            "prefix",
            schema.prefix.length === 0 ? undefined : list(schema.prefix.map((item) => shapeLiteral(item, names))),
          ],
          ["items", isFree(schema.items) ? undefined : shapeLiteral(schema.items, names)],
          ["minItems", number(schema.minItems)],
          ["maxItems", number(schema.maxItems)],
          ["uniqueItems", schema.uniqueItems ? text("true") : undefined],
          ["contains", schema.contains && shapeLiteral(schema.contains, names)],
        ]),
      );
    case "object":
      return call("object", objectRules(schema, names));
    case "union":
      return unionLiteral(schema, names);
    case "intersection":
      return call("allOf", list(schema.members.map((member) => shapeLiteral(member, names))));
    case "ref":
      return { kind: "thunk", name: names.schema(schema.key) };
    case "proto":
      return call("payload", text(names.message(schema.typeName)));
  }
}

function rules(literal: Literal): Literal | undefined {
  return literal.kind === "object" && literal.entries.length === 0 ? undefined : literal;
}

function number(value: number | undefined): Literal | undefined {
  return value === undefined ? undefined : text(numberLiteral(value));
}

function stringRules(schema: StringSchema & Schema, names: ShapeNames): Literal {
  const { minLength, maxLength, pattern, format } = schema;
  const known = format !== undefined && checkedFormats.has(format);
  return object([
    ["minLength", minLength === 0 ? undefined : number(minLength)],
    ["maxLength", number(maxLength)],
    ["pattern", patternLiteral(pattern, schema, names)],
    ["format", known ? jsonLiteral(format) : undefined],
  ]);
}

function patternLiteral(pattern: string | undefined, schema: Schema, names: ShapeNames): Literal | undefined {
  if (pattern === undefined) return undefined;
  const regExp = safePattern(pattern);
  if (regExp !== undefined) return text(String(regExp));
  if (isLinearPattern(pattern)) return callOf(names.linearPattern(), text(stringLiteral(pattern)));
  names.unsafe(pattern, schema);
  return undefined;
}

const int32: readonly [number, number] = [-2147483648, 2147483647];

function numberRules(schema: Schema & { readonly kind: "number" | "integer" }): Literal {
  const bounded = schema.kind === "integer" && schema.format === "int32";
  const lower = schema.minimum ?? (bounded && schema.exclusiveMinimum === undefined ? int32[0] : undefined);
  const upper = schema.maximum ?? (bounded && schema.exclusiveMaximum === undefined ? int32[1] : undefined);
  return object([
    ["minimum", number(lower)],
    ["maximum", number(upper)],
    ["exclusiveMinimum", number(schema.exclusiveMinimum)],
    ["exclusiveMaximum", number(schema.exclusiveMaximum)],
    ["multipleOf", schema.multipleOf === undefined || schema.multipleOf <= 0 ? undefined : number(schema.multipleOf)],
  ]);
}

function objectRules(schema: Schema & { readonly kind: "object" }, names: ShapeNames): Literal {
  const defaults = schema.properties.flatMap((property): (readonly [string, JsonValue])[] => {
    const value = usableDefault(property.schema, names);
    return value === undefined ? [] : [[property.name, value]];
  });
  const entries = (some: readonly SchemaProperty[]): Literal | undefined =>
    some.length === 0
      ? undefined
      : object(some.map((property) => [property.name, shapeLiteral(property.schema, names)]));
  const patterns = schema.patternProperties.flatMap(({ pattern, schema: value }) => {
    const literal = patternLiteral(pattern, value, names);
    return literal === undefined
      ? []
      : [
          object([
            ["pattern", literal],
            ["value", shapeLiteral(value, names)],
          ]),
        ];
  });
  // a property that only an unchecked pattern allows must not be refused
  const allPatterns = patterns.length === schema.patternProperties.length;
  const renamed = [...propertyNames(schema.properties)].map(
    ([name, property]) => [property, jsonLiteral(name)] as const,
  );
  return object([
    ["required", entries(schema.properties.filter(({ required }) => required))],
    ["optional", entries(schema.properties.filter(({ required }) => !required))],
    ["names", renamed.length === 0 ? undefined : object(renamed)],
    [
      "defaults",
      defaults.length === 0 ? undefined : object(defaults.map(([name, value]) => [name, jsonLiteral(value)])),
    ],
    ["patterns", patterns.length === 0 ? undefined : list(patterns)],
    ["additional", allPatterns ? additionalLiteral(schema.additional, names) : undefined],
    ["minProperties", number(schema.minProperties)],
    ["maxProperties", number(schema.maxProperties)],
    ["propertyNames", schema.propertyNames && shapeLiteral(among(schema.propertyNames, "string"), names)],
    [
      "dependencies",
      schema.dependencies &&
        object(
          schema.dependencies.map(({ property, schema: value }) => [
            property,
            shapeLiteral(among(value, "object"), names),
          ]),
        ),
    ],
  ]);
}

function additionalLiteral(additional: Schema | undefined, names: ShapeNames): Literal | undefined {
  if (additional === undefined || isFree(additional)) return undefined;
  return additional.kind === "never" ? text("false") : shapeLiteral(additional, names);
}

/** A union whose members a property tells apart is checked as the one that the property names. */
function unionLiteral(schema: Schema & { readonly kind: "union" }, names: ShapeNames): Literal {
  const call = (name: string, argument?: Literal): Literal => callOf(`${names.shape}.${name}`, argument);
  if (schema.members.length === 0) return call("never");
  const tagged = taggedCases(schema, names);
  if (tagged !== undefined) {
    const cases = object(tagged.cases.map(([tag, member]) => [tag, shapeLiteral(member, names)]));
    return call(
      "switchOn",
      object([
        ["property", jsonLiteral(tagged.property)],
        ["cases", cases],
      ]),
    );
  }
  return call(schema.exactlyOne ? "oneOf" : "anyOf", list(schema.members.map((member) => shapeLiteral(member, names))));
}

interface Tagged {
  readonly property: string;
  readonly cases: readonly (readonly [tag: string, member: Schema])[];
}

function taggedCases(schema: Schema & { readonly kind: "union" }, names: ShapeNames): Tagged | undefined {
  const { members, discriminator } = schema;
  if (members.length < 2) return undefined;
  const [first] = members;
  const candidates = discriminator === undefined ? first && requiredNames(first, names) : [discriminator];
  for (const property of candidates ?? []) {
    const cases = members.flatMap((member): (readonly [string, Schema])[] => {
      const tags = tagsOf(member, property, names);
      if (tags !== undefined) return tags.map((tag) => [tag, member] as const);
      const named = discriminator !== undefined && member.kind === "ref" && resolved(member, names)?.kind !== "union";
      return named ? [[names.authorName(member.key), member]] : [];
    });
    const covered = new Set(cases.map(([, member]) => member));
    const unique = new Set(cases.map(([tag]) => tag));
    if (covered.size === members.length && unique.size === cases.length) return { property, cases };
  }
  return undefined;
}

/** The values that a member's required property may have, when they are listed texts. */
function tagsOf(member: Schema, name: string, names: ShapeNames): readonly string[] | undefined {
  const property = propertiesOf(member, names).find((candidate) => candidate.name === name && candidate.required);
  const schema = property && resolved(property.schema, names);
  if (schema?.kind !== "enum") return undefined;
  const texts = schema.values.filter((value) => typeof value === "string");
  return texts.length === schema.values.length ? texts : undefined;
}

function requiredNames(member: Schema, names: ShapeNames): readonly string[] {
  return propertiesOf(member, names)
    .filter(({ required }) => required)
    .map(({ name }) => name);
}

function propertiesOf(schema: Schema, names: ShapeNames, depth = 0): readonly SchemaProperty[] {
  const target = resolved(schema, names);
  if (target?.kind === "object") return target.properties;
  if (target?.kind !== "intersection" || depth > 20) return [];
  return target.members.flatMap((member) => propertiesOf(member, names, depth + 1));
}

/** Keys of the named schemas that a schema's shape refers to, directly or through others, itself not included. */
export function referencedSchemas(start: readonly Schema[], resolve: (key: string) => Schema): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...start];
  for (let schema = open.pop(); schema !== undefined; schema = open.pop()) {
    open.push(...partsOf(schema), ...(schema.rules ?? []).flatMap(partsOfRule));
    if (schema.kind !== "ref" || found.has(schema.key)) continue;
    found.add(schema.key);
    open.push(resolve(schema.key));
  }
  return found;
}

function partsOf(schema: Schema): readonly Schema[] {
  switch (schema.kind) {
    case "array":
      return [...schema.prefix, schema.items, ...(schema.contains === undefined ? [] : [schema.contains])];
    case "object":
      return [
        ...schema.properties.map((property) => property.schema),
        ...schema.patternProperties.map((entry) => entry.schema),
        ...(schema.dependencies ?? []).map((dependency) => dependency.schema),
        ...[schema.additional, schema.propertyNames].filter((part) => part !== undefined),
      ];
    case "union":
    case "intersection":
      return schema.members;
    default:
      return [];
  }
}

function partsOfRule(rule: SchemaRule): readonly Schema[] {
  return rule.kind === "conditional" ? [rule.if, rule.matching, rule.otherwise] : [rule.schema];
}
