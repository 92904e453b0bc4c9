/** What a pipe asks of the side that writes. */
export interface PipeInit {
  /** Values that may wait before the writer has to. */
  readonly capacity?: number | undefined;
  /** A reader waits and nothing is there. */
  readonly onWant?: (() => void) | undefined;
  /** The reader left before the end. */
  readonly onLeave?: (() => void) | undefined;
}

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One direction of a stream inside a process: one side writes and waits while it is full, the other iterates.
 * An end or an error comes after the values before it, unless they are dropped.
 */
export class Pipe<T> implements AsyncIterable<T> {
  readonly #capacity: number;
  readonly #onWant: (() => void) | undefined;
  readonly #onLeave: (() => void) | undefined;
  #values: T[] = [];
  #head = 0;
  #waiters: Waiter<T>[] = [];
  #room: (() => void)[] = [];
  #closed = false;
  #error: { readonly value: unknown } | undefined;
  #left = false;

  constructor({ capacity = 16, onWant, onLeave }: PipeInit = {}) {
    this.#capacity = capacity;
    this.#onWant = onWant;
    this.#onLeave = onLeave;
  }

  /** Values nobody has read yet. */
  get waiting(): number {
    return this.#values.length - this.#head;
  }

  /** Adds a value; also when it is full, for the writer asks `room` first. Ignored after the end. */
  write(value: T): void {
    if (this.#closed) return;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#values.push(value);
    else waiter.resolve({ done: false, value });
  }

  /** Undefined when there is room, else a promise for it. It also resolves at the end, when nothing is written. */
  room(): Promise<void> | undefined {
    if (this.#closed || this.waiting < this.#capacity) return undefined;
    return new Promise((resolve) => this.#room.push(resolve));
  }

  /** No more values come; with the error that ends it. */
  close(error?: { readonly value: unknown }): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#error = error;
    for (const waiter of this.#waiters.splice(0)) this.#finish(waiter);
    this.#wake();
  }

  /** Forgets what nobody has read. */
  drop(): void {
    this.#values = [];
    this.#head = 0;
    this.#wake();
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined, undefined> {
    return { next: () => this.#next(), return: () => this.#leave() };
  }

  #next(): Promise<IteratorResult<T, undefined>> {
    if (this.#head < this.#values.length) {
      // sound because the head is below the length
      const value = this.#values[this.#head] as T;
      this.#head++;
      if (this.#head === this.#values.length || this.#head >= 1024) {
        this.#values.splice(0, this.#head);
        this.#head = 0;
      }
      if (this.waiting < this.#capacity) this.#wake();
      return Promise.resolve({ done: false, value });
    }
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      if (this.#closed) {
        this.#finish(waiter);
      } else {
        this.#waiters.push(waiter);
        this.#onWant?.();
      }
    });
  }

  #finish(waiter: Waiter<T>): void {
    if (this.#error === undefined || this.#left) waiter.resolve({ done: true, value: undefined });
    else waiter.reject(this.#error.value);
  }

  #leave(): Promise<IteratorResult<T, undefined>> {
    if (!this.#left) {
      this.#left = true;
      const open = !this.#closed || this.waiting > 0;
      this.drop();
      this.close();
      if (open) this.#onLeave?.();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  #wake(): void {
    for (const resolve of this.#room.splice(0)) resolve();
  }
}
