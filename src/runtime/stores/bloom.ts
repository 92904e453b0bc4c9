/** A set of texts that knows for sure what is not in it, and otherwise errs now and then. */
export interface BloomFilter {
  add(item: string): void;
  /** False: it was never added. True: it was, or it is one of the few that look like it. */
  has(item: string): boolean;
  /** The bits, to be kept and loaded again by `bytes`. */
  readonly bytes: Uint8Array;
}

/** Settings of {@link createBloomFilter}. */
export interface BloomFilterOptions {
  /** Items that are expected; with more it errs more often. */
  readonly items: number;
  /** Share of absent items that it takes for present; 0.01 by default, which takes 1.2 bytes an item. */
  readonly falsePositives?: number | undefined;
  /** What another filter of the same settings had. */
  readonly bytes?: Uint8Array | undefined;
}

/**
 * Makes an empty Bloom filter, or one of bits that were kept.
 *
 * @throws {RangeError} for settings out of range, and for bytes of a filter of another size.
 * @example
 * const users = createBloomFilter({ items: 1_000_000 });
 * for await (const { id } of allUsers()) users.add(id);
 */
export function createBloomFilter({ items, falsePositives = 0.01, bytes }: BloomFilterOptions): BloomFilter {
  if (!Number.isSafeInteger(items) || items < 1) throw new RangeError(`items is ${items}; it must be at least 1`);
  if (!(falsePositives > 0 && falsePositives < 1)) {
    throw new RangeError(`falsePositives is ${falsePositives}; it must be between 0 and 1`);
  }
  // the textbook's optimum: bits = −n·ln p / (ln 2)², hashes = bits / n · ln 2
  const size = Math.ceil((-items * Math.log(falsePositives)) / Math.LN2 ** 2 / 8);
  const bits = size * 8;
  if (bits > 2 ** 32) throw new RangeError(`a filter for ${items} items has more than 2^32 bits`);
  if (bytes !== undefined && bytes.length !== size) {
    throw new RangeError(`the filter has ${bytes.length} bytes; one for ${items} items has ${size}`);
  }
  const hashes = Math.max(1, Math.round((bits / items) * Math.LN2));
  const memory = bytes?.slice() ?? new Uint8Array(size);

  /** Kirsch and Mitzenmacher: two hashes do the work of all; the third term keeps their sums from falling together. */
  function everyBit(item: string, visit: (at: number, mask: number) => boolean): boolean {
    let a = hash(item, 0x9747b28c) % bits;
    let b = hash(item, 0x5bd1e995) % bits;
    for (let i = 0; i < hashes; i++) {
      if (!visit(a >>> 3, 1 << (a & 7))) return false;
      a = (a + b) % bits;
      b = (b + i + 1) % bits;
    }
    return true;
  }

  return {
    bytes: memory,
    add: (item) =>
      void everyBit(item, (at, mask) => {
        memory[at] = (memory[at] ?? 0) | mask;
        return true;
      }),
    has: (item) => everyBit(item, (at, mask) => ((memory[at] ?? 0) & mask) !== 0),
  };
}

/** MurmurHash3, 32 bits, over the UTF-16 units of a text. */
function hash(text: string, seed: number): number {
  let h = seed;
  for (let i = 0; i < text.length; i++) {
    let k = Math.imul(text.charCodeAt(i), 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    h ^= k;
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  h ^= text.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
