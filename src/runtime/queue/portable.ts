/** A unique id for a message. The global one, for browsers load this folder too: they have payloads and channels. */
export function randomUUID(): string {
  return crypto.randomUUID();
}

/**
 * A module of Node that only those need who publish to brokers and consume: browsers, which have channels, do not.
 *
 * @throws {Error} where there is none.
 */
export function builtin<Name extends "node:zlib" | "node:crypto">(
  name: Name,
): Name extends "node:zlib" ? typeof import("node:zlib") : typeof import("node:crypto") {
  const module = globalThis.process?.getBuiltinModule?.(name);
  if (module === undefined) throw new Error(`there is no ${name} here`);
  return module;
}

const Events = globalThis.process?.getBuiltinModule?.("node:events");

/** Node suspects a leak at ten listeners of a signal; others do not count. */
export function setMaxListeners(count: number, ...signals: readonly AbortSignal[]): void {
  Events?.setMaxListeners(count, ...signals);
}
