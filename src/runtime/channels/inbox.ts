import { QueueError } from "../queue/errors.js";

/** Messages that wait for their reader. */
export interface Inbox<T> {
  push(item: T, bytes: number): void;
  /** No more come; what waits is still read. */
  end(error?: Error): void;
  next(): Promise<IteratorResult<T, undefined>>;
  /** True while so many wait that the other side has to. */
  readonly full: boolean;
}

/** When the inbox holds up the other side, and where that cannot be done. */
export interface InboxOptions {
  /** Messages from which on it is full. */
  readonly limit: number;
  /** Stops what fills it. */
  readonly onFull: () => void;
  /** Half of it was read. */
  readonly onRoom: () => void;
  /** More came than a socket that cannot be stopped may bring. */
  readonly onOverflow: (error: Error) => void;
}

/** Bytes from which on it is full, however few messages they are. */
const fullBytes = 4 * 2 ** 20;
/** How many times as much may come before the connection is given up. */
const overflowTimes = 16;

/** A bounded queue with one end for a socket and one for a reader. */
export function createInbox<T>({ limit, onFull, onRoom, onOverflow }: InboxOptions): Inbox<T> {
  let items: { readonly item: T; readonly bytes: number }[] = [];
  let head = 0;
  let bytes = 0;
  let full = false;
  let ended: { readonly error: Error | undefined } | undefined;
  const readers: { resolve(result: IteratorResult<T, undefined>): void; reject(error: Error): void }[] = [];

  const size = (): number => items.length - head;

  function take(): T | undefined {
    const first = items[head];
    if (first === undefined) return undefined;
    head++;
    bytes -= first.bytes;
    if (head === items.length || head > 1024) {
      items = items.slice(head);
      head = 0;
    }
    if (full && size() <= limit / 2 && bytes <= fullBytes / 2) {
      full = false;
      onRoom();
    }
    return first.item;
  }

  return {
    push(item, length) {
      if (ended !== undefined) return;
      const reader = readers.shift();
      if (reader !== undefined) return reader.resolve({ done: false, value: item });
      items.push({ item, bytes: length });
      bytes += length;
      if (size() > limit * overflowTimes || bytes > fullBytes * overflowTimes) {
        return onOverflow(new QueueError("full", `${size()} messages wait for their reader`));
      }
      if (!full && (size() >= limit || bytes >= fullBytes)) {
        full = true;
        onFull();
      }
    },
    end(error) {
      if (ended !== undefined) return;
      ended = { error };
      // readers wait only where no message does
      for (const reader of readers.splice(0)) {
        if (error === undefined) reader.resolve({ done: true, value: undefined });
        else reader.reject(error);
      }
    },
    next() {
      if (size() > 0) {
        // sound: there is one
        return Promise.resolve({ done: false, value: take() as T });
      }
      if (ended === undefined) return new Promise((resolve, reject) => readers.push({ resolve, reject }));
      return ended.error === undefined
        ? Promise.resolve({ done: true, value: undefined })
        : Promise.reject(ended.error);
    },
    get full() {
      return full;
    },
  };
}
