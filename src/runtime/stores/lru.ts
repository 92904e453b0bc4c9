/** Bounds of a {@link createLru}. */
export interface LruLimits {
  readonly maxEntries: number;
  /** The sum of what `sizeOf` gives; without a bound by default. */
  readonly maxBytes?: number | undefined;
}

/** A map that forgets what was not asked for the longest when it is full. */
export interface Lru<V> {
  /** The value, which counts as used now. */
  get(key: string): V | undefined;
  /** Keeps a value of that many bytes. One that is larger than the whole map is not kept. */
  set(key: string, value: V, bytes?: number): void;
  delete(key: string): void;
  readonly size: number;
  /** Bytes of all values. */
  readonly bytes: number;
}

/** Makes an empty one. @throws {RangeError} for a bound that is no positive number. */
export function createLru<V>({ maxEntries, maxBytes = Number.POSITIVE_INFINITY }: LruLimits): Lru<V> {
  atLeastOne("maxEntries", maxEntries);
  atLeastOne("maxBytes", maxBytes);
  // a Map keeps the order in which keys were set: the first is the oldest
  const entries = new Map<string, { readonly value: V; readonly bytes: number }>();
  // kept: all before it are gone, and a new one would have to walk over what they left behind
  let oldest = entries.keys();
  let total = 0;
  const remove = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    total -= entry.bytes;
  };
  const isOver = (): boolean => entries.size > maxEntries || total > maxBytes;
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, bytes = 0) {
      remove(key);
      if (bytes > maxBytes) return;
      entries.set(key, { value, bytes });
      total += bytes;
      while (isOver()) {
        let next = oldest.next();
        // at its end once, it stays there
        if (next.done === true) next = (oldest = entries.keys()).next();
        if (next.done === true) return;
        remove(next.value);
      }
    },
    delete: remove,
    get size() {
      return entries.size;
    },
    get bytes() {
      return total;
    },
  };
}

/** Checks a bound. @throws {RangeError} when it is no positive number. */
export function atLeastOne(name: string, value: number): void {
  if (!(value >= 1)) throw new RangeError(`${name} is ${value}; it must be at least 1`);
}
