/** Memory of a body that comes in more than one piece, at first. */
const smallest = 1024;

/**
 * Puts a body together that comes in pieces, in one piece of memory that doubles as it fills: kept as they are, pieces
 * of a byte each would take a hundred times the bytes that a limit allows. A body that is one piece is not copied.
 */
export class ByteCollector {
  #bytes: Uint8Array | undefined;
  #size = 0;
  /** The memory is ours to write to. */
  #own = false;

  /** Bytes that it holds. */
  get size(): number {
    return this.#size;
  }

  /** Adds a piece. `expected` is the size that the sender announced, at which doubling stops if it was honest. */
  push(piece: Uint8Array, expected = Infinity): void {
    const size = this.#size + piece.length;
    const before = this.#bytes;
    if (before === undefined) {
      this.#bytes = piece;
    } else if (this.#own && size <= before.length) {
      before.set(piece, this.#size);
    } else {
      const bytes = new Uint8Array(Math.max(size, Math.min(Math.max(2 * before.length, smallest), expected)));
      bytes.set(this.#own ? before.subarray(0, this.#size) : before);
      bytes.set(piece, this.#size);
      this.#bytes = bytes;
      this.#own = true;
    }
    this.#size = size;
  }

  /** All bytes so far; it is empty after that. */
  take(): Uint8Array {
    const bytes = this.#bytes?.subarray(0, this.#size) ?? new Uint8Array();
    this.#bytes = undefined;
    this.#size = 0;
    this.#own = false;
    return bytes;
  }
}
