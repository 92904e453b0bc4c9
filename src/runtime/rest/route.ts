import type { JsonValue, MessageType } from "../wire/index.js";

/** A field of a request as query parameters. */
export interface RestField {
  /** The name in JSON, and so in the URL. */
  readonly json: string;
  /** The fields of a nested message; a function because messages may be recursive. */
  readonly fields?: () => readonly RestField[];
  /** True for what no URL can hold: maps, lists of messages, free-form JSON. */
  readonly opaque?: boolean;
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

/** How one method is called over HTTP: its first binding. Emitted as data. */
export interface RestRoute<I, O> {
  /** `acme.user.v1.UserService.GetUser`; for errors. */
  readonly name: string;
  readonly input: MessageType<unknown, I>;
  readonly output: MessageType<O, never>;
  readonly verb: string;
  /** Texts and variables in turns. */
  readonly path: readonly (string | RestVariable)[];
  /** Fields that go into the query, unless the path holds them. */
  readonly query: readonly RestField[];
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
