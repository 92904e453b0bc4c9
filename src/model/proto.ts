import type { Comments, Origin } from "./origin.js";
import type { Options } from "./options.js";
import type { MethodPolicy, PolicyScope } from "./policy.js";
import type { Route } from "./route.js";

export type ScalarType =
  | "double"
  | "float"
  | "int32"
  | "int64"
  | "uint32"
  | "uint64"
  | "sint32"
  | "sint64"
  | "fixed32"
  | "fixed64"
  | "sfixed32"
  | "sfixed64"
  | "bool"
  | "string"
  | "bytes";

/** What every named proto declaration has. */
export interface Declaration {
  /** The name as written. */
  readonly name: string;
  /** The full name without a leading dot, `acme.user.v1.User`. Unique in the model among declarations. */
  readonly typeName: string;
  readonly origin: Origin;
  readonly comments: Comments;
  readonly deprecated: boolean;
  readonly options: Options;
}

/** One `.proto` file, linked: every reference is a full name that the model resolves. */
export interface ProtoFile {
  readonly kind: "proto";
  /** The canonical import name, `acme/user/v1/user.proto`: relative to its include root, with `/`. */
  readonly path: string;
  readonly origin: Origin;
  readonly package: string;
  readonly syntax: "proto2" | "proto3" | "editions";
  /** `2023`, `2024`, … for editions, else empty. */
  readonly edition: string;
  /** Detached comments before `syntax`, and those of the `syntax` and `package` statements, in order. */
  readonly header: readonly string[];
  readonly imports: readonly Import[];
  /** Top-level declarations in schema order; nested ones hang on their message. */
  readonly messages: readonly Message[];
  readonly enums: readonly Enum[];
  readonly services: readonly Service[];
  readonly extensions: readonly Extension[];
  readonly options: Options;
  /** False for files that only options or the tool itself need: nothing is emitted for them. */
  readonly emit: boolean;
  /** True for the files that ship with wirespan (`google/protobuf/*`, `google/api/*`, …). */
  readonly bundled: boolean;
  /** Hash of the file's own content. */
  readonly hash: string;
  /** Hash of what others can see of it, its own dependencies included, without comments and positions. */
  readonly shape: string;
}

export interface Import {
  readonly path: string;
  readonly kind: "plain" | "public" | "weak" | "option";
  readonly origin: Origin;
}

export interface Message extends Declaration {
  readonly kind: "message";
  readonly file: string;
  /** The full name of the message it is nested in. */
  readonly parent: string | undefined;
  /** As declared, in editions from 2024 on; undefined: the default of the file. */
  readonly visibility: "export" | "local" | undefined;
  /** In schema order. Map entries are fields of type `map`, their synthetic messages do not appear. */
  readonly fields: readonly Field[];
  readonly oneofs: readonly Oneof[];
  readonly messages: readonly Message[];
  readonly enums: readonly Enum[];
  readonly extensions: readonly Extension[];
  readonly extensionRanges: readonly ExtensionRange[];
  readonly reservedRanges: readonly NumberRange[];
  readonly reservedNames: readonly string[];
  /** `option message_set_wire_format`. */
  readonly messageSet: boolean;
}

/** Both ends inclusive. */
export interface NumberRange {
  readonly start: number;
  readonly end: number;
}

/** Numbers that others may extend a message with; the ranges of one statement have the same options. */
export interface ExtensionRange extends NumberRange {
  readonly options: Options;
}

export type ValueType =
  | { readonly kind: "scalar"; readonly scalar: ScalarType }
  | { readonly kind: "enum"; readonly typeName: string }
  | { readonly kind: "message"; readonly typeName: string };

export type FieldType = ValueType | { readonly kind: "map"; readonly key: ScalarType; readonly value: ValueType };

