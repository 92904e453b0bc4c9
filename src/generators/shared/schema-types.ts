import type { JsonValue, NamedSchema, ObjectSchema, Schema, SchemaProperty } from "../../model/index.js";
import { safeProperty } from "../../plan/index.js";
import { printTyped, type TypePart } from "./expressions.js";
import { docComment, fits, indentLines, propertyName, stringLiteral } from "./print.js";
import { numberLiteral } from "./schema-literal.js";

/** What readers get (`whole`) or what writers may hand in (`init`). */
export type TypeForm = "whole" | "init";

/** The names that types are made of. */
export interface TypeNames {
  /** The type of a named schema in that form. */
  schema(key: string, form: TypeForm): string;
  message(typeName: string, form: TypeForm): string;
  /** `JsonValue`. */
  json(): string;
  /** `Uint8Array`. */
  bytes(): string;
  /** The named schema of a key. */
  resolve(key: string): Schema;
}

/** The alternatives of a schema's type, without duplicates. */
export function typeParts(schema: Schema, form: TypeForm, names: TypeNames): readonly TypePart[] {
  const parts = collectParts(schema, form, names);
  const seen = new Map(parts.map((part) => [typeof part === "string" ? part : JSON.stringify(part), part]));
  const unique = [...seen.values()];
  // with anything allowed the others say nothing
  if (unique.includes(anything)) return [anyType(form, names)];
  const inhabited = unique.filter((part) => part !== "never");
  return inhabited.length === 0 ? ["never"] : inhabited;
}

/** Stands for any JSON until it is clear that its name is needed: asking for a name imports it. */
const anything = "unknown";

function collectParts(schema: Schema, form: TypeForm, names: TypeNames): readonly TypePart[] {
  switch (schema.kind) {
    case "any":
      return [anything];
    case "never":
    case "null":
    case "boolean":
    case "string":
    case "number":
      return [schema.kind];
    case "integer":
      return ["number"];
    case "bytes":
      return [names.bytes()];
    case "long":
      return ["bigint"];
    case "enum":
      return schema.values.map(valueType);
    case "array":
      return [arrayType(schema, form, names)];
    case "object":
      return [mapType(schema, form, names)];
    case "union":
      return schema.members.length === 0
        ? ["never"]
        : schema.members.flatMap((member) => collectParts(member, form, names));
    case "intersection":
      return intersectionParts(schema.members, form, names);
    case "ref":
      return [names.schema(schema.key, form)];
    case "proto":
      return [names.message(schema.typeName, form)];
  }
}

function anyType(form: TypeForm, names: TypeNames): string {
  return form === "whole" ? names.json() : "unknown";
}

function valueType(value: JsonValue): string {
  if (typeof value === "string") return stringLiteral(value);
  if (typeof value === "number") return numberLiteral(value);
  return typeof value === "object" && value !== null ? anything : String(value);
}

function intersectionParts(members: readonly Schema[], form: TypeForm, names: TypeNames): readonly TypePart[] {
  // a union of rules says nothing about the type either
  const said = members.filter((member) => !collectParts(member, form, names).includes(anything));
  const [only] = said;
  if (only === undefined) return [anything];
  if (said.length === 1) return collectParts(only, form, names);
  return [[...new Set(said.map((member) => inline(member, form, names)))].join(" & ")];
}

/** A type in one text, in parentheses where an operator follows. */
function inline(schema: Schema, form: TypeForm, names: TypeNames): string {
  const parts = typeParts(schema, form, names).map(partText);
  return parts.length > 1 ? `(${parts.join(" | ")})` : (parts[0] ?? "never");
}

function partText(part: TypePart): string {
  return typeof part === "string" ? part : `{ ${part.members.join("; ")} }`;
}

