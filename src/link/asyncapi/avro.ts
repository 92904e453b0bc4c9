import { nearest } from "../../diagnostics/index.js";
import {
  type AvroCodec,
  type AvroField,
  entryOf,
  type JsonNode,
  jsonOf,
  type JsonValue,
  refOf,
  type Schema,
  type SchemaProperty,
  type SchemaShape,
  stringOf,
} from "../../model/index.js";
import { type AvroPart, fixedOf, logicalOf, primitiveOf, primitives } from "./avro-types.js";
import type { Context } from "./context.js";
import { child, children, type Place, rootOf } from "./place.js";
import { any, numberOf } from "./schema-parts.js";

/** What programs see of an Avro schema, and how it travels. */
export interface AvroSchema {
  readonly schema: Schema;
  readonly avro: AvroCodec;
}

/** Turns Avro schemas into types and codecs. */
export interface Avro {
  convert(place: Place, name: string): AvroSchema;
}

interface AvroInput {
  readonly context: Context;
  /** Names a schema and refers to it; the schema itself is built later. */
  readonly register: (place: Place, name: string, build: () => AvroSchema) => Schema & { readonly kind: "ref" };
}

/** A named type and the namespace that unqualified names in it belong to. */
interface Declared {
  readonly place: Place;
  readonly namespace: string;
}

export function createAvro({ context, register }: AvroInput): Avro {
  /** Named types by full name, per tree they were looked for in. */
  const scopes = new Map<JsonNode, ReadonlyMap<string, Declared>>();

  function scopeOf(root: Place): ReadonlyMap<string, Declared> {
    let scope = scopes.get(root.node);
    if (scope === undefined) scopes.set(root.node, (scope = collect(root)));
    return scope;
  }

  function collect(root: Place): ReadonlyMap<string, Declared> {
    const found = new Map<string, Declared>();
    const visit = (place: Place, outer: string): void => {
      const name = stringOf(entryOf(place.node, "name")?.value);
      const type = stringOf(entryOf(place.node, "type")?.value) ?? "";
      let namespace = outer;
      if (name !== undefined && ["record", "error", "enum", "fixed"].includes(type)) {
        const full = fullName(name, stringOf(entryOf(place.node, "namespace")?.value) ?? outer);
        namespace = full.split(".").slice(0, -1).join(".");
        if (!found.has(full)) found.set(full, { place, namespace });
      }
      for (const inner of children(place)) visit(inner, namespace);
    };
    visit(root, "");
    return found;
  }

  function convert(place: Place, name: string): AvroSchema {
    const target = refOf(place.node) === undefined ? place : context.refs.follow(place);
    return target === undefined ? unknown(place.node) : schemaOf(target, { name, namespace: "", root: target });
  }

  interface Around {
    /** For what has no name of its own. */
    readonly name: string;
    readonly namespace: string;
    /** Where names are looked for first; then in the whole file. */
    readonly root: Place;
  }

  function schemaOf(place: Place, around: Around): AvroSchema {
    const { node } = place;
    if (node.kind === "array") {
      const members = children(place).map((member) => schemaOf(member, around));
      const schemas = members.map(({ schema }) => schema);
      return {
        schema: plain(node, { kind: "union", members: schemas, exactlyOne: false, discriminator: undefined }),
        avro: { kind: "union", branches: members.map(({ avro }) => avro) },
      };
    }
    if (node.kind === "scalar") return byName(node, around);
    const type = child(place, "type");
    if (type === undefined) return wrong(node, "an Avro type has no `type`");
    const kind = stringOf(type.node);
    if (kind === undefined) return schemaOf(type, around);
    const own = stringOf(entryOf(node, "name")?.value) ?? "";
    const lacks = missingIn(node, kind);
    if (lacks !== undefined) return wrong(type.node, `the Avro ${kind}${own === "" ? "" : ` ${own}`} has no ${lacks}`);
    const namespace = fullName(own, stringOf(entryOf(node, "namespace")?.value) ?? around.namespace)
      .split(".")
      .slice(0, -1)
      .join(".");
    const name = own.split(".").at(-1) || around.name;
    const inner = { name, namespace, root: around.root };
    switch (kind) {
      case "record":
      case "error":
        return named(place, name, () => recordOf(place, inner));
      case "enum":
        return named(place, name, () => {
          const symbols = children(child(place, "symbols")).flatMap(({ node: symbol }) => stringOf(symbol) ?? []);
          const fallback = stringOf(entryOf(node, "default")?.value);
          return {
            schema: plain(node, { kind: "enum", values: symbols }),
            avro: { kind: "enum", symbols, default: fallback },
          };
        });
      case "array": {
        const items = partOf(place, "items", around);
        const shape = { prefix: [], minItems: undefined, maxItems: undefined, uniqueItems: false };
        return {
          schema: plain(node, { ...shape, kind: "array", items: items.schema }),
          avro: { kind: "array", of: items.avro },
        };
      }
      case "map": {
        const values = partOf(place, "values", around);
        return {
          schema: plain(node, { ...emptyObject, kind: "object", properties: [], additional: values.schema }),
          avro: { kind: "map", of: values.avro },
        };
      }
      case "fixed":
        return leaf(node, logicalOf(node, fixedOf(numberOf(node, "size") ?? 0)));
      default: {
        const primitive = primitiveOf(kind);
        return primitive === undefined ? byName(type.node, around) : leaf(node, logicalOf(node, primitive));
      }
    }
  }

  function named(place: Place, name: string, build: () => AvroSchema): AvroSchema {
    const schema = register(place, name, build);
    return { schema, avro: { kind: "ref", key: schema.key } };
  }

  /** Says what is wrong; the official parser says it of the whole schema. */
  function wrong(node: JsonNode, what: string): AvroSchema {
    context.fault("E3048", node.origin, { what });
    return unknown(node);
  }

  function partOf(place: Place, key: "items" | "values", around: Around): AvroSchema {
    const part = child(place, key);
    return part === undefined ? unknown(place.node) : schemaOf(part, around);
  }

  function recordOf(place: Place, inner: Around): AvroSchema {
    const properties: SchemaProperty[] = [];
    const fields: AvroField[] = [];
    for (const field of children(child(place, "fields"))) {
      const name = stringOf(entryOf(field.node, "name")?.value);
      const type = child(field, "type");
      if (name === undefined || type === undefined) {
        const which = name === undefined ? "" : ` ${name}`;
        wrong(
          field.node,
          `the field${which} of the Avro record ${inner.name} has no ${name === undefined ? "name" : "type"}`,
        );
        continue;
      }
      if (fields.some((other) => other.name === name)) {
        wrong(child(field, "name")?.node ?? field.node, `the Avro record ${inner.name} has two fields ${name}`);
        continue;
      }
      const { schema, avro } = schemaOf(type, { ...inner, name: `${inner.name}_${name}` });
      const written = entryOf(field.node, "default")?.value;
      const fallback = written && jsonOf(written);
      const description = docOf(field.node) || schema.description;
      // what a field is by default tells programs that it is always there
      const preset = isPlainDefault(avro, fallback) ? fallback : undefined;
      const described = { ...schema, description, default: preset };
      properties.push({ name, required: written === undefined, readOnly: false, schema: described });
      fields.push({ name, type: avro, default: fallback });
    }
    const additional = any(place.node.origin);
    return {
      schema: plain(place.node, { ...emptyObject, kind: "object", properties, additional }),
      avro: { kind: "record", fields },
    };
  }

  function byName(node: JsonNode, { namespace, root }: Around): AvroSchema {
    const name = stringOf(node);
    if (name === undefined) {
      const found = node.kind === "scalar" ? String(node.value) : "no text";
      return wrong(
        node,
        `an Avro type is a text, found ${found}${node.kind === "scalar" && node.value === null ? ': write "null" in quotes' : ""}`,
      );
    }
    const primitive = primitiveOf(name);
    if (primitive !== undefined) return leaf(node, primitive);
    for (const place of [root, rootOf(root.document)]) {
      const declared = scopeOf(place).get(fullName(name, namespace)) ?? scopeOf(place).get(name);
      if (declared === undefined) continue;
      return schemaOf(declared.place, { name, namespace: declared.namespace, root });
    }
    const known = [...scopeOf(rootOf(root.document)).keys()];
    context.fault("E3042", node.origin, { name, nearest: nearest(name, [...primitives, ...known]) });
    return unknown(node);
  }

  return { convert };
}

