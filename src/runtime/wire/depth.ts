/** The levels that an option allows, 100 by default. @throws {RangeError} for what is no number of levels. */
export function depthOf(options: { readonly maxDepth?: number | undefined } | undefined): number {
  const depth = options?.maxDepth ?? 100;
  if (!Number.isSafeInteger(depth) || depth < 0) {
    throw new RangeError(`maxDepth is no whole number: ${String(depth)}`);
  }
  return depth;
}