function arrayType(schema: Schema & { readonly kind: "array" }, form: TypeForm, names: TypeNames): string {
  const prefix = form === "init" ? "readonly " : "";
  const element = (item: Schema): string => {
    const text = inline(item, form, names);
    return text.startsWith("readonly ") || text.includes(" & ") ? `(${text})` : text;
  };
  if (schema.prefix.length === 0) {
    // without rest nothing may be in it
    return schema.items.kind === "never" ? `${prefix}[]` : `${prefix}${element(schema.items)}[]`;
  }
  const required = schema.minItems ?? 0;
  const items = schema.prefix.map((item, i) => (i < required ? inline(item, form, names) : `${element(item)}?`));
  if (schema.items.kind !== "never") items.push(`...${element(schema.items)}[]`);
  return `${prefix}[${items.join(", ")}]`;
}

/** Objects without properties of their own are maps. */
function mapType(schema: ObjectSchema, form: TypeForm, names: TypeNames): TypePart {
  const values = schema.patternProperties.map((entry) => entry.schema);
  if (schema.additional !== undefined && schema.additional.kind !== "never") values.push(schema.additional);
  const value =
    values.length > 0
      ? [...new Set(values.flatMap((part) => typeParts(part, form, names).map(partText)))].join(" | ")
      : schema.additional?.kind === "never"
        ? "never"
        : anyType(form, names);
  return { members: [`[key: string]: ${value}`] };
}

/** The declaration of a named schema: an interface for objects with properties, else an alias. */
export function printSchemaType(
  name: string,
  { schema }: Pick<NamedSchema, "schema">,
  form: TypeForm,
  names: TypeNames,
): string {
  const doc = form === "whole" ? schemaDoc(schema) : "";
  if (schema.kind !== "object" || schema.properties.length === 0) {
    const parts = typeParts(schema, form, names);
    return `${doc}${printAlias(`export type ${name}`, parts)}`;
  }
  const renamed = propertyNames(schema.properties);
  const members = schema.properties.map((property) => {
    return printProperty({ ...property, name: renamed.get(property.name) ?? property.name }, form, names);
  });
  return `${doc}export interface ${name} {\n${members.join("\n")}\n}`;
}

/**
 * What programs call the properties whose JSON names every object inherits (`toString`, `__proto__`): as such no object
 * literal without them would fit the type, and absent ones would be read from the prototype. By JSON name.
 */
export function propertyNames(properties: readonly SchemaProperty[]): ReadonlyMap<string, string> {
  const taken = new Set(properties.map(({ name }) => name));
  const renamed = new Map<string, string>();
  for (const { name } of properties) {
    let safe = programName(name);
    if (safe === name) continue;
    while (taken.has(safe)) safe += "$";
    taken.add(safe);
    renamed.set(name, safe);
  }
  return renamed;
}

/** The name that programs have for a JSON property, others of its object left aside. */
export function programName(name: string): string {
  return /^\w+$/.test(name) && safeProperty(name) === `${name}$` ? `${name}$` : name;
}

