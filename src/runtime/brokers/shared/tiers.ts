/** The smallest tier that is at least the delay, else the largest; undefined without tiers. */
export function tierFor(tiers: readonly number[], delayMs: number): number | undefined {
  return tiers.find((tier) => tier >= delayMs) ?? tiers.at(-1);
}

/** A delay rounded up to 1, 2 or 5 times a power of ten, so that the number of places made on demand is small. */
export function roundDelay(delayMs: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, delayMs)));
  return ([1, 2, 5, 10].find((step) => step * power >= delayMs) ?? 10) * power;
}
