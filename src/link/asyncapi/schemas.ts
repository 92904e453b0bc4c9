import { entryOf, type JsonNode, type NamedSchema, refOf, type Schema, stringOf } from "../../model/index.js";
import { type AvroSchema, createAvro } from "./avro.js";
import type { Context } from "./context.js";
import { schemaFormatOf } from "./formats.js";
import {
  discriminatorOf,
  isNamedPlace,
  joinNames,
  optionNames,
  targetName,
  titleName,
  withoutPackage,
} from "./names.js";
import { child, children, type Place, pointerOf } from "./place.js";
import { annotate, annotationsOf, any, booleanOf, isConstrained, overlay, withRules } from "./schema-parts.js";
import { createShapes, type JsonFormat, jsonFormats } from "./schema-shapes.js";

export type { JsonFormat } from "./schema-shapes.js";

/** Turns schemas into the model's and collects those that have a name. */
export interface Schemas {
  /** A schema, or a `$ref` to one. Objects with properties get a name and are referred to. */
  convert(place: Place, name: string, format: JsonFormat): Schema;
  /** The same, but whatever it is gets that name, `$ref`s excepted. */
  convertNamed(place: Place, name: string, format: JsonFormat): Schema;
  /** An Avro schema, likewise named. */
  convertAvro(place: Place, name: string): AvroSchema;
  /** What a `ref` stands for. */
  get(key: string): Schema | undefined;
  /** All named ones: those of this document in its order, then those of others. */
  named(): readonly NamedSchema[];
}

type NamedRef = Schema & { readonly kind: "ref" };

