import type { Random } from "../../context/index.js";

const firstMs = 100;
const factor = 1.6;
const longestMs = 10_000;
const jitter = 0.2;

/**
 * Milliseconds to wait after the n-th failure in a row, the first is 1: 100, 160, 256, … up to 10 s, each by up to a
 * fifth longer or shorter, so that clients that lost the same server do not come back all at once.
 */
export function backoffMs(failures: number, random: Random): number {
  const exact = Math.min(longestMs, firstMs * factor ** (failures - 1));
  return exact * (1 - jitter + 2 * jitter * random());
}
