import type { JsonValue, MessageType } from "../wire/index.js";

/** A field of a request as query parameters: its name in JSON, and so in the URL, where there is no more to say. */
export type RestField = string | RestFieldInfo;

/** The fields of a message; a function because messages may be recursive, and so that unused ones cost nothing. */
export type RestFields = () => readonly RestField[];

/** A field whose value is no scalar. */
export interface RestFieldInfo {
  readonly json: string;
  /** The fields of a nested message. */
  readonly fields?: RestFields;
  /** True for what no URL can hold: maps, lists of messages, free-form JSON. */
  readonly opaque?: boolean;
}

/** A nested message; its fields have dotted names. @example messageField("address", addressFields) */
export function messageField(json: string, fields: RestFields): RestFieldInfo {
  return { json, fields };
}

/** What no URL can hold: maps, lists of messages, free-form JSON. @example opaqueField("labels") */
export function opaqueField(json: string): RestFieldInfo {
  return { json, opaque: true };
}

/** A variable of a path. */
export interface RestVariable {
  /** JSON names from the request message down. */
  readonly json: readonly string[];
  /** The segments its value must have: `["*"]`, `["shelves", "*"]`. */
  readonly pattern: readonly string[];
  /** What stands for a default that ProtoJSON leaves out. Strings have none: an empty segment matches nothing. */
  readonly empty?: string;
}

/** A text of a path, or a variable of it. */
export type PathPart = string | RestVariable;

/** How one method is called over HTTP: its first binding. Emitted as data. */
export interface RestRoute<I, O> {
  /** `acme.user.v1.UserService.GetUser`; for errors. */
  readonly name: string;
  readonly input: MessageType<unknown, I>;
  readonly output: MessageType<O, never>;
  readonly verb: string;
  /**
   * The template as the contract has it, `/v1/{name=books/*}:move`; texts and variables in turns where a variable has
   * a JSON name of its own or a default.
   */
  readonly path: string | readonly PathPart[];
  /** Fields that go into the query, unless the path holds them; none by default. */
  readonly query?: RestFields;
  /** The field that is the body, by its JSON name; `*` for the whole message. */
  readonly body?: string;
  /** A body of bytes: the message is, or the field holds, a `google.api.HttpBody`. */
  readonly rawBody?: boolean;
  /** The response field that the body holds, by its JSON name; `*` for the whole message. */
  readonly responseBody?: string;
  readonly rawResponse?: boolean;
}

/** A JSON object. */
export type JsonFields = { [key: string]: JsonValue };

export function isFields(value: JsonValue | undefined): value is JsonFields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The own property at a path of names. */
export function fieldAt(value: JsonValue, path: readonly string[]): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const name of path) found = isFields(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  return found;
}
