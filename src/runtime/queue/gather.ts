import type { Clock } from "../context/index.js";

/** When items that come one by one are taken together; whichever is met first. */
export interface GatherLimits {
  /** Items of a batch, at most. */
  readonly size: number;
  /** Bytes of a batch, at most; an item that is bigger than that is a batch of its own. */
  readonly bytes: number;
  /** Milliseconds that the first item waits for others; 0: until the end of this turn of the event loop. */
  readonly lingerMs: number;
}

/** The same with defaults, which whoever takes them states. */
export interface GatherOptions {
  readonly size?: number | undefined;
  readonly bytes?: number | undefined;
  readonly lingerMs?: number | undefined;
}

/** A line of items that leave in batches. */
export interface Gatherer<Item> {
  readonly count: number;
  readonly bytes: number;
  /** True when a batch is complete: full, or its first item has waited long enough. */
  readonly due: boolean;
  add(item: Item): void;
  /** What is there now is due. */
  force(): void;
  /**
   * The next batch, in the order of adding. Items that are not admitted keep their place. Empty when there is nothing
   * to admit.
   */
  take(admit?: (item: Item) => boolean): Item[];
  /** Takes everything out. */
  clear(): readonly Item[];
}

interface Entry<Item> {
  readonly item: Item;
  readonly bytes: number;
  readonly at: number;
}

/** Below it, entries that were taken stay in the array until it is shorter to copy the rest. */
const compactAbove = 1_024;

/**
 * Gathers items until one of the limits is met, then calls `onDue`; whoever takes the batch decides when. Timers run
 * only while items wait.
 */
export function createGatherer<Item>(
  { size, bytes: maxBytes, lingerMs }: GatherLimits,
  sizeOf: (item: Item) => number,
  clock: Clock,
  onDue: () => void,
): Gatherer<Item> {
  let entries: Entry<Item>[] = [];
  let head = 0;
  let bytes = 0;
  /** So many of the first entries are due, full batch or not. */
  let forced = 0;
  let cancel: (() => void) | undefined;

  const count = (): number => entries.length - head;
  const isDue = (): boolean => forced > 0 || count() >= size || bytes >= maxBytes;

  function arm(): void {
    const first = entries[head];
    if (first === undefined || forced > 0 || cancel !== undefined) return;
    if (lingerMs > 0) {
      cancel = clock.after(Math.max(0, first.at + lingerMs - clock.now()), expire);
    } else {
      const turn = setImmediate(expire);
      cancel = () => clearImmediate(turn);
    }
  }

  function disarm(): void {
    cancel?.();
    cancel = undefined;
  }

  function expire(): void {
    cancel = undefined;
    forced = count();
    if (forced > 0) onDue();
  }

  function compact(): void {
    if (head < entries.length && (head < compactAbove || head * 2 < entries.length)) return;
    entries = head < entries.length ? entries.slice(head) : [];
    head = 0;
  }

  /** The usual case: the batch is the first entries. */
  function takeFirst(): Item[] {
    const taken: Item[] = [];
    let sum = 0;
    for (let entry = entries[head]; entry !== undefined && taken.length < size; entry = entries[head]) {
      if (taken.length > 0 && sum + entry.bytes > maxBytes) break;
      taken.push(entry.item);
      sum += entry.bytes;
      head++;
    }
    bytes -= sum;
    return taken;
  }

  function takeAdmitted(admit: (item: Item) => boolean): Item[] {
    const taken: Item[] = [];
    const left: Entry<Item>[] = [];
    let sum = 0;
    let full = false;
    for (let i = head; i < entries.length; i++) {
      const entry = entries[i];
      if (entry === undefined) continue;
      full ||= taken.length >= size || (taken.length > 0 && sum + entry.bytes > maxBytes);
      if (full || !admit(entry.item)) {
        left.push(entry);
        continue;
      }
      taken.push(entry.item);
      sum += entry.bytes;
    }
    entries = left;
    head = 0;
    bytes -= sum;
    return taken;
  }

  return {
    get count() {
      return count();
    },
    get bytes() {
      return bytes;
    },
    get due() {
      return isDue();
    },
    add(item) {
      const itemBytes = sizeOf(item);
      entries.push({ item, bytes: itemBytes, at: lingerMs > 0 ? clock.now() : 0 });
      bytes += itemBytes;
      if (isDue()) onDue();
      else arm();
    },
    force() {
      disarm();
      expire();
    },
    take(admit) {
      const taken = admit === undefined ? takeFirst() : takeAdmitted(admit);
      if (taken.length === 0) return taken;
      forced = Math.max(0, forced - taken.length);
      compact();
      // the next batch has a first item of its own
      disarm();
      arm();
      return taken;
    },
    clear() {
      const left = entries.slice(head).map(({ item }) => item);
      entries = [];
      head = 0;
      bytes = 0;
      forced = 0;
      disarm();
      return left;
    },
  };
}
