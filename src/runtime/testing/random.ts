import type { Random } from "../context/index.js";

/**
 * Uniform numbers in [0, 1) that are the same for the same seed: for everything that takes a `random`.
 *
 * @example const layer = retry({ random: createTestRandom(7) });
 */
export function createTestRandom(seed: number | string = 1): Random {
  let state = typeof seed === "number" ? seed >>> 0 : hash(seed);
  // mulberry32: passes the usual tests, and 2^32 numbers are plenty here
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** FNV-1a. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