export function createSchemas(context: Context): Schemas {
  const named = new Map<string, NamedSchema>();
  const names = new Set<string>();
  const waiting: (() => void)[] = [];

  function finish<T>(schema: T): T {
    for (let build = waiting.pop(); build !== undefined; build = waiting.pop()) build();
    return schema;
  }

  function keyOf({ document, path }: Place): string {
    const pointer = pointerOf(path);
    return document === context.document ? pointer : `${document.source.path}#${pointer}`;
  }

  function register(place: Place, name: string, build: () => Schema): NamedRef {
    return registerWith(place, name, () => ({ schema: build() }));
  }

  function registerWith(place: Place, name: string, build: () => Pick<NamedSchema, "schema" | "avro">): NamedRef {
    const key = keyOf(place);
    if (!named.has(key)) {
      const { origin } = place.node;
      named.set(key, { key, name, schema: any(origin), origin });
      names.add(name);
      // later, so that a long chain of schemas costs no stack
      waiting.push(() => named.set(key, { key, name, ...build(), origin }));
    }
    return { kind: "ref", key, ...annotationsOf(place.node) };
  }

  /** A title where nobody has that name yet, else the name made from where it stands. */
  function nameOf(node: JsonNode, fallback: string): string {
    const title = titleName(node);
    return title === undefined || names.has(title) ? fallback : title;
  }

  /** The short form of a name that has a package, unless another schema has that. */
  function shortest(name: string): string {
    const short = withoutPackage(name);
    return names.has(short) ? name : short;
  }

  function convert(place: Place, name: string, format: JsonFormat): Schema {
    const { node } = place;
    if (node.kind === "scalar" && typeof node.value === "boolean") {
      return node.value ? any(node.origin) : annotate({ kind: "never" }, node);
    }
    if (node.kind !== "object") return any(node.origin);
    if (refOf(node) !== undefined) return convertRef(place, format);
    const inner = multiFormat(place);
    if (inner !== undefined) return convertMultiFormat(inner.place, inner.mediaType, name);
    // rules are no types
    if (format.rule === true) return build(place, name, format);
    const properties = child(place, "properties");
    const hoisted = properties !== undefined && children(properties).length > 0;
    return hoisted ? register(place, nameOf(node, name), () => build(place, name, format)) : build(place, name, format);
  }

  function convertNamed(place: Place, name: string, format: JsonFormat): Schema {
    const { node } = place;
    if (node.kind !== "object" || refOf(node) !== undefined || multiFormat(place) !== undefined) {
      return convert(place, name, format);
    }
    return register(place, nameOf(node, name), () => build(place, name, format));
  }

  function convertRef(place: Place, around: JsonFormat): Schema {
    const format = around.rule === true ? { ...around, rule: false } : around;
    const { places, end } = context.refs.chain(place);
    if (end === undefined) return any(place.node.origin);
    if (end.kind === "proto") {
      context.protoFiles.add(context.input.protoFileOf(end.typeName));
      return annotate({ kind: "proto", typeName: end.typeName }, place.node);
    }
    // the first name on the way is the one the author chose
    const target = places.slice(1).find(isNamedPlace) ?? places.at(-1);
    if (target === undefined) return any(place.node.origin);
    const name = shortest(targetName(target));
    const node = register(target, name, () =>
      refOf(target.node) === undefined ? buildTarget(target, name, format) : convertRef(target, format),
    );
    return { ...node, ...annotationsOf(place.node) };
  }

  function buildTarget(target: Place, name: string, format: JsonFormat): Schema {
    const inner = multiFormat(target);
    if (inner !== undefined) return convertMultiFormat(inner.place, inner.mediaType, name);
    return target.node.kind === "object" ? build(target, name, format) : convert(target, name, format);
  }

  function multiFormat(place: Place): { readonly place: Place; readonly mediaType: string } | undefined {
    const mediaType = stringOf(entryOf(place.node, "schemaFormat")?.value);
    const schema = child(place, "schema");
    return mediaType === undefined || schema === undefined ? undefined : { place: schema, mediaType };
  }

  function convertMultiFormat(place: Place, mediaType: string, name: string): Schema {
    const format = schemaFormatOf(mediaType);
    switch (format) {
      case "json":
      case "draft7":
      case "openapi":
        return convert(place, name, jsonFormats[format]);
      case "avro":
        return avro.convert(place, name).schema;
      case "protobuf":
        return refOf(place.node) === undefined ? any(place.node.origin) : convertRef(place, jsonFormats.json);
      case "other":
        return any(place.node.origin);
    }
  }

  /** Keywords of JSON Schema that nothing holds values against. */
  function reportUnchecked(node: JsonNode): void {
    for (const keyword of ["contentEncoding", "contentMediaType"]) {
      const entry = entryOf(node, keyword);
      if (entry !== undefined) context.warn("E3045", entry.origin, { keyword });
    }
    const said = entryOf(node, "format");
    if (stringOf(said?.value) === "idn-hostname" && said !== undefined) {
      context.warn("E3045", said.origin, { keyword: "format: idn-hostname" });
    }
  }

  function build(place: Place, name: string, format: JsonFormat): Schema {
    const { node } = place;
    reportUnchecked(node);
    const base = shapes.base(place, name, format);
    const parts = children(child(place, "allOf")).map((member, i) =>
      convert(member, joinNames(name, `Part${i + 1}`), format),
    );
    for (const key of ["oneOf", "anyOf"] as const) {
      const written = children(child(place, key));
      const options = optionNames(
        written.map((member) => member.node),
        discriminatorOf(node),
      );
      const members = written.map((member, i) => convert(member, joinNames(name, options[i] ?? ""), format));
      if (members.length > 0) parts.push(unionOf(node, members, key === "oneOf"));
    }
    // what has no type of its own is a rule of the whole
    const rules = parts.flatMap((part) => (part.kind === "any" ? (part.rules ?? []) : []));
    const said = parts.filter((part) => part.kind !== "any");
    const all = base !== undefined && (said.length === 0 || isConstrained(base)) ? [...said, base] : said;
    const [only] = all;
    const described = parts.find((part) => part.kind === "any" && part.description !== "")?.description ?? "";
    const schema: Schema =
      only === undefined
        ? annotate({ kind: "any" }, node)
        : all.length === 1
          ? overlay(only, node)
          : annotate({ kind: "intersection", members: all }, node);
    const ruled = withRules(schema, [...rules, ...shapes.rules(place, name, format)]);
    const result = ruled.description === "" && described !== "" ? { ...ruled, description: described } : ruled;
    if (format.nullable !== true || booleanOf(node, "nullable") !== true) return result;
    return annotate(
      { kind: "union", members: [result, nullSchema(node)], exactlyOne: false, discriminator: undefined },
      node,
    );
  }

  function unionOf(node: JsonNode, members: readonly Schema[], exactlyOne: boolean): Schema {
    return annotate({ kind: "union", members, exactlyOne, discriminator: discriminatorOf(node) }, node);
  }

  const shapes = createShapes(convert);
  const avro = createAvro({ context, register: registerWith });

  function order(): readonly NamedSchema[] {
    // documents in the order they were reached, whatever they are called from where the tool runs
    const rank = new Map(context.refs.documents().map(({ source }, i) => [source.file, i]));
    return [...named.values()].toSorted(({ origin: a, key: x }, { origin: b, key: y }) => {
      const files = (rank.get(a.file) ?? 0) - (rank.get(b.file) ?? 0);
      return files || a.line - b.line || a.column - b.column || (x < y ? -1 : 1);
    });
  }

  return {
    convert: (place, name, format) => finish(convert(place, name, format)),
    convertNamed: (place, name, format) => finish(convertNamed(place, name, format)),
    convertAvro: (place, name) => finish(avro.convert(place, name)),
    get: (key) => named.get(key)?.schema,
    named: order,
  };
}

function nullSchema(node: JsonNode): Schema {
  return { ...any(node.origin), kind: "null" };
}
