/** JSON as `JSON.parse` gives it. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object. */
export type JsonObject = { [key: string]: JsonValue };

/** A field that the reader's contract does not know, kept so that it is written again. */
export interface UnknownField {
  readonly number: number;
  readonly wireType: number;
  /** What follows the tag: for length-delimited fields with their length. */
  readonly data: Uint8Array;
}

/** How to decode. */
export interface DecodeOptions {
  /** Levels of nested messages before a {@link WireError}; 100 by default. */
  readonly maxDepth?: number | undefined;
}

/** How to write and read ProtoJSON. */
export interface JsonOptions {
  /** The types that `google.protobuf.Any` may hold, and the extensions that messages may have. None by default. */
  readonly registry?: TypeRegistry | undefined;
  /** Skips JSON names the contract does not know instead of refusing them; false by default. */
  readonly ignoreUnknownFields?: boolean | undefined;
  /** Levels of nested messages in JSON that is read, and of Anys in Anys, before a {@link WireError}; 100 by default. */
  readonly maxDepth?: number | undefined;
}

/** Message types and extensions, for what JSON names and the contract at hand does not. */
export interface TypeRegistry {
  /** The message of that full name. */
  get(typeName: string): MessageType<unknown, never> | undefined;
  /** The extension of that number of the message with that full name. */
  extension(extendee: string, number: number): Extension<never, unknown, never> | undefined;
  /** The extension of that full name. */
  extensionNamed(typeName: string): Extension<never, unknown, never> | undefined;
}

/**
 * A payload: what RPC, queues and the gateway need to carry a value, whatever contract it comes from.
 * `T` is what readers get (whole), `Init` what writers may hand in (every field optional).
 */
export interface PayloadType<T, Init = T> {
  readonly typeName: string;
  /** What `encode` and `decode` speak, where it is one of those that a content type may ask for by name. */
  readonly encoding?: "json" | "avro" | "protobuf" | "text" | undefined;
  /** A whole value with defaults in place of what is missing. */
  create(init?: Init): T;
  /**
   * The bytes of a message. Those of small ones lie side by side in memory that they share, like those of
   * `Buffer.from`: whoever transfers or clones `bytes.buffer` (a worker, `structuredClone`), or keeps few bytes for
   * long, takes `bytes.slice()`.
   *
   * @throws {WireError} for a value that its field cannot hold, and for a message that holds itself; so `toJson`.
   */
  encode(message: Init): Uint8Array;
  /** @throws {WireError} when the bytes are not such a value. */
  decode(bytes: Uint8Array, options?: DecodeOptions): T;
  toJson(message: Init, options?: JsonOptions): JsonValue;
  /** @throws {WireError} when the JSON is not such a value. */
  fromJson(value: JsonValue, options?: JsonOptions): T;
  toJsonString(message: Init, options?: JsonOptions): string;
  fromJsonString(text: string, options?: JsonOptions): T;
}

/** A proto message. */
export interface MessageType<T, Init = T> extends PayloadType<T, Init> {
  readonly kind: "message";
  /** Hides in the JSON of a message what its contract keeps out of logs; undefined where that is nothing. */
  readonly redact?: ((json: JsonObject) => void) | undefined;
  /** The contract has rules for such messages, or for messages within; who checks them must not forget it. */
  readonly hasRules?: boolean | undefined;
}

/**
 * A field that a contract adds to a message of another: `extend Order { optional string note = 100; }`. `M` is the
 * message, `T` what `getExtension` gives, `Init` what `setExtension` takes.
 */
export interface Extension<in M, out T, in Init = T> {
  readonly kind: "extension";
  /** Full name of the extension. */
  readonly typeName: string;
  /** Full name of the message. */
  readonly extendee: string;
  readonly number: number;
  /** Never there: what ties an extension to its message in types. */
  readonly of?: ((message: M) => void) | undefined;
  // what the functions for extensions need
  readonly takesNull: boolean;
  /** What stands for an absent value. */
  readonly absent: () => T;
  /** Undefined when none of the fields is a value of it; `depth` levels of nested messages are left. */
  readonly read: (fields: readonly UnknownField[], depth: number) => T | undefined;
  readonly write: (value: Init) => readonly UnknownField[];
  readonly toJson: (value: Init, c: JsonOptions) => JsonValue;
  /** Undefined for the unknown name of an enum value that is to be ignored. */
  readonly fromJson: (x: JsonValue | bigint | undefined, c: JsonInput, k: string | number | undefined) => T | undefined;
}

// What emitted code and this package agree on.

/** Memory that codecs read from and write into; a Buffer in Node. */
export type Bytes = Uint8Array;

/** Writes a message's fields from `p` on and returns where they end. @throws {@link GROW} when the memory is too small. */
export type WriteMessage<Init> = (m: Init, b: Bytes, p: number) => number;

/**
 * Reads the fields from `p` to `e`, into an earlier message of the same field where there is one; `d` levels of nested
 * messages are left.
 */
export type ReadMessage<T> = (b: Bytes, p: number, e: number, d: number, into?: T) => T;

/** The state of reading one JSON value. */
export interface JsonInput {
  readonly registry: TypeRegistry | undefined;
  readonly ignoreUnknownFields: boolean;
  /** Keys and indexes that lead to the value being read; undefined for the outermost, which has none. */
  readonly path: (string | number | undefined)[];
  /** Levels of messages that are left, this one included. */
  depth: number;
  /** The text that all of it was parsed from; undefined for a value that a program hands in. */
  readonly text: JsonText | undefined;
  /** Members that have their proto name: of the message whose path is so long. */
  renamed: Map<number, { readonly k: string; readonly name: string; readonly value: JsonValue }[]> | undefined;
}

/** What is known of a text before the values that were parsed from it are read. */
export interface JsonText {
  /** No string in it has half of a surrogate pair. */
  readonly wellFormed: boolean;
  /** Nobody has added to the prototype of all objects, which its objects have. */
  readonly plain: boolean;
  /** Members that were read so far, at all levels. */
  members: number;
}

/** What the functions of a message are called by {@link messageType}. */
export interface MessageFunctions<T, Init> {
  readonly create: (init?: Init) => T;
  readonly write: WriteMessage<Init>;
  readonly read: ReadMessage<T>;
  readonly toJson: (m: Init, c: JsonOptions) => JsonValue;
  readonly print: (m: Init, c: JsonOptions) => string;
  readonly fromJson: (v: JsonValue | bigint | undefined, c: JsonInput, at: string | number | undefined) => T;
}

/** The members of an enum as JSON and closed enums need them. */
export interface EnumInfo<E extends number = number> {
  readonly typeName: string;
  /** Numbers without a member are unknown fields. */
  readonly closed: boolean;
  /** The name in the contract; of several for one number the first. */
  readonly names: ReadonlyMap<number, string>;
  /** By the name in the contract, aliases included. */
  readonly numbers: ReadonlyMap<string, E>;
}
