import { captureContext } from "../context/index.js";
import { RpcError } from "./error.js";
import { Code } from "./status.js";
import type { Messages } from "./types.js";

/** How single messages of the runtime's own are read without a promise. */
export const takeOne: unique symbol = Symbol("takeOne");

/** Messages that are read so. One of the two functions is called, once, maybe before this returns; neither throws. */
export interface OneTaken<T> {
  [takeOne](take: (message: T) => void, fail: (error: unknown) => void): void;
}

/** Reads the only message of a unary side. */
export function readMessage<T>(
  messages: Messages<T>,
  take: (message: T) => void,
  fail: (error: unknown) => void,
): void {
  if (isOneTaken<T>(messages)) return messages[takeOne](take, fail);
  try {
    messages.one().then(take, fail);
  } catch (error) {
    fail(error);
  }
}

function isOneTaken<T>(messages: object): messages is OneTaken<T> {
  return takeOne in messages;
}

/** The only message of a unary side. May be read several times. `bytes`: what it is encoded. */
export function oneMessage<T>(message: T, bytes?: Uint8Array): Messages<T> {
  return new KnownMessage(message, bytes);
}

/** The bytes of a single message that was encoded and that nobody has read since. */
export function encodedMessage(messages: object): Uint8Array | undefined {
  return messages instanceof KnownMessage ? messages.bytes : undefined;
}

class KnownMessage<T> implements Messages<T>, OneTaken<T> {
  /** Undefined once somebody has read the message, and may have changed it. */
  bytes: Uint8Array | undefined;
  readonly #message: T;

  constructor(message: T, bytes: Uint8Array | undefined) {
    this.#message = message;
    this.bytes = bytes;
  }

  one(): Promise<T> {
    return Promise.resolve(this.#read());
  }

  [takeOne](take: (message: T) => void): void {
    take(this.#read());
  }

  map(replace: (message: T) => T): Messages<T> {
    const run = captureContext();
    return lazyMessage(() => run(() => replace(this.#read())));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, undefined, undefined> {
    yield this.#read();
  }

  #read(): T {
    this.bytes = undefined;
    return this.#message;
  }
}

/** The only message of a unary side so that it may be read several times, whoever made it. It is asked for once. */
export function repeatable<T>(messages: Messages<T>): Messages<T> {
  return messages instanceof KnownMessage ? messages : awaitedMessage(() => messages.one());
}

function awaitedMessage<T>(read: () => Promise<T>): Messages<T> {
  let message: Promise<T> | undefined;
  const one = (): Promise<T> => (message ??= read());
  return {
    one,
    map(replace) {
      const run = captureContext();
      return awaitedMessage(async () => {
        const value = await one();
        return run(() => replace(value));
      });
    },
    async *[Symbol.asyncIterator]() {
      yield await one();
    },
  };
}

/** A message that is computed when it is read, so that what the computation throws reaches the reader. */
function lazyMessage<T>(compute: () => T): Messages<T> & OneTaken<T> {
  let result: { readonly value: T } | undefined;
  const value = (): T => (result ??= { value: compute() }).value;
  return {
    // async, so that a throw becomes a rejection
    one: async () => value(),
    [takeOne](take, fail) {
      try {
        value();
      } catch (error) {
        return fail(error);
      }
      take(value());
    },
    map(replace) {
      const run = captureContext();
      return lazyMessage(() => run(() => replace(value())));
    },
    async *[Symbol.asyncIterator]() {
      yield value();
    },
  };
}

/** Messages that fail with an error as soon as they are read. */
export function failedMessages<T>(error: () => RpcError): Messages<T> {
  return {
    one: () => Promise.reject(error()),
    map: () => failedMessages(error),
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(error()),
      return: () => Promise.resolve({ done: true, value: undefined }),
    }),
  };
}

/**
 * A stream of messages over any iterable. It can be read once; leaving it early ends the source.
 *
 * @example messagesOf([{ text: "a" }, { text: "b" }])
 */
export function messagesOf<T>(source: AsyncIterable<T> | Iterable<T>): Messages<T> {
  return streamOf(source, undefined);
}

/** The messages of a stream, each made from what the source has, in one step. */
export function mapMessages<S, T>(source: AsyncIterable<S> | Iterable<S>, make: (item: S) => T): Messages<T> {
  return streamOf(source, make);
}

function streamOf<S, T>(source: AsyncIterable<S> | Iterable<S>, make: ((item: S) => T) | undefined): Messages<T> {
  return {
    one: () => readOne(iterate(source, make)),
    map(replace) {
      // who reads the messages may be in another context than the layer that maps them
      const run = captureContext();
      return streamOf(source, (item: S) => {
        // without `make` an item is a message
        const message = make === undefined ? (item as unknown as T) : make(item);
        return run(() => replace(message));
      });
    },
    [Symbol.asyncIterator]: () => iterate(source, make),
  };
}

/** How the reader of a reply says that it failed over a message; a reader that merely leaves has cancelled the call. */
export const readerFailed: unique symbol = Symbol("readerFailed");

function isFailable(iterator: object): iterator is { [readerFailed](error: unknown): void } {
  return readerFailed in iterator;
}

function iterate<S, T>(
  source: AsyncIterable<S> | Iterable<S>,
  make: ((item: S) => T) | undefined,
): AsyncIterator<T, undefined, undefined> {
  const iterator = iteratorOf(source);
  // sound because `make` is undefined only where `S` is `T`
  if (make === undefined) return iterator as unknown as AsyncIterator<T, undefined, undefined>;
  return {
    async next() {
      const step = await iterator.next();
      if (step.done === true) return { done: true, value: undefined };
      try {
        return { done: false, value: make(step.value) };
      } catch (error) {
        // a source that is not told would wait for its reader for ever
        if (isFailable(iterator)) iterator[readerFailed](error);
        else await iterator.return?.();
        throw error;
      }
    },
    async return() {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
}

/** The iterator of either kind of iterable, with promises in any case. */
export function iteratorOf<T>(source: AsyncIterable<T> | Iterable<T>): AsyncIterator<T, unknown, undefined> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  const iterator = source[Symbol.iterator]();
  return {
    next: async () => iterator.next(),
    return: async () => iterator.return?.() ?? { done: true, value: undefined },
  };
}

/** The only message of a side that the contract calls unary. */
export async function readOne<T>(iterator: AsyncIterator<T, unknown, undefined>): Promise<T> {
  const first = await iterator.next();
  if (first.done === true) throw new RpcError(Code.UNIMPLEMENTED, "one message was expected, none came");
  const second = await iterator.next();
  if (second.done !== true) {
    await iterator.return?.();
    throw new RpcError(Code.UNIMPLEMENTED, "one message was expected, several came");
  }
  return first.value;
}
