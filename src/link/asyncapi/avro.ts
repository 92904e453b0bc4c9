import { nearest } from "../../diagnostics/index.js";
import { entryOf, type JsonNode, refOf, type Schema, type SchemaShape, stringOf } from "../../model/index.js";
import type { Context } from "./context.js";
import { child, children, type Place, rootOf } from "./place.js";
import { any } from "./schema-parts.js";

/** Turns Avro schemas into types. Their wire format is not part of the model. */
export interface Avro {
  convert(place: Place, name: string): Schema;
}

interface AvroInput {
  readonly context: Context;
  /** Names a schema and refers to it; the schema itself is built later. */
  readonly register: (place: Place, name: string, build: () => Schema) => Schema;
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

  function convert(place: Place, name: string): Schema {
    const target = refOf(place.node) === undefined ? place : context.refs.follow(place);
    if (target === undefined) return any(place.node.origin);
    return schemaOf(target, { name, namespace: "", root: target });
  }

  interface Around {
    /** For what has no name of its own. */
    readonly name: string;
    readonly namespace: string;
    /** Where names are looked for first; then in the whole file. */
    readonly root: Place;
  }

  function schemaOf(place: Place, around: Around): Schema {
    const { node } = place;
    if (node.kind === "array") {
      const members = children(place).map((member) => schemaOf(member, around));
      return plain(node, { kind: "union", members, exactlyOne: false, discriminator: undefined });
    }
    if (node.kind === "scalar") return byName(node, around);
    const type = child(place, "type");
    if (type === undefined) return any(node.origin);
    const kind = stringOf(type.node);
    if (kind === undefined) return schemaOf(type, around);
    const own = stringOf(entryOf(node, "name")?.value) ?? "";
    const namespace = fullName(own, stringOf(entryOf(node, "namespace")?.value) ?? around.namespace)
      .split(".")
      .slice(0, -1)
      .join(".");
    const name = own.split(".").at(-1) || around.name;
    const inner = { name, namespace, root: around.root };
    switch (kind) {
      case "record":
      case "error":
        return register(place, name, () => recordOf(place, inner));
      case "enum":
        return register(place, name, () => {
          const values = children(child(place, "symbols")).flatMap(({ node: symbol }) => stringOf(symbol) ?? []);
          return plain(node, { kind: "enum", values });
        });
      case "array": {
        const items = child(place, "items");
        return plain(node, {
          kind: "array",
          prefix: [],
          items: items === undefined ? any(node.origin) : schemaOf(items, around),
          minItems: undefined,
          maxItems: undefined,
          uniqueItems: false,
        });
      }
      case "map": {
        const values = child(place, "values");
        return plain(node, {
          kind: "object",
          properties: [],
          additional: values === undefined ? any(node.origin) : schemaOf(values, around),
          patternProperties: [],
          minProperties: undefined,
          maxProperties: undefined,
        });
      }
      case "fixed":
        return plain(node, text("binary"));
      default:
        return byName(type.node, around, stringOf(entryOf(node, "logicalType")?.value));
    }
  }

  function recordOf(place: Place, inner: Around): Schema {
    const properties = children(child(place, "fields")).flatMap((field) => {
      const name = stringOf(entryOf(field.node, "name")?.value);
      const type = child(field, "type");
      if (name === undefined || type === undefined) return [];
      const schema = schemaOf(type, { ...inner, name: `${inner.name}_${name}` });
      const doc = docOf(field.node) || schema.description;
      const required = entryOf(field.node, "default") === undefined;
      return [{ name, required, readOnly: false, schema: { ...schema, description: doc } }];
    });
    return plain(place.node, {
      kind: "object",
      properties,
      additional: any(place.node.origin),
      patternProperties: [],
      minProperties: undefined,
      maxProperties: undefined,
    });
  }

  function byName(node: JsonNode, { namespace, root }: Around, logicalType?: string): Schema {
    const name = stringOf(node) ?? "";
    const primitive = primitiveOf(name, logicalType);
    if (primitive !== undefined) return plain(node, primitive);
    for (const place of [root, rootOf(root.document)]) {
      const declared = scopeOf(place).get(fullName(name, namespace)) ?? scopeOf(place).get(name);
      if (declared === undefined) continue;
      return schemaOf(declared.place, { name, namespace: declared.namespace, root });
    }
    // in 2.x the official validator says so
    if (context.major === 3) {
      const known = [...scopeOf(rootOf(root.document)).keys()];
      context.fault("E3042", node.origin, { name, nearest: nearest(name, [...primitives, ...known]) });
    }
    return any(node.origin);
  }

  return { convert };
}

function fullName(name: string, namespace: string): string {
  return name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
}

const primitives = ["null", "boolean", "int", "long", "float", "double", "string", "bytes"];

function primitiveOf(name: string, logicalType: string | undefined): SchemaShape | undefined {
  switch (name) {
    case "null":
    case "boolean":
      return { kind: name };
    case "int":
      return integer("int32");
    case "long":
      return integer("int64");
    case "float":
    case "double":
      return { ...integer(name), kind: "number" };
    case "string":
      return text(logicalType === "uuid" ? "uuid" : undefined);
    case "bytes":
      return text("binary");
    default:
      return undefined;
  }
}

function integer(
  format: string,
): Extract<SchemaShape, { readonly format: string | undefined; readonly multipleOf: number | undefined }> {
  return {
    kind: "integer",
    format,
    minimum: undefined,
    maximum: undefined,
    exclusiveMinimum: undefined,
    exclusiveMaximum: undefined,
    multipleOf: undefined,
  };
}

function text(format: string | undefined): SchemaShape {
  return { kind: "string", format, minLength: undefined, maxLength: undefined, pattern: undefined };
}

function docOf(node: JsonNode): string {
  return stringOf(entryOf(node, "doc")?.value)?.trimEnd() ?? "";
}

function plain(node: JsonNode, shape: SchemaShape): Schema {
  return { ...any(node.origin), ...shape, description: docOf(node) };
}