/** What each type cannot do without, and the first of it that is not there. */
function missingIn(node: JsonNode, kind: string): string | undefined {
  const has = (key: string): boolean => entryOf(node, key) !== undefined;
  const named =
    ["record", "error", "enum", "fixed"].includes(kind) && stringOf(entryOf(node, "name")?.value) === undefined;
  if (named) return "name";
  const key = parts.get(kind);
  if (key === undefined) return undefined;
  const list = key === "fields" || key === "symbols";
  if (list && has(key) && entryOf(node, key)?.value.kind !== "array") return `list of ${key}`;
  return has(key) ? undefined : key;
}

const parts: ReadonlyMap<string, string> = new Map([
  ["record", "fields"],
  ["error", "fields"],
  ["enum", "symbols"],
  ["array", "items"],
  ["map", "values"],
  ["fixed", "size"],
]);

/** What was reported. */
function unknown(node: JsonNode): AvroSchema {
  return { schema: any(node.origin), avro: { kind: "null" } };
}

function leaf(node: JsonNode, { shape, codec }: AvroPart): AvroSchema {
  return { schema: plain(node, shape), avro: codec };
}

const emptyObject = { patternProperties: [], minProperties: undefined, maxProperties: undefined };

/** Avro's JSON is ours for these. */
function isPlainDefault(avro: AvroCodec, value: JsonValue | undefined): boolean {
  switch (avro.kind) {
    case "union":
      return avro.branches[0] !== undefined && isPlainDefault(avro.branches[0], value);
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value) && value.length === 0;
    case "map":
      return typeof value === "object" && value !== null && Object.keys(value).length === 0;
    case "boolean":
    case "int":
    case "long":
    case "float":
    case "double":
    case "string":
    case "enum":
    case "ref":
      return value !== undefined && (typeof value !== "object" || value === null);
    default:
      return false;
  }
}

function fullName(name: string, namespace: string): string {
  return name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
}

function docOf(node: JsonNode): string {
  return stringOf(entryOf(node, "doc")?.value)?.trimEnd() ?? "";
}

function plain(node: JsonNode, shape: SchemaShape): Schema {
  return { ...any(node.origin), ...shape, description: docOf(node) };
}
