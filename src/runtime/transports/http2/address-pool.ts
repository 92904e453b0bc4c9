import type { Random } from "../../context/index.js";
import type { Address } from "./address.js";
import { backoffMs } from "./backoff.js";
import { Connection, type ConnectionRules } from "./connection.js";

/** What the pool of an address is made of. */
export interface AddressPoolInit {
  readonly address: Address;
  /** Connections at most. */
  readonly max: number;
  readonly rules: ConnectionRules;
  readonly random: Random;
  /** There may be room for a call that waits. */
  readonly onRoom: () => void;
  /** A connection came about, was lost or failed, or the time to wait after a failure is over. */
  readonly onChange: () => void;
  /** A connection was lost or failed: the address may not be one any more. Before `onChange`. */
  readonly onLost: () => void;
}

/**
 * - `ready`: there is a connection that takes calls, though it may be full;
 * - `connecting`: the first is being opened;
 * - `failing`: none, and it is not tried again before some time is over;
 * - `idle`: none.
 */
export type AddressState = "ready" | "connecting" | "failing" | "idle";

/** Up to `max` connections to one address. */
export class AddressPool {
  readonly address: Address;
  /** Why there is no connection. */
  failure: Error | undefined;
  /** When a `failing` address is tried again. */
  retryAt = 0;
  readonly #init: AddressPoolInit;
  readonly #ready: Connection[] = [];
  #opening: Connection | undefined;
  /** In a row. */
  #failures = 0;
  #drops = 0;
  #blocked = false;
  #growing = false;
  #cancelTimer = (): void => {};
  #closed = false;

  constructor(init: AddressPoolInit) {
    this.#init = init;
    this.address = init.address;
  }

  get state(): AddressState {
    if (this.#ready.length > 0) return "ready";
    if (this.#opening !== undefined) return "connecting";
    return this.#blocked ? "failing" : "idle";
  }

  /**
   * Promises a stream of the connection with the fewest. One more connection is opened when all are in use, as long
   * as there may be more.
   */
  reserve(): Connection | undefined {
    let best: Connection | undefined;
    for (const connection of this.#ready) {
      if (connection.usable && (best === undefined || connection.taken < best.taken)) best = connection;
    }
    if (best === undefined) return undefined;
    if (!best.hasRoom) {
      this.connect();
      return undefined;
    }
    if (best.taken > 0) this.#growSoon();
    best.reserve();
    return best;
  }

  /** Opens a connection, unless one is being opened, there are enough, or the last failed a short time ago. */
  connect(): void {
    const { address, max, rules, onRoom } = this.#init;
    if (this.#closed || this.#blocked || this.#opening !== undefined || this.#ready.length >= max) return;
    const connection: Connection = new Connection(address, rules, {
      onReady: () => this.#opened(connection),
      onRoom,
      onGone: (error) => this.#lost(connection, error),
    });
    this.#opening = connection;
  }

  /** Not at once: the stream of a call that has just ended is still there for a moment. */
  #growSoon(): void {
    if (this.#growing || this.#ready.length >= this.#init.max) return;
    this.#growing = true;
    setImmediate(() => {
      this.#growing = false;
      if (this.#ready.every(({ taken }) => taken > 1)) this.connect();
    });
  }

  /** Lets calls under way end and opens no more connections. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer();
    this.#opening?.close();
    for (const connection of this.#ready.splice(0)) connection.close();
  }

  #opened(connection: Connection): void {
    this.#opening = undefined;
    this.#ready.push(connection);
    this.failure = undefined;
    this.#init.onChange();
  }

  #lost(connection: Connection, error: Error | undefined): void {
    if (this.#closed) return;
    const opening = this.#opening === connection;
    if (opening) this.#opening = undefined;
    else this.#ready.splice(this.#ready.indexOf(connection), 1);
    if (connection.used) {
      this.#failures = 0;
      this.#drops = 0;
    } else if (opening || ++this.#drops > 1) {
      // a server that takes connections and drops them unused, again and again, is as good as none
      this.#block(error ?? new Error("the server takes no calls"));
    }
    this.#init.onLost();
    this.#init.onChange();
  }

  #block(error: Error): void {
    const { rules, random, onChange } = this.#init;
    this.failure = error;
    this.#blocked = true;
    const wait = backoffMs(++this.#failures, random);
    this.retryAt = rules.clock.now() + wait;
    this.#cancelTimer = rules.clock.after(wait, () => {
      this.#blocked = false;
      onChange();
    });
  }
}
