import type { JsonValue } from "./json.js";
import type { Comments, Origin } from "./origin.js";

/** A text as `load` read it. */
export interface SourceText {
  /** Canonical name: relative to its include root, with `/`. */
  readonly path: string;
  /** As the user knows it; what diagnostics show. */
  readonly file: string;
  readonly text: string;
  /** Hash of the content. */
  readonly hash: string;
  /** Ships with wirespan. */
  readonly bundled: boolean;
}

/** What `load` hands to `link`: parsed, positioned, nothing resolved. */
export type SourceDocument = ProtoDocument | AsyncApiDocument;

/** Something a document needs before it can be linked. */
export interface Reference {
  /** A path as written: an import name, or a `$ref` without its fragment. */
  readonly target: string;
  readonly kind: "proto-import" | "proto-payload" | "ref" | "remote";
  readonly origin: Origin;
}

/** The syntax tree of one `.proto`: names as written, option values uninterpreted. */
export interface ProtoDocument {
  readonly kind: "proto";
  readonly source: SourceText;
  readonly references: readonly Reference[];
  readonly syntax: "proto2" | "proto3" | "editions";
  readonly edition: string;
  readonly package: string;
  readonly packageOrigin: Origin | undefined;
  readonly header: readonly string[];
  readonly imports: readonly ImportSyntax[];
  readonly options: readonly OptionSyntax[];
  readonly messages: readonly MessageSyntax[];
  readonly enums: readonly EnumSyntax[];
  readonly services: readonly ServiceSyntax[];
  readonly extends: readonly ExtendSyntax[];
}

export interface ImportSyntax {
  readonly path: string;
  readonly kind: "plain" | "public" | "weak" | "option";
  readonly origin: Origin;
}

interface Declared {
  readonly name: string;
  /** Of the name. */
  readonly origin: Origin;
  readonly comments: Comments;
  readonly options: readonly OptionSyntax[];
}

export interface OptionSyntax {
  /** `["[google.api.http]"]`, `["features", "field_presence"]`, `["[buf.validate.field]", "string", "[a.b.c]"]`. */
  readonly name: readonly string[];
  readonly value: LiteralSyntax;
  readonly origin: Origin;
}

/** An option value or default as written; the schema decides what it means. */
export type LiteralSyntax =
  | { readonly kind: "identifier"; readonly text: string; readonly origin: Origin }
  /** With its sign; digits untouched, so 64-bit values survive. */
  | { readonly kind: "number"; readonly text: string; readonly origin: Origin }
  /** Escapes applied, adjacent pieces joined; bytes because escapes may form any. */
  | { readonly kind: "string"; readonly bytes: Uint8Array; readonly origin: Origin }
  | { readonly kind: "list"; readonly items: readonly LiteralSyntax[]; readonly origin: Origin }
  | { readonly kind: "aggregate"; readonly fields: readonly AggregateField[]; readonly origin: Origin };

export interface AggregateField {
  /** `name`, `[extension.name]` or `[type.googleapis.com/any.Type]`. */
  readonly name: string;
  readonly value: LiteralSyntax;
  readonly origin: Origin;
}

export interface FieldSyntax extends Declared {
  readonly number: number;
  readonly numberOrigin: Origin;
  readonly label: "none" | "optional" | "required" | "repeated";
  /** As written: `string`, `.acme.User`, `User`; for maps the value type. */
  readonly type: string;
  readonly typeOrigin: Origin;
  /** Key type of a map field. */
  readonly mapKey: string | undefined;
  /** The name of the oneof around it. */
  readonly oneof: string | undefined;
  readonly group: boolean;
}

export interface OneofSyntax extends Declared {}

export interface MessageSyntax extends Declared {
  /** Editions from 2024 on; undefined: the default of the file. */
  readonly visibility: "export" | "local" | undefined;
  readonly fields: readonly FieldSyntax[];
  readonly oneofs: readonly OneofSyntax[];
  /** Groups included. */
  readonly messages: readonly MessageSyntax[];
  readonly enums: readonly EnumSyntax[];
  readonly extends: readonly ExtendSyntax[];
  readonly extensionRanges: readonly ExtensionRangeSyntax[];
  readonly reserved: readonly RangeSyntax[];
  readonly reservedNames: readonly { readonly name: string; readonly origin: Origin }[];
}

/** Both ends inclusive; `max` is 536,870,911 in messages and 2,147,483,647 in enums. */
export interface RangeSyntax {
  readonly start: number;
  readonly end: number;
  readonly origin: Origin;
}

export interface ExtensionRangeSyntax extends RangeSyntax {
  readonly options: readonly OptionSyntax[];
}

export interface ExtendSyntax {
  readonly extendee: string;
  readonly origin: Origin;
  readonly fields: readonly FieldSyntax[];
}

export interface EnumSyntax extends Declared {
  readonly visibility: "export" | "local" | undefined;
  readonly values: readonly EnumValueSyntax[];
  readonly reserved: readonly RangeSyntax[];
  readonly reservedNames: readonly { readonly name: string; readonly origin: Origin }[];
}

export interface EnumValueSyntax extends Declared {
  readonly number: number;
  readonly numberOrigin: Origin;
}

export interface ServiceSyntax extends Declared {
  readonly methods: readonly MethodSyntax[];
}

export interface MethodSyntax extends Declared {
  readonly input: string;
  readonly inputOrigin: Origin;
  readonly inputStream: boolean;
  readonly output: string;
  readonly outputOrigin: Origin;
  readonly outputStream: boolean;
}

/** One YAML or JSON file with the position of every node. */
export interface AsyncApiDocument {
  readonly kind: "asyncapi";
  readonly source: SourceText;
  readonly references: readonly Reference[];
  /** False for files that are only referred to (shared schemas). */
  readonly entry: boolean;
  readonly root: JsonNode;
}

/** JSON with positions. Key order is the document's; duplicate keys were reported by `load`. */
export type JsonNode = JsonScalarNode | JsonArrayNode | JsonObjectNode;
export interface JsonScalarNode {
  readonly kind: "scalar";
  readonly value: Exclude<JsonValue, object>;
  readonly origin: Origin;
}
export interface JsonArrayNode {
  readonly kind: "array";
  readonly items: readonly JsonNode[];
  readonly origin: Origin;
}
export interface JsonObjectNode {
  readonly kind: "object";
  readonly entries: readonly JsonEntry[];
  readonly origin: Origin;
}
export interface JsonEntry {
  readonly key: string;
  /** Of the key. */
  readonly origin: Origin;
  readonly value: JsonNode;
}
