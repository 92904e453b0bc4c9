import type { Clock } from "../../context/index.js";

/**
 * What nghttp2 allows a client, as the answer to floods of resets: so many at once and so many a second. Who sends more
 * loses the connection and every call on it.
 */
const allowedAtOnce = 1_000;
const allowedPerSecond = 33;

/** What is kept for calls that are on the connection when it is given up. */
const kept = allowedAtOnce / 2;

/** Counts the resets that a client sends on a connection. */
export class ResetBudget {
  readonly #clock: Clock;
  #left = allowedAtOnce;
  #at: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.now();
  }

  /** One more was sent. False when new calls should go elsewhere. */
  spend(): boolean {
    const now = this.#clock.now();
    this.#left = Math.min(allowedAtOnce, this.#left + (Math.max(0, now - this.#at) * allowedPerSecond) / 1_000) - 1;
    this.#at = now;
    return this.#left > kept;
  }
}
