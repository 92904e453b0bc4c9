/** One 8-byte word under several views. */
export interface Word {
  readonly bigint: BigInt64Array;
  readonly biguint: BigUint64Array;
  readonly half: Uint32Array;
  readonly double: Float64Array;
  readonly float: Float32Array;
  /** The index of the low half, which depends on the machine. */
  readonly low: 0 | 1;
  readonly high: 0 | 1;
}

/** A word. Each module has its own, in constants of its own: the engine reaches those in one step. */
export function createWord(): Word {
  const word = new ArrayBuffer(8);
  const half = new Uint32Array(word);
  half[0] = 1;
  const bigint = new BigInt64Array(word);
  const low = bigint[0] === 1n ? 0 : 1;
  return {
    bigint,
    biguint: new BigUint64Array(word),
    half,
    double: new Float64Array(word),
    float: new Float32Array(word),
    low,
    high: low === 0 ? 1 : 0,
  };
}
