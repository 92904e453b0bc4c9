import type { ScalarType } from "../../model/index.js";

/** What the emitted code of one scalar type is made from: names of functions of the runtime. */
export interface ScalarCode {
  /** `Int32` in `readInt32`, `writePackedInt32`. */
  readonly suffix: string;
  readonly type: "number" | "bigint" | "boolean" | "string" | "Uint8Array";
  /** As emitted. */
  readonly zero: string;
  readonly wireType: 0 | 1 | 2 | 5;
  /** Bytes that a value takes at most; 0 where its writer checks the room itself. */
  readonly size: number;
  /** Function that reads a key of a map from its name; empty for types that are no keys. */
  readonly key: string;
  readonly parse: string;
  readonly toJson: string;
  readonly print: string;
}

function integer(suffix: string, wireType: 0 | 5, size: number, signed: boolean): ScalarCode {
  return {
    suffix,
    type: "number",
    zero: "0",
    wireType,
    size,
    key: signed ? "int32Key" : "uint32Key",
    parse: signed ? "parseInt32" : "parseUint32",
    toJson: signed ? "int32ToJson" : "uint32ToJson",
    print: signed ? "printInt32" : "printUint32",
  };
}

function long(suffix: string, wireType: 0 | 1, size: number, signed: boolean): ScalarCode {
  return {
    suffix,
    type: "bigint",
    zero: "0n",
    wireType,
    size,
    key: signed ? "int64Key" : "uint64Key",
    parse: signed ? "parseInt64" : "parseUint64",
    toJson: signed ? "int64ToJson" : "uint64ToJson",
    print: signed ? "printInt64" : "printUint64",
  };
}

/** Every scalar type. */
export const scalarCodes: { readonly [S in ScalarType]: ScalarCode } = {
  int32: integer("Int32", 0, 10, true),
  uint32: integer("Uint32", 0, 5, false),
  sint32: integer("Sint32", 0, 5, true),
  fixed32: integer("Fixed32", 5, 4, false),
  sfixed32: integer("Sfixed32", 5, 4, true),
  int64: long("Int64", 0, 10, true),
  uint64: long("Uint64", 0, 10, false),
  sint64: long("Sint64", 0, 10, true),
  fixed64: long("Fixed64", 1, 8, false),
  sfixed64: long("Sfixed64", 1, 8, true),
  double: {
    suffix: "Double",
    type: "number",
    zero: "0",
    wireType: 1,
    size: 8,
    key: "",
    parse: "parseDouble",
    toJson: "doubleToJson",
    print: "printDouble",
  },
  float: {
    suffix: "Float",
    type: "number",
    zero: "0",
    wireType: 5,
    size: 4,
    key: "",
    parse: "parseFloat32",
    toJson: "floatToJson",
    print: "printFloat",
  },
  bool: {
    suffix: "Bool",
    type: "boolean",
    zero: "false",
    wireType: 0,
    size: 1,
    key: "boolKey",
    parse: "parseBool",
    toJson: "boolToJson",
    print: "printBool",
  },
  string: {
    suffix: "String",
    type: "string",
    zero: '""',
    wireType: 2,
    size: 0,
    key: "stringKey",
    parse: "parseString",
    toJson: "stringToJson",
    print: "printString",
  },
  bytes: {
    suffix: "Bytes",
    type: "Uint8Array",
    zero: "",
    wireType: 2,
    size: 0,
    key: "",
    parse: "parseBytes",
    toJson: "bytesToJson",
    print: "printBytes",
  },
};
