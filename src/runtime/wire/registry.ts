import type { MessageType, TypeRegistry } from "./types.js";

/**
 * A registry of message types, for `google.protobuf.Any` in JSON.
 *
 * @example User.toJsonString(user, { registry: createRegistry(Invoice, Receipt) });
 */
export function createRegistry(...types: readonly MessageType<unknown, never>[]): TypeRegistry {
  const byName = new Map(types.map((type) => [type.typeName, type]));
  return { get: (typeName) => byName.get(typeName) };
}