export interface Field {
  readonly name: string;
  /** `acme.v1.User.email`. */
  readonly typeName: string;
  readonly number: number;
  /** ProtoJSON name: `json_name` or the lowerCamel form. */
  readonly jsonName: string;
  readonly origin: Origin;
  readonly comments: Comments;
  readonly deprecated: boolean;
  readonly options: Options;
  readonly type: FieldType;
  readonly repeated: boolean;
  /**
   * `explicit`: absence is visible (`optional`, messages, oneof members, proto2); `implicit`: proto3 scalars;
   * `required`: proto2 and LEGACY_REQUIRED. Repeated and map fields are `implicit`.
   */
  readonly presence: "explicit" | "implicit" | "required";
  /** Repeated scalars written packed. */
  readonly packed: boolean;
  /** Groups and `features.message_encoding = DELIMITED`. */
  readonly delimited: boolean;
  /** Strings: whether invalid UTF-8 is refused. */
  readonly validateUtf8: boolean;
  /** Name of the real oneof it belongs to; the synthetic one of `optional` does not count. */
  readonly oneof: string | undefined;
  /** The declared default (proto2, editions): enums by value name. */
  readonly default: string | number | bigint | boolean | Uint8Array | undefined;
  readonly jsType: "normal" | "string" | "number";
}

/** An extension field: `extendee` is the full name of the message it extends. */
export interface Extension extends Field {
  readonly extendee: string;
  /** The message it is declared in, if any. */
  readonly scope: string | undefined;
}

export interface Oneof {
  readonly name: string;
  readonly origin: Origin;
  readonly comments: Comments;
  readonly options: Options;
  /** Names of its fields in schema order. */
  readonly fields: readonly string[];
}

export interface Enum extends Declaration {
  readonly kind: "enum";
  readonly file: string;
  readonly parent: string | undefined;
  /** As for messages. */
  readonly visibility: "export" | "local" | undefined;
  readonly values: readonly EnumValue[];
  /** Unknown numbers are unknown fields (proto2, `enum_type = CLOSED`). */
  readonly closed: boolean;
  readonly reservedRanges: readonly NumberRange[];
  readonly reservedNames: readonly string[];
  /** `option (wirespan.options.v1.enum).errors`: its values are errors of calls. */
  readonly errors: ErrorDomain | undefined;
}

/** The errors that an enum declares. */
export interface ErrorDomain {
  /** `domain` of `google.rpc.ErrorInfo`. */
  readonly domain: string;
  /** In schema order. */
  readonly errors: readonly DeclaredError[];
}

export interface DeclaredError {
  /** `reason` of `google.rpc.ErrorInfo`: the name of the value, `USER_ERROR_NOT_FOUND`. */
  readonly reason: string;
  /** The reason without the part that spells the enum's name where all have it: `NOT_FOUND`. */
  readonly name: string;
  /** gRPC status name, never `OK`. */
  readonly code: string;
  /** For developers, with `{keys}` of the metadata. */
  readonly message: string;
  /** The keys in the message, in order, each once. */
  readonly keys: readonly string[];
  readonly origin: Origin;
  readonly comments: Comments;
  readonly deprecated: boolean;
}

export interface EnumValue {
  readonly name: string;
  readonly number: number;
  readonly origin: Origin;
  readonly comments: Comments;
  readonly deprecated: boolean;
  readonly options: Options;
}

export interface Service extends Declaration {
  readonly kind: "service";
  readonly file: string;
  /** The scopes that its methods may ask for: its own, its file's and those of the configuration. */
  readonly scopes: readonly PolicyScope[];
  readonly methods: readonly Method[];
}

export type MethodKind = "unary" | "server_streaming" | "client_streaming" | "bidi_streaming";

export interface Method {
  readonly name: string;
  /** `acme.user.v1.UserService.GetUser`. */
  readonly typeName: string;
  /** The path on the wire: `/acme.user.v1.UserService/GetUser`. */
  readonly path: string;
  readonly origin: Origin;
  readonly comments: Comments;
  readonly deprecated: boolean;
  readonly options: Options;
  readonly kind: MethodKind;
  /** Full names of the messages. */
  readonly input: string;
  readonly output: string;
  readonly idempotency: "unknown" | "no_side_effects" | "idempotent";
  /** `google.api.http` with its `additional_bindings`, in order; one table for gateway, document and client. */
  readonly routes: readonly Route[];
  readonly policy: MethodPolicy;
}
