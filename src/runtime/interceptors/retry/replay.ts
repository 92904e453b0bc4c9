import { messagesOf, protoCodec, type Messages, type MethodInfo } from "../../rpc/index.js";

/** Bytes that the requests of all calls of one layer may hold. */
export interface ReplayMemory {
  readonly limit: number;
  used: number;
}

/** What the requests of a call need to be read several times. */
export interface ReplayInit<I> {
  readonly method: MethodInfo;
  readonly source: Messages<I>;
  /** Bytes that may be kept of this call; those of messages as they are encoded. */
  readonly limit: number;
  readonly memory: ReplayMemory;
  /** More would have to be kept: that attempt, the furthest, is the one that was committed to. */
  readonly onOverflow?: ((reader: ReplayReader<I>) => void) | undefined;
}

/** One attempt's way through the requests. */
export interface ReplayReader<I> {
  readonly messages: Messages<I>;
  /** Requests it was given. */
  at: number;
  /** It reads no more. */
  left: boolean;
}

/**
 * The stream of requests of a call, read once from where it comes from and as often as there are attempts, each from
 * its beginning, also by several at a time. What was read is kept until one attempt is committed to; from then on each
 * request is forgotten when that one has it.
 */
export class RequestReplay<I> {
  readonly #init: ReplayInit<I>;
  readonly #readers = new Set<ReplayReader<I>>();
  #iterator: AsyncIterator<I, unknown, undefined> | undefined;
  #pulling: Promise<void> | undefined;
  /** What was read and is kept; the first of them has the number `#dropped`. */
  #kept: I[] = [];
  #dropped = 0;
  #bytes = 0;
  #full = false;
  #done = false;
  #failure: { readonly error: unknown } | undefined;
  #committed: ReplayReader<I> | undefined;
  #closed = false;

  constructor(init: ReplayInit<I>) {
    this.#init = init;
  }

  /** False once no further attempt can have all requests: one is committed to, or their source has failed. */
  get replayable(): boolean {
    return this.#committed === undefined && this.#failure === undefined && !this.#closed;
  }

  /** One more attempt, from the first request on. */
  open(): ReplayReader<I> {
    const messages = messagesOf<I>({
      [Symbol.asyncIterator]: (): AsyncIterator<I, undefined, undefined> => ({
        next: () => this.#next(reader),
        return: () => this.#leave(reader),
      }),
    });
    const reader: ReplayReader<I> = { messages, at: 0, left: false };
    this.#readers.add(reader);
    if (this.#full) this.commit(reader);
    return reader;
  }

  /** That attempt has failed and reads no more; the source is for the others. */
  drop(reader: ReplayReader<I>): void {
    reader.left = true;
    this.#readers.delete(reader);
  }

  /** That attempt is the last. What the others needed is forgotten. */
  commit(reader: ReplayReader<I>): void {
    if (this.#committed !== undefined || this.#closed) return;
    this.#committed = reader;
    this.#readers.clear();
    this.#kept.splice(0, reader.at - this.#dropped);
    this.#dropped = reader.at;
    this.#free();
  }

  /** The call is over: nothing is kept, and the source is told to return. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#readers.clear();
    this.#kept = [];
    this.#free();
    if (this.#done || this.#failure !== undefined) return;
    try {
      // a generator that is in the middle of something returns when that is over; nobody waits for it
      void Promise.resolve(this.#iterator?.return?.()).catch(() => {});
    } catch {
      // an iterator of the user's
    }
  }

  async #next(reader: ReplayReader<I>): Promise<IteratorResult<I, undefined>> {
    for (;;) {
      if (this.#closed || reader.left) return { done: true, value: undefined };
      const place = reader.at - this.#dropped;
      if (place < this.#kept.length) {
        // sound because the place is below the length
        const value = this.#kept[place] as I;
        reader.at++;
        if (this.#committed === reader) {
          this.#kept.shift();
          this.#dropped++;
        }
        return { done: false, value };
      }
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#done) return { done: true, value: undefined };
      await (this.#pulling ??= this.#pull(reader));
    }
  }

  #leave(reader: ReplayReader<I>): Promise<IteratorResult<I, undefined>> {
    this.drop(reader);
    if (this.#committed === reader) this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** One more request from the source. Never rejects: what it throws is for all readers. */
  async #pull(reader: ReplayReader<I>): Promise<void> {
    try {
      this.#iterator ??= this.#init.source[Symbol.asyncIterator]();
      const step = await this.#iterator.next();
      if (step.done === true) this.#done = true;
      else if (!this.#closed) this.#keep(step.value, reader);
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#pulling = undefined;
    }
  }

  #keep(request: I, reader: ReplayReader<I>): void {
    this.#kept.push(request);
    if (this.#full || this.#committed !== undefined) return;
    const { method, limit, memory, onOverflow } = this.#init;
    const size = sizeOf(method, request);
    if (this.#bytes + size <= limit && memory.used + size <= memory.limit) {
      this.#bytes += size;
      memory.used += size;
      return;
    }
    this.#full = true;
    // whoever asked for it may have failed since; the next attempt has all there is, and is the last then
    const last = reader.left ? furthest(this.#readers) : reader;
    if (last === undefined) return;
    this.commit(last);
    onOverflow?.(last);
  }

  #free(): void {
    this.#init.memory.used -= this.#bytes;
    this.#bytes = 0;
  }
}

function furthest<I>(readers: Iterable<ReplayReader<I>>): ReplayReader<I> | undefined {
  let best: ReplayReader<I> | undefined;
  for (const reader of readers) if (best === undefined || reader.at > best.at) best = reader;
  return best;
}

/** One that cannot be encoded has none: the transport says so in a moment. */
function sizeOf(method: MethodInfo, request: unknown): number {
  try {
    return protoCodec.encode(method.input, request).length;
  } catch {
    return 0;
  }
}
