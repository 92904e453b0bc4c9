/** Who listens to a signal, of which each has one listener of ours. */
const listeners = new WeakMap<AbortSignal, Listeners>();

/**
 * Calls a function once when a signal aborts that has not yet. Returns what takes that back. Many may listen to one
 * signal, as the calls do that a handler makes at once: Node takes more than ten listeners for a leak.
 */
export function onAbortOf(signal: AbortSignal, run: () => void): () => void {
  let all = listeners.get(signal);
  if (all === undefined) listeners.set(signal, (all = new Listeners(signal)));
  return all.add(run);
}

class Listeners {
  readonly #signal: AbortSignal;
  readonly #all = new Set<() => void>();
  readonly #onAbort = (): void => this.#all.forEach((run) => run());

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(run: () => void): () => void {
    if (this.#all.size === 0) this.#signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#all.add(run);
    return () => {
      if (this.#all.delete(run) && this.#all.size === 0) this.#signal.removeEventListener("abort", this.#onAbort);
    };
  }
}
