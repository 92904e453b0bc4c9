import type { AvroCodec } from "./avro.js";
import type { JsonValue } from "./json.js";
import type { Origin } from "./origin.js";

/** A JSON Schema (draft 7 or OpenAPI 3.0) normalised to what types and validators are made of. */
export type Schema = SchemaShape & Annotations & { readonly rules?: readonly SchemaRule[] };

/** The names that JSON Schema has for types, less `integer`, which is a rule on numbers. */
export type JsonType = "null" | "boolean" | "string" | "number" | "array" | "object";

/** What values must meet beside their type; it changes nothing about how programs see them. */
export type SchemaRule =
  | { readonly kind: "not"; readonly schema: Schema }
  /** `if`, `then`, `else`; what is not written allows anything. */
  | { readonly kind: "conditional"; readonly if: Schema; readonly matching: Schema; readonly otherwise: Schema }
  /** Keywords of one type where the schema allows others too: they say nothing about those. */
  | { readonly kind: "only"; readonly type: JsonType; readonly schema: Schema };

export interface Annotations {
  readonly title: string;
  readonly description: string;
  readonly deprecated: boolean;
  readonly default: JsonValue | undefined;
  readonly examples: readonly JsonValue[];
  readonly origin: Origin;
}

export type SchemaShape =
  | { readonly kind: "any" }
  | { readonly kind: "never" }
  | { readonly kind: "null" }
  | { readonly kind: "boolean" }
  | StringSchema
  | NumberSchema
  /** `const` (one value) and `enum`. */
  | { readonly kind: "enum"; readonly values: readonly JsonValue[] }
  | ArraySchema
  | ObjectSchema
  /** `oneOf`/`anyOf`/several `type`s; `exactlyOne` for `oneOf`. */
  | {
      readonly kind: "union";
      readonly members: readonly Schema[];
      readonly exactlyOne: boolean;
      readonly discriminator: string | undefined;
    }
  /** `allOf`. */
  | { readonly kind: "intersection"; readonly members: readonly Schema[] }
  /** A schema of `EventsFile.schemas` by its key; recursion goes through these. */
  | { readonly kind: "ref"; readonly key: string }
  /** Avro's: `Uint8Array` in programs, base64 in JSON; `size` of a fixed. */
  | { readonly kind: "bytes"; readonly size: number | undefined }
  /** Avro's integers of 64 bits: bigint in programs. */
  | { readonly kind: "long" }
  /** A proto message used inside a JSON schema. */
  | { readonly kind: "proto"; readonly typeName: string };

export interface StringSchema {
  readonly kind: "string";
  readonly format: string | undefined;
  readonly minLength: number | undefined;
  readonly maxLength: number | undefined;
  readonly pattern: string | undefined;
}

export interface NumberSchema {
  readonly kind: "number" | "integer";
  readonly format: string | undefined;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly exclusiveMinimum: number | undefined;
  readonly exclusiveMaximum: number | undefined;
  readonly multipleOf: number | undefined;
}

export interface ArraySchema {
  readonly kind: "array";
  /** Positions with a schema of their own (draft 7 `items: [...]`). */
  readonly prefix: readonly Schema[];
  /** The rest; `never` when `additionalItems: false`. */
  readonly items: Schema;
  readonly minItems: number | undefined;
  readonly maxItems: number | undefined;
  readonly uniqueItems: boolean;
  /** At least one element is such; undefined: not said. */
  readonly contains?: Schema | undefined;
}

export interface ObjectSchema {
  readonly kind: "object";
  readonly properties: readonly SchemaProperty[];
  /** What properties not listed may hold; `never` for `additionalProperties: false`; undefined: not said (anything, untyped). */
  readonly additional: Schema | undefined;
  readonly patternProperties: readonly { readonly pattern: string; readonly schema: Schema }[];
  readonly minProperties: number | undefined;
  readonly maxProperties: number | undefined;
  /** Of the names themselves, as texts. */
  readonly propertyNames?: Schema | undefined;
  /** What an object must meet that has a property. */
  readonly dependencies?: readonly { readonly property: string; readonly schema: Schema }[];
}

export interface SchemaProperty {
  readonly name: string;
  readonly required: boolean;
  readonly readOnly: boolean;
  readonly schema: Schema;
}

export interface NamedSchema {
  /** Unique in the document: a JSON pointer, with the file before it when it is another. */
  readonly key: string;
  /** The name the author gave it, not yet safe as an identifier. */
  readonly name: string;
  readonly schema: Schema;
  /** Of an Avro schema. */
  readonly avro?: AvroCodec;
  readonly origin: Origin;
}
