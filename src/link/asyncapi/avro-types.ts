import {
  type AvroCodec,
  type AvroText,
  entryOf,
  type JsonNode,
  type SchemaShape,
  stringOf,
} from "../../model/index.js";
import { numberOf } from "./schema-parts.js";

/** What programs see of an Avro type, and how it travels. */
export interface AvroPart {
  readonly shape: SchemaShape;
  readonly codec: AvroCodec;
}

export const primitives = ["null", "boolean", "int", "long", "float", "double", "string", "bytes"];

/** A primitive type; undefined for other names. */
export function primitiveOf(name: string): AvroPart | undefined {
  switch (name) {
    case "null":
    case "boolean":
      return { shape: { kind: name }, codec: { kind: name } };
    case "int":
      return { shape: { ...noBounds, kind: "integer", format: "int32" }, codec: { kind: name } };
    case "long":
      return { shape: { kind: "long" }, codec: { kind: name } };
    case "float":
    case "double":
      return { shape: { ...noBounds, kind: "number", format: name }, codec: { kind: name } };
    case "string":
      return { shape: text({}), codec: { kind: name } };
    case "bytes":
      return { shape: { kind: "bytes", size: undefined }, codec: { kind: name } };
    default:
      return undefined;
  }
}

export function fixedOf(size: number): AvroPart {
  return { shape: { kind: "bytes", size }, codec: { kind: "fixed", size } };
}

const noBounds = {
  minimum: undefined,
  maximum: undefined,
  exclusiveMinimum: undefined,
  exclusiveMaximum: undefined,
  multipleOf: undefined,
};

function text({ format, pattern }: { readonly format?: string; readonly pattern?: string }): SchemaShape {
  return { kind: "string", format, minLength: undefined, maxLength: undefined, pattern };
}

const time = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?";
const localTime = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T${time}$`;

/** By the type that a logical type is written as, and its name. */
const texts: Readonly<Record<string, readonly [AvroText, { readonly format?: string; readonly pattern?: string }]>> = {
  "string uuid": ["uuid", { format: "uuid" }],
  "fixed16 uuid": ["uuidBytes", { format: "uuid" }],
  "int date": ["date", { format: "date" }],
  "int time-millis": ["timeMillis", { pattern: `^${time}$` }],
  "long time-micros": ["timeMicros", { pattern: `^${time}$` }],
  "long timestamp-millis": ["timestampMillis", { format: "date-time" }],
  "long timestamp-micros": ["timestampMicros", { format: "date-time" }],
  "long timestamp-nanos": ["timestampNanos", { format: "date-time" }],
  "long local-timestamp-millis": ["localTimestampMillis", { pattern: localTime }],
  "long local-timestamp-micros": ["localTimestampMicros", { pattern: localTime }],
  "long local-timestamp-nanos": ["localTimestampNanos", { pattern: localTime }],
};

/** The type under its logical type; as Avro asks, one that is not known or does not fit is as if it were not there. */
export function logicalOf(node: JsonNode, part: AvroPart): AvroPart {
  const logicalType = stringOf(entryOf(node, "logicalType")?.value);
  if (logicalType === undefined) return part;
  const { codec } = part;
  const size = codec.kind === "fixed" ? codec.size : undefined;
  if (logicalType === "decimal" && (codec.kind === "bytes" || codec.kind === "fixed")) {
    const precision = numberOf(node, "precision") ?? 0;
    const scale = numberOf(node, "scale") ?? 0;
    const valid = Number.isInteger(precision) && precision > 0 && precision <= 1000;
    if (!valid || !Number.isInteger(scale) || scale < 0 || scale > precision) return part;
    const fraction = scale === 0 ? "" : `(\\.[0-9]{1,${scale}})?`;
    return { shape: text({ pattern: `^-?[0-9]+${fraction}$` }), codec: { kind: "decimal", precision, scale, size } };
  }
  const found = texts[`${codec.kind}${size ?? ""} ${logicalType}`];
  return found === undefined ? part : { shape: text(found[1]), codec: { kind: "text", name: found[0] } };
}
