import type { AvroCodec, AvroField } from "../../model/index.js";
import { callOf, jsonLiteral, list, object, text, type Literal } from "./schema-literal.js";
import { programName } from "./schema-types.js";

/** The names that Avro codecs are made of. */
export interface AvroNames {
  /** The runtime's vocabulary, `avro`. */
  readonly avro: string;
  /** The constant that holds a named schema's codec. */
  codec(key: string): string;
}

/** The code that makes an Avro schema's codec. */
export function avroLiteral(codec: AvroCodec, names: AvroNames): Literal {
  const call = (name: string, argument?: Literal): Literal => callOf(`${names.avro}.${name}`, argument);
  switch (codec.kind) {
    case "null":
    case "boolean":
    case "int":
    case "long":
    case "float":
    case "double":
    case "string":
    case "bytes":
      return call(codec.kind);
    case "text":
      return call(codec.name);
    case "decimal":
      return call(
        "decimal",
        object([
          ["precision", text(`${codec.precision}`)],
          ["scale", codec.scale === 0 ? undefined : text(`${codec.scale}`)],
          ["size", codec.size === undefined ? undefined : text(`${codec.size}`)],
        ]),
      );
    case "fixed":
      return call("fixed", object([["size", text(`${codec.size}`)]]));
    case "enum":
      return call(
        "enum",
        object([
          ["symbols", list(codec.symbols.map(jsonLiteral))],
          ["default", codec.default === undefined ? undefined : jsonLiteral(codec.default)],
        ]),
      );
    case "array":
    case "map":
      return call(codec.kind, avroLiteral(codec.of, names));
    case "union":
      return call("union", list(codec.branches.map((branch) => avroLiteral(branch, names))));
    case "record":
      return call("record", recordRules(codec.fields, names));
    case "ref":
      return { kind: "thunk", name: names.codec(codec.key) };
  }
}

function recordRules(fields: readonly AvroField[], names: AvroNames): Literal {
  const defaults = fields.flatMap(({ name, default: fallback }) =>
    fallback === undefined ? [] : [[name, jsonLiteral(fallback)] as const],
  );
  const renamed = fields.flatMap(({ name }) => {
    const program = programName(name);
    return program === name ? [] : [[program, jsonLiteral(name)] as const];
  });
  return object([
    ["fields", object(fields.map(({ name, type }) => [name, avroLiteral(type, names)]))],
    ["defaults", defaults.length === 0 ? undefined : object(defaults)],
    ["names", renamed.length === 0 ? undefined : object(renamed)],
  ]);
}

/** Keys of the named schemas whose codecs a codec needs, itself not included. */
export function referencedCodecs(
  start: readonly AvroCodec[],
  resolve: (key: string) => AvroCodec | undefined,
): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...start];
  for (let codec = open.pop(); codec !== undefined; codec = open.pop()) {
    switch (codec.kind) {
      case "array":
      case "map":
        open.push(codec.of);
        break;
      case "union":
        open.push(...codec.branches);
        break;
      case "record":
        open.push(...codec.fields.map(({ type }) => type));
        break;
      case "ref": {
        if (found.has(codec.key)) break;
        found.add(codec.key);
        const target = resolve(codec.key);
        if (target !== undefined) open.push(target);
        break;
      }
      default:
    }
  }
  return found;
}
