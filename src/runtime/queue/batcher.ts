import { holdProcess, systemClock, type Clock } from "../context/index.js";
import { QueueError, toError } from "./errors.js";
import { createGatherer, type GatherOptions } from "./gather.js";

/** Settings of {@link createBatcher}. */
export interface BatcherOptions<Item, Result> extends GatherOptions {
  /** Sends a batch: a result for each item, in order. Where it rejects, each item of the batch does. */
  readonly send: (batch: readonly Item[]) => Promise<readonly Result[]>;
  /** Bytes of an item; 0 by default, so that only the size counts. */
  readonly sizeOf?: ((item: Item) => number) | undefined;
  /** Bytes that wait or are being sent, at most: beyond them `add` waits. 16 MiB by default. */
  readonly maxPendingBytes?: number | undefined;
  /** Items that wait or are being sent, at most: beyond them `add` waits. 10,000 by default. */
  readonly maxPending?: number | undefined;
  /**
   * Items that wait for that room, at most; more are refused with the code `full`: these are callers who await nothing.
   * 100,000 by default.
   */
  readonly maxWaiting?: number | undefined;
  /** Batches that are being sent at one time; 8 by default. Meanwhile others grow. */
  readonly maxInFlight?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Sends items that come one by one in batches, each with a result of its own. */
export interface Batcher<Item, Result> {
  /** Resolves to the item's own result. Waits first while too much is pending. */
  add(item: Item): Promise<Result>;
  /** The same for those to whom a promise for each item is too much: calls one of the functions, which must not throw. */
  push(item: Item, done: (result: Result) => void, fail: (error: Error) => void): void;
  /** Sends at once what is there; resolves when it was sent, whatever became of it. */
  flush(): Promise<void>;
  /** Takes no more and flushes. */
  close(): Promise<void>;
  /** Bytes that wait or are being sent. */
  readonly pendingBytes: number;
  /** Items that wait or are being sent. */
  readonly pending: number;
}

interface Entry<Item, Result> {
  readonly item: Item;
  /** Counts what was added. */
  readonly number: number;
  readonly bytes: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

const mebibyte = 1_024 * 1_024;

/**
 * Gathers items and sends them together: at `size` items, at `bytes` bytes, or when the first has waited `lingerMs`,
 * whichever comes first; the next item then begins a batch of its own. The order of adding is the order of sending.
 *
 * @example
 * const rows = createBatcher({ size: 500, lingerMs: 20, send: (batch) => insertRows(batch) });
 * await rows.add(row);
 */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  const {
    send,
    sizeOf = () => 0,
    maxPendingBytes = 16 * mebibyte,
    maxPending = 10_000,
    maxWaiting = 100_000,
  } = options;
  const { size = 1_000, bytes = mebibyte, lingerMs = 0, maxInFlight = 8, clock = systemClock } = options;
  const limits: Readonly<Record<string, number>> = { size, bytes, maxPendingBytes, maxPending, maxInFlight };
  for (const [name, value] of Object.entries(limits)) checkLimit(name, value, 1);
  checkLimit("lingerMs", lingerMs, 0);

  const gatherer = createGatherer<Entry<Item, Result>>({ size, bytes, lingerMs }, (entry) => entry.bytes, clock, pump);
  /** Behind those that are pending, until there is room. */
  let waiting: Entry<Item, Result>[] = [];
  let waitingHead = 0;
  let pending = 0;
  let pendingBytes = 0;
  let inFlight = 0;
  let closed = false;
  let letGo = (): void => {};
  let added = 0;
  /** Who flushes waits for what was added before, not for what others add meanwhile. */
  const flushes = new Set<{ readonly upTo: number; left: number; readonly done: () => void }>();

  /** One item always fits, however big it is. */
  function hasRoom(entry: Entry<Item, Result>): boolean {
    return pending === 0 || (pending < maxPending && pendingBytes + entry.bytes <= maxPendingBytes);
  }

  function admit(entry: Entry<Item, Result>): void {
    // in one turn of the event loop nothing has to be kept alive
    if (pending === 0 && lingerMs > 0) letGo = holdProcess();
    pending++;
    pendingBytes += entry.bytes;
    gatherer.add(entry);
  }

  function admitWaiting(): void {
    for (let next = waiting[waitingHead]; next !== undefined && hasRoom(next); next = waiting[waitingHead]) {
      waitingHead++;
      admit(next);
    }
    if (waitingHead === waiting.length) {
      waiting = [];
      waitingHead = 0;
    } else if (waitingHead > 1_024 && waitingHead * 2 > waiting.length) {
      waiting = waiting.slice(waitingHead);
      waitingHead = 0;
    }
  }

  function pump(): void {
    while (inFlight < maxInFlight && gatherer.due) {
      const batch = gatherer.take();
      if (batch.length === 0) return;
      inFlight++;
      void deliver(batch);
    }
  }

  async function deliver(batch: readonly Entry<Item, Result>[]): Promise<void> {
    try {
      const results = await send(batch.map(({ item }) => item));
      batch.forEach((entry, i) => {
        const result = results[i];
        if (result === undefined) entry.reject(new QueueError("refused", "a batch came back with too few results"));
        else entry.resolve(result);
      });
    } catch (thrown) {
      const error = toError(thrown);
      for (const entry of batch) entry.reject(error);
    } finally {
      inFlight--;
      pending -= batch.length;
      if (pending === 0) letGo();
      for (const entry of batch) pendingBytes -= entry.bytes;
      admitWaiting();
      for (const flush of flushes) {
        for (const entry of batch) if (entry.number <= flush.upTo) flush.left--;
        if (flush.left === 0) {
          flushes.delete(flush);
          flush.done();
        }
      }
      // who flushes waits for those as well that had no room
      if (flushes.size > 0 && gatherer.count > 0) gatherer.force();
      pump();
    }
  }

  function flush(): Promise<void> {
    gatherer.force();
    const left = pending + waiting.length - waitingHead;
    return left === 0 ? Promise.resolve() : new Promise((resolve) => flushes.add({ upTo: added, left, done: resolve }));
  }

  function push(item: Item, resolve: (result: Result) => void, reject: (error: Error) => void): void {
    if (closed) return reject(new QueueError("closed", "the batcher is closed"));
    const entry = { item, number: ++added, bytes: sizeOf(item), resolve, reject };
    if (waitingHead === waiting.length && hasRoom(entry)) return admit(entry);
    if (waiting.length - waitingHead >= maxWaiting) {
      return reject(
        new QueueError("full", `${pending} items are pending and ${maxWaiting} wait for room: await what is added`),
      );
    }
    waiting.push(entry);
  }

  return {
    get pendingBytes() {
      return pendingBytes;
    },
    get pending() {
      return pending;
    },
    add: (item) => new Promise((resolve, reject) => push(item, resolve, reject)),
    push,
    flush,
    close() {
      closed = true;
      return flush();
    },
  };
}

function checkLimit(name: string, value: number, least: number): void {
  if (!(value >= least)) throw new QueueError("usage", `${name} must be at least ${least}, not ${value}`);
}
