import type { Extension, MessageType, TypeRegistry } from "./types.js";

/**
 * A registry of message types and extensions: the types that a `google.protobuf.Any` may hold in JSON, and the
 * extensions that have a name there, `"[shop.v1.note]"`. Of two of one name, or of one number, the later counts.
 *
 * @example User.toJsonString(user, { registry: createRegistry(Invoice, Receipt, orderNote) });
 */
export function createRegistry(
  ...types: readonly (MessageType<unknown, never> | Extension<never, unknown, never>)[]
): TypeRegistry {
  const messages = new Map<string, MessageType<unknown, never>>();
  const byName = new Map<string, Extension<never, unknown, never>>();
  const byNumber = new Map<string, Extension<never, unknown, never>>();
  for (const type of types) {
    if (type.kind === "message") {
      messages.set(type.typeName, type);
    } else {
      byName.set(type.typeName, type);
      byNumber.set(`${type.extendee} ${type.number}`, type);
    }
  }
  return {
    get: (typeName) => messages.get(typeName),
    extension: (extendee, number) => byNumber.get(`${extendee} ${number}`),
    extensionNamed: (typeName) => byName.get(typeName),
  };
}
