/** A unique id for a message. The global one, for browsers load this folder too: they have payloads and channels. */
export function randomUUID(): string {
  return crypto.randomUUID();
}

const Events = globalThis.process?.getBuiltinModule?.("node:events");

/** Node suspects a leak at ten listeners of a signal; others do not count. */
export function setMaxListeners(count: number, ...signals: readonly AbortSignal[]): void {
  Events?.setMaxListeners(count, ...signals);
}
