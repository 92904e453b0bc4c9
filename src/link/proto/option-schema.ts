import type { FieldSyntax, ValueType } from "../../model/index.js";
import { builtInEnums, builtInMessages } from "./descriptor-table.js";
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
  /** Set for map fields: their value is a repeated message of key and value. */
  readonly map: { readonly key: OptionField; readonly value: OptionField } | undefined;
}

/** The messages and enums that option values are made of. */
export interface OptionSchemas {
  /** The fields by the names that option values use; undefined for a type nobody declares. */
  fields(typeName: string): ReadonlyMap<string, OptionField> | undefined;
  /** Numbers by value name. */
  values(typeName: string): ReadonlyMap<string, number> | undefined;
  extension(symbol: ProtoSymbol & { kind: "extension" }): OptionField | undefined;
}

/** Schemas from the declarations of all files, and from the built-in table where descriptor.proto is not among them. */
export function createOptionSchemas(resolver: Resolver): OptionSchemas {
  const messages = new Map<string, ReadonlyMap<string, OptionField> | undefined>();
  const enums = new Map<string, ReadonlyMap<string, number> | undefined>();

  function fields(typeName: string): ReadonlyMap<string, OptionField> | undefined {
    if (!messages.has(typeName)) messages.set(typeName, readFields(typeName));
    return messages.get(typeName);
  }

  function readFields(typeName: string): ReadonlyMap<string, OptionField> | undefined {
    const symbol = resolver.symbol(typeName);
    const builtIn = builtInMessages.get(typeName);
    if (symbol?.kind !== "message" && builtIn === undefined) return undefined;
    // a vendored descriptor.proto may be older than we are, or newer
    const result = new Map(builtIn === undefined ? [] : readBuiltIn(builtIn));
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
    const plain = { repeated: false, required: false, oneof: undefined, map: undefined };
    const map =
      node.mapKey === undefined || !isScalar(node.mapKey)
        ? undefined
        : {
            key: { ...plain, key: "key", type: { kind: "scalar", scalar: node.mapKey } as const },
            value: { ...plain, key: "value", type },
          };
    const repeated = node.label === "repeated" || map !== undefined;
    return { key, type, repeated, required: node.label === "required", oneof: node.oneof, map };
  }

  return {
    fields,
    values(typeName) {
      if (!enums.has(typeName)) enums.set(typeName, readValues(typeName, resolver.symbol(typeName)));
      return enums.get(typeName);
    },
    extension: (symbol) => readField(symbol.node, `[${symbol.name}]`, symbol.scope, symbol),
  };
}

function readBuiltIn(fields: string): readonly (readonly [string, OptionField])[] {
  return fields.split(", ").map((text) => {
    const [written = "", key = ""] = text.split(" ");
    const repeated = written.endsWith("*");
    const name = repeated ? written.slice(0, -1) : written;
    const typeName = `google.protobuf.${name}`;
    const type: ValueType = isScalar(name)
      ? { kind: "scalar", scalar: name }
      : { kind: !builtInMessages.has(typeName) ? "enum" : "message", typeName };
    return [key, { key, type, repeated, required: false, oneof: undefined, map: undefined }];
  });
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
