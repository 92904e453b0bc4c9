import type { Now } from "./time.js";

/** What happened in a slice of time. */
export interface Counts {
  success: number;
  failure: number;
  /** Refused here; nobody else has seen them. */
  dropped: number;
}

/** Settings of a {@link RollingWindow}. */
export interface RollingWindowOptions {
  /** Milliseconds that it looks back. */
  readonly windowMs: number;
  /** Slices of it; what is in the oldest goes with it as a whole. */
  readonly buckets: number;
  readonly now: Now;
}

/** Counts of the last while, in slices that fall off one by one: nobody's window begins when somebody else's ends. */
export class RollingWindow {
  readonly #slices: Counts[];
  readonly #sliceMs: number;
  readonly #now: Now;
  #newest: number;
  readonly #sum: Counts = { success: 0, failure: 0, dropped: 0 };

  constructor({ windowMs, buckets, now }: RollingWindowOptions) {
    this.#slices = Array.from({ length: buckets }, () => ({ success: 0, failure: 0, dropped: 0 }));
    this.#sliceMs = windowMs / buckets;
    this.#now = now;
    this.#newest = this.#index();
  }

  /** The sums as of now. The same object every time. */
  get counts(): Readonly<Counts> {
    this.#advance();
    return this.#sum;
  }

  add(what: keyof Counts): void {
    this.#advance();
    const slice = this.#slices[this.#newest % this.#slices.length];
    if (slice !== undefined) slice[what]++;
    this.#sum[what]++;
  }

  /** The slices as of now, the oldest first. */
  *slices(): Generator<Readonly<Counts>, void, undefined> {
    this.#advance();
    for (let i = 1; i <= this.#slices.length; i++) {
      const slice = this.#slices[(this.#newest + i) % this.#slices.length];
      if (slice !== undefined) yield slice;
    }
  }

  reset(): void {
    for (const slice of [...this.#slices, this.#sum]) slice.success = slice.failure = slice.dropped = 0;
    this.#newest = this.#index();
  }

  #index(): number {
    return Math.max(0, Math.floor(this.#now() / this.#sliceMs));
  }

  #advance(): void {
    const index = this.#index();
    if (index <= this.#newest) return;
    const first = Math.max(this.#newest + 1, index - this.#slices.length + 1);
    for (let i = first; i <= index; i++) {
      const slice = this.#slices[i % this.#slices.length];
      if (slice === undefined) continue;
      this.#sum.success -= slice.success;
      this.#sum.failure -= slice.failure;
      this.#sum.dropped -= slice.dropped;
      slice.success = slice.failure = slice.dropped = 0;
    }
    this.#newest = index;
  }
}