/** An intersection breaks before each `&`, everything else as a union does. */
function printAlias(head: string, parts: readonly TypePart[]): string {
  const [only] = parts;
  if (parts.length === 1 && typeof only === "string" && only.includes(" & ")) {
    const line = `${head} = ${only};`;
    return fits(line) ? line : `${head} = ${only.split(" & ").join(" &\n  ")};`;
  }
  if (parts.length === 1 && typeof only === "object" && fits(`${head} =`) && !fits(`${head} = {`)) {
    return `${head} =\n  {\n${only.members.map((member) => `    ${member};\n`).join("")}  };`;
  }
  if (parts.length === 1 && typeof only === "string" && /^(readonly )?\[/.test(only)) return printTuple(head, only);
  return printTyped(head, parts, ";", 0, " =");
}

function printTuple(head: string, tuple: string): string {
  const line = `${head} = ${tuple};`;
  if (fits(line)) return line;
  const open = tuple.indexOf("[");
  const items = tuple
    .slice(open + 1, -1)
    .split(", ")
    .map((item) => `  ${item}`);
  return `${head} = ${tuple.slice(0, open)}[\n${items.join(",\n")},\n];`;
}

function printProperty(property: SchemaProperty, form: TypeForm, names: TypeNames): string {
  const fallback = usableDefault(property.schema, names);
  const always =
    form === "whole" ? property.required || fallback !== undefined : property.required && fallback === undefined;
  const parts = typeParts(property.schema, form, names);
  const widest = parts[0] === "unknown";
  const all = always || widest || parts.includes("undefined") ? parts : [...parts, "undefined"];
  const head = `${propertyName(property.name)}${always ? "" : "?"}`;
  const doc = form === "whole" ? schemaDoc(property.schema, 2) : "";
  return `${doc}${indentLines(printTyped(head, all, ";", 2), 0).replace(/^/, "  ")}`;
}

/** The doc comment of a schema: its description, else its title. */
function schemaDoc(schema: Schema, indent = 0): string {
  return docComment(schema.description || schema.title, indent, schema.deprecated ? ["@deprecated"] : []);
}

/** A default that fits its schema, so that readers may rely on it. */
export function usableDefault(schema: Schema, names: Pick<TypeNames, "resolve">): JsonValue | undefined {
  const target = resolved(schema, names);
  const value = schema.default ?? target?.default;
  // whether it meets rules is not known before it is checked
  if (value === undefined || target === undefined || hasRules(schema) || hasRules(target)) return undefined;
  switch (target.kind) {
    case "string": {
      const long = typeof value === "string" && value.length >= (target.minLength ?? 0);
      return long && value.length <= (target.maxLength ?? Infinity) ? value : undefined;
    }
    case "boolean":
      return typeof value === "boolean" ? value : undefined;
    case "number":
    case "integer":
      return typeof value === "number" &&
        (target.kind === "number" || Number.isInteger(value)) &&
        value >= (target.minimum ?? -Infinity) &&
        value <= (target.maximum ?? Infinity)
        ? value
        : undefined;
    case "enum":
      return target.values.includes(value) ? value : undefined;
    case "long":
      return Number.isSafeInteger(value) ? value : undefined;
    case "array":
      return Array.isArray(value) && value.length === 0 && (target.minItems ?? 0) === 0 ? value : undefined;
    case "object":
      return isEmptyMap(target) && isEmptyObject(value) ? value : undefined;
    case "union":
      return value === null && target.members.some(({ kind }) => kind === "null") ? value : undefined;
    default:
      return undefined;
  }
}

function isEmptyMap({ properties, minProperties, propertyNames, dependencies }: ObjectSchema): boolean {
  return (
    properties.length === 0 && minProperties === undefined && propertyNames === undefined && dependencies === undefined
  );
}

function isEmptyObject(value: JsonValue): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

function hasRules({ rules = [] }: Schema): boolean {
  return rules.length > 0;
}

/** The schema behind references; undefined when they lead in a circle. */
export function resolved(schema: Schema, names: Pick<TypeNames, "resolve">): Schema | undefined {
  let current = schema;
  for (let steps = 0; current.kind === "ref"; steps++) {
    if (steps > 100) return undefined;
    current = names.resolve(current.key);
  }
  return current;
}

/** Keys of the named schemas whose writers' type differs from the readers'. */
export function schemasWithInit(schemas: readonly NamedSchema[]): ReadonlySet<string> {
  const found = new Set<string>();
  const differs = (schema: Schema): boolean => {
    switch (schema.kind) {
      case "any":
      case "array":
      case "proto":
        return true;
      case "object":
        return true;
      case "enum":
        return schema.values.some((value) => typeof value === "object" && value !== null);
      case "union":
      case "intersection":
        return schema.members.some(differs);
      case "ref":
        return found.has(schema.key);
      default:
        return false;
    }
  };
  for (let size = -1; size < found.size;) {
    size = found.size;
    for (const { key, schema } of schemas) if (differs(schema)) found.add(key);
  }
  return found;
}
