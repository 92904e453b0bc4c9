import { builtInEnums, builtInLimits, builtInMessages, type FieldSyntax, type ValueType } from "../../model/index.js";
import { editionNumber, noLimits, readLimits, type OptionLimits } from "./limits.js";
import { isScalar, type Resolver } from "./resolve.js";
import type { ProtoSymbol } from "./symbols.js";

/** A field that an option value may set. */
export interface OptionField {
  /** The key in an `OptionMessage`: the name, an extension's in brackets. */
  readonly key: string;
  readonly type: ValueType;
  readonly repeated: boolean;
  readonly required: boolean;
  readonly oneof: string | undefined;
  readonly limits: OptionLimits;
  /** Set for map fields: their value is a repeated message of key and value. */
  readonly map: { readonly key: OptionField; readonly value: OptionField } | undefined;
}

/** The messages and enums that option values are made of. */
export interface OptionSchemas {
  /** The fields by the names that option values use; undefined for a type nobody declares. */
  fields(typeName: string): ReadonlyMap<string, OptionField> | undefined;
  /** Numbers by value name. */
  values(typeName: string): ReadonlyMap<string, number> | undefined;
  /** Since when a value may be used. */
  valueLimits(typeName: string, value: string): OptionLimits;
  extension(symbol: ProtoSymbol & { kind: "extension" }): OptionField | undefined;
}

/** Schemas from the declarations of all files, and from the built-in table where descriptor.proto is not among them. */
export function createOptionSchemas(resolver: Resolver): OptionSchemas {
  const messages = new Map<string, ReadonlyMap<string, OptionField> | undefined>();
  const enums = new Map<string, ReadonlyMap<string, number> | undefined>();
  const valueLimits = new Map<string, ReadonlyMap<string, OptionLimits>>();

  function fields(typeName: string): ReadonlyMap<string, OptionField> | undefined {
    if (!messages.has(typeName)) messages.set(typeName, readFields(typeName));
    return messages.get(typeName);
  }

  function readFields(typeName: string): ReadonlyMap<string, OptionField> | undefined {
    const symbol = resolver.symbol(typeName);
    const builtIn = builtInMessages.get(typeName);
    if (symbol?.kind !== "message" && builtIn === undefined) return undefined;
    // a vendored descriptor.proto may be older than we are, or newer
    const result = new Map(builtIn === undefined ? [] : readBuiltIn(typeName, builtIn));
    if (symbol?.kind !== "message") return result;
    for (const node of symbol.node.fields) {
      const field = readField(node, node.name, symbol.name, symbol);
      if (field === undefined) continue;
      // text format names a group by its type
      result.set(node.group ? node.type : node.name, field);
      if (node.group) result.set(node.name, field);
    }
    result.delete("uninterpreted_option");
    return result;
  }

  function readField(node: FieldSyntax, key: string, scope: string, symbol: ProtoSymbol): OptionField | undefined {
    const type = resolver.fieldType(node, { document: symbol.document, scope });
    if (type === undefined) return undefined;
    const plain = { repeated: false, required: false, oneof: undefined, map: undefined, limits: noLimits };
    const map =
      node.mapKey === undefined || !isScalar(node.mapKey)
        ? undefined
        : {
            key: { ...plain, key: "key", type: { kind: "scalar", scalar: node.mapKey } as const },
            value: { ...plain, key: "value", type },
          };
    const repeated = node.label === "repeated" || map !== undefined;
    const limits = readLimits(node.options);
    return { key, type, repeated, required: node.label === "required", oneof: node.oneof, map, limits };
  }

  return {
    fields,
    values(typeName) {
      if (!enums.has(typeName)) enums.set(typeName, readValues(typeName, resolver.symbol(typeName)));
      return enums.get(typeName);
    },
    valueLimits(typeName, value) {
      let known = valueLimits.get(typeName);
      if (known === undefined) valueLimits.set(typeName, (known = readValueLimits(resolver.symbol(typeName))));
      return known.get(value) ?? noLimits;
    },
    extension: (symbol) => readField(symbol.node, `[${symbol.name}]`, symbol.scope, symbol),
  };
}

function readBuiltIn(message: string, fields: string): readonly (readonly [string, OptionField])[] {
  return fields.split(", ").map((text) => {
    const [written = "", key = ""] = text.split(" ");
    const repeated = written.endsWith("*");
    const name = repeated ? written.slice(0, -1) : written;
    const typeName = `google.protobuf.${name}`;
    const type: ValueType = isScalar(name)
      ? { kind: "scalar", scalar: name }
      : { kind: !builtInMessages.has(typeName) ? "enum" : "message", typeName };
    const limits = readBuiltInLimits(`${message}.${key}`);
    return [key, { key, type, repeated, required: false, oneof: undefined, map: undefined, limits }];
  });
}

/** Of the values that have some. */
function readValueLimits(symbol: ProtoSymbol | undefined): ReadonlyMap<string, OptionLimits> {
  if (symbol?.kind !== "enum") return new Map();
  const limited = symbol.node.values.filter(({ options }) => options.length > 0);
  return new Map(limited.map(({ name, options }) => [name, readLimits(options)]));
}

function readBuiltInLimits(field: string): OptionLimits {
  const found = builtInLimits.get(field);
  if (found === undefined) return noLimits;
  const { targets = "", introduced, removed, removalError = "" } = found;
  return {
    targets: targets.split(" ").filter((target) => target !== ""),
    support: {
      introduced: editionNumber(introduced),
      deprecated: undefined,
      deprecationWarning: "",
      removed: editionNumber(removed),
      removalError,
    },
  };
}

function readValues(typeName: string, symbol: ProtoSymbol | undefined): ReadonlyMap<string, number> | undefined {
  if (symbol?.kind === "enum") return new Map(symbol.node.values.map(({ name, number }) => [name, number]));
  const builtIn = builtInEnums.get(typeName);
  if (builtIn === undefined) return undefined;
  return new Map(
    builtIn.split(" ").map((value) => {
      const [name = "", number = ""] = value.split("=");
      return [name, Number(number)];
    }),
  );
}
