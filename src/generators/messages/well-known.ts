import type { Field } from "../../model/index.js";
import { call, type Expression } from "../shared/expressions.js";
import type { Emit } from "./context.js";

/** Files whose messages the runtime's module `wkt` holds; all others are emitted, also those of the same package. */
export const wellKnownFiles: ReadonlySet<string> = new Set(
  "any api compiler/plugin descriptor duration empty field_mask source_context struct timestamp type wrappers"
    .split(" ")
    .map((name) => `google/protobuf/${name}.proto`),
);

/** The ProtoJSON form of a message that has one of its own; expressions over `m`, `v`, `c` and `k`. */
export interface OwnJson {
  readonly toJson: string;
  readonly print: string;
  readonly parse: string;
  /** Names of the runtime that the expressions use. */
  readonly uses: readonly string[];
  /** Whether `toJson` and `print` look at the options. */
  readonly options: boolean;
}

function text(toText: string, parse: string): OwnJson {
  return {
    toJson: `${toText}(m)`,
    print: `printString(${toText}(m))`,
    parse: `${parse}(v, c, k)`,
    uses: [toText, "printString", parse],
    options: false,
  };
}

function json(toJson: string, parse: string, options: boolean): OwnJson {
  const value = options ? `${toJson}(m, c)` : `${toJson}(m)`;
  return {
    toJson: value,
    print: `printJson(${value})`,
    parse: `${parse}(v, c, k)`,
    uses: [toJson, "printJson", parse],
    options,
  };
}

/** By full name. Wrappers are told apart by {@link wrapperNames}: their form is that of their value. */
export const ownJson: ReadonlyMap<string, OwnJson> = new Map([
  ["google.protobuf.Timestamp", text("timestampText", "parseTimestamp")],
  ["google.protobuf.Duration", text("durationText", "parseDuration")],
  ["google.protobuf.FieldMask", text("fieldMaskText", "parseFieldMask")],
  ["google.protobuf.Struct", json("structJson", "parseStruct", false)],
  ["google.protobuf.Value", json("valueJson", "parseValue", false)],
  ["google.protobuf.ListValue", json("listValueJson", "parseListValue", false)],
  ["google.protobuf.Any", json("anyJson", "parseAny", true)],
]);

/** Messages whose JSON is that of their field `value`. */
export const wrapperNames: ReadonlySet<string> = new Set(
  "DoubleValue FloatValue Int64Value UInt64Value Int32Value UInt32Value BoolValue StringValue BytesValue"
    .split(" ")
    .map((name) => `google.protobuf.${name}`),
);

/** The message that takes JSON null for a value. */
export const valueName = "google.protobuf.Value";

/** The enum whose JSON is null. */
export const nullName = "google.protobuf.NullValue";

/** The message that fields need not hold as such. */
export const timestampName = "google.protobuf.Timestamp";

/** A map of what is written. That of a Struct is looked at: a JSON object in place of a Struct would have none. */
export function mapAccess(field: Field, access: string, emit: Emit): Expression {
  if (field.typeName !== "google.protobuf.Struct.fields") return access;
  return call(emit.wire("structFields"), access.slice(0, access.indexOf(".")));
}
