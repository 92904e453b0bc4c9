import type { NamedSchema, Schema } from "../../model/index.js";
import { pascalCase } from "../../plan/index.js";

/**
 * The named schemas, with those of their parts that cannot stand inside of a type without being hard to read as named
 * schemas of their own: unions, value lists and objects in arrays and maps. References by which a schema is directly
 * itself are taken out: neither a type nor a check can follow them.
 */
export function hoistSchemas(schemas: readonly NamedSchema[]): readonly NamedSchema[] {
  const byKey = new Map(schemas.map((schema) => [schema.key, schema]));
  const result: NamedSchema[] = [];

  for (const named of schemas) {
    const extras: NamedSchema[] = [];
    let count = 0;

    const extract = (schema: Schema, name: string): Schema => {
      const key = `${named.key}#${++count}`;
      const inner = walk(schema, name, true);
      extras.push({ key, name, schema: inner, origin: schema.origin });
      return { ...schema, kind: "ref", key };
    };

    /** In arrays and maps: what is more than one word gets a name. */
    const nested = (schema: Schema, name: string): Schema =>
      needsName(schema) ? extract(schema, name) : walk(schema, name, false);

    const walk = (schema: Schema, name: string, top: boolean): Schema => {
      switch (schema.kind) {
        case "array":
          // a tuple can be too long for the line of its property
          if (!top && schema.prefix.length > 0) return extract(schema, name);
          return {
            ...schema,
            items: nested(schema.items, `${name}Item`),
            prefix: schema.prefix.map((item, i) => nested(item, `${name}Item${i + 1}`)),
          };
        case "object": {
          if (!top && schema.properties.length > 0) return extract(schema, name);
          return {
            ...schema,
            properties: schema.properties.map((property) => ({
              ...property,
              schema: walk(property.schema, name + pascalCase(property.name), false),
            })),
            additional: schema.additional && nested(schema.additional, `${name}Value`),
            patternProperties: schema.patternProperties.map(({ pattern, schema: value }) => ({
              pattern,
              schema: nested(value, `${name}Value`),
            })),
          };
        }
        case "union":
          return {
            ...schema,
            members: schema.members
              .filter((member) => !(top && leadsBack(member, named.key, byKey)))
              .map((member, i) => walk(member, `${name}Option${i + 1}`, false)),
          };
        case "intersection":
          return {
            ...schema,
            members: schema.members
              .filter((member) => !(top && leadsBack(member, named.key, byKey)))
              .map((member, i) => nested(member, `${name}Part${i + 1}`)),
          };
        case "ref":
          return top && leadsBack(schema, named.key, byKey) ? { ...schema, kind: "any" } : schema;
        default:
          return schema;
      }
    };

    const schema = walk(named.schema, named.name, true);
    result.push({ ...named, schema }, ...extras);
  }
  return result;
}

function needsName(schema: Schema): boolean {
  switch (schema.kind) {
    case "union":
    case "intersection":
      return true;
    case "enum":
      return schema.values.length > 1;
    case "object":
      return schema.properties.length > 0;
    default:
      return false;
  }
}

/** Whether a schema is the named one again without an object or array in between. */
function leadsBack(start: Schema, key: string, byKey: ReadonlyMap<string, NamedSchema>): boolean {
  const open: Schema[] = [start];
  const seen = new Set<string>();
  for (let schema = open.pop(); schema !== undefined; schema = open.pop()) {
    if (schema.kind === "union" || schema.kind === "intersection") open.push(...schema.members);
    if (schema.kind !== "ref") continue;
    if (schema.key === key) return true;
    if (seen.has(schema.key)) continue;
    seen.add(schema.key);
    const target = byKey.get(schema.key);
    if (target !== undefined) open.push(target.schema);
  }
  return false;
}
