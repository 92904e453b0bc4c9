import type { JsonValue } from "./json.js";

/** Logical types whose values programs see as texts, by the name of the runtime's function. */
export type AvroText =
  | "uuid"
  | "uuidBytes"
  | "date"
  | "timeMillis"
  | "timeMicros"
  | "timestampMillis"
  | "timestampMicros"
  | "timestampNanos"
  | "localTimestampMillis"
  | "localTimestampMicros"
  | "localTimestampNanos";

/** How values of an Avro schema travel, beside their `Schema`, which is what programs see of them. */
export type AvroCodec =
  | { readonly kind: "null" | "boolean" | "int" | "long" | "float" | "double" | "string" | "bytes" }
  | { readonly kind: "text"; readonly name: AvroText }
  /** `size` of a fixed; undefined: bytes. */
  | {
      readonly kind: "decimal";
      readonly precision: number;
      readonly scale: number;
      readonly size: number | undefined;
    }
  | { readonly kind: "fixed"; readonly size: number }
  | { readonly kind: "enum"; readonly symbols: readonly string[]; readonly default: string | undefined }
  | { readonly kind: "array" | "map"; readonly of: AvroCodec }
  | { readonly kind: "union"; readonly branches: readonly AvroCodec[] }
  | { readonly kind: "record"; readonly fields: readonly AvroField[] }
  /** The codec of a named schema of the file, by its key; recursion goes through these. */
  | { readonly kind: "ref"; readonly key: string };

export interface AvroField {
  readonly name: string;
  readonly type: AvroCodec;
  /** In Avro's own JSON, which has bytes as text; undefined: none. */
  readonly default: JsonValue | undefined;
}
