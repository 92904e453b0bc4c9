/** A unique id for a message. The global one, for browsers load this folder too: they have payloads and channels. */
export function randomUUID(): string {
  return crypto.randomUUID();
}

// what only those need who publish to brokers and consume: browsers, which have channels, do not

/** @throws {Error} outside of Node. */
export function nodeZlib(): typeof import("node:zlib") {
  return globalThis.process?.getBuiltinModule?.("node:zlib") ?? missing("node:zlib");
}

/** @throws {Error} outside of Node. */
export function nodeCrypto(): typeof import("node:crypto") {
  return globalThis.process?.getBuiltinModule?.("node:crypto") ?? missing("node:crypto");
}

function missing(name: string): never {
  throw new Error(`there is no ${name} here`);
}

const Events = globalThis.process?.getBuiltinModule?.("node:events");

/** Node suspects a leak at ten listeners of a signal; others do not count. */
export function setMaxListeners(count: number, ...signals: readonly AbortSignal[]): void {
  Events?.setMaxListeners(count, ...signals);
}
