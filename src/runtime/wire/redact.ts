import { setEntry } from "./maps.js";
import type { JsonObject, JsonValue, MessageType, TypeRegistry } from "./types.js";

/** What stands in place of a value that the contract keeps out of logs. */
export const hidden = "[redacted]";

/** A message type whose contract keeps fields out of logs: `redact` hides them in the JSON of a message. */
export function redacting<T, Init>(
  type: MessageType<T, Init>,
  redact: (json: JsonObject) => void,
): MessageType<T, Init> {
  return { ...type, redact };
}

/** Hides a member. */
export function hide(o: JsonObject, name: string): void {
  if (Object.hasOwn(o, name)) setEntry(o, name, hidden);
}

/** Hides what a message in a member has to hide, or each of several. */
export function hideIn(o: JsonObject, name: string, type: MessageType<unknown, never>): void {
  const value = Object.hasOwn(o, name) ? o[name] : undefined;
  for (const one of Array.isArray(value) ? value : [value]) hideInside(one, type);
}

/** The same for the values of a map. */
export function hideInValues(o: JsonObject, name: string, type: MessageType<unknown, never>): void {
  const map = Object.hasOwn(o, name) ? o[name] : undefined;
  if (isObject(map)) for (const value of Object.values(map)) hideInside(value, type);
}

function hideInside(value: JsonValue | undefined, type: MessageType<unknown, never>): void {
  if (isObject(value)) type.redact?.(value);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A message as JSON for logs: fields that the contract keeps out of them (`debug_redact`, or `redact` of
 * `wirespan.options.v1.field`) are `"[redacted]"`, of what an Any holds only the type is told, and extensions are left
 * out.
 *
 * @example logger.info({ user: toRedactedJson(User, user) }, "created");
 * @throws {WireError} for a value that its field cannot hold.
 */
export function toRedactedJson<T, Init>(type: MessageType<T, Init>, message: Init): JsonValue {
  const json = type.toJson(message, { registry: opaque });
  if (isObject(json)) type.redact?.(json);
  return json;
}

/** Knows every type, and shows nothing of it. */
const opaque: TypeRegistry = {
  get: (typeName) => ({
    kind: "message",
    typeName,
    create: () => ({}),
    encode: () => new Uint8Array(),
    decode: () => ({}),
    toJson: () => ({}),
    fromJson: () => ({}),
    toJsonString: () => "{}",
    fromJsonString: () => ({}),
  }),
  extension: () => undefined,
  extensionNamed: () => undefined,
};
