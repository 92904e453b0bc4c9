/** A map of bounded size that forgets what was longest not asked for. */
export interface Lru<V> {
  readonly size: number;
  /** The value of a key, which is made when there is none. */
  get(key: string): V;
}

/** @throws {RangeError} when the limit is not at least 1. */
export function createLru<V>(
  limit: number,
  make: (key: string) => V,
  onEvict: (value: V, key: string) => void = () => {},
): Lru<V> {
  if (!(limit >= 1)) throw new RangeError(`a map must be allowed at least one key, not ${limit}`);
  // a Map keeps the order in which keys were set
  const entries = new Map<string, V>();
  return {
    get size() {
      return entries.size;
    },
    get(key) {
      const known = entries.get(key);
      if (known !== undefined || entries.has(key)) {
        entries.delete(key);
        // sound because the key is there
        entries.set(key, known as V);
        return known as V;
      }
      if (entries.size >= limit) {
        for (const [oldest, value] of entries) {
          entries.delete(oldest);
          onEvict(value, oldest);
          break;
        }
      }
      const made = make(key);
      entries.set(key, made);
      return made;
    },
  };
}
