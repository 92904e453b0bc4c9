/** What holds for consumers where contract and program are silent; generator and runtime read it here. */
export const queueDefaults = {
  retry: { maxAttempts: 3, quick: 2, delaysMs: [1_000] },
  batch: { size: 100, bytes: 4 * 1_024 * 1_024, lingerMs: 100 },
} as const;

const quickBaseMs = 50;
const quickMaxMs = 1_000;

/** Milliseconds between that attempt (1 for the first) and the next one, as the policy has them: jitter comes to it. */
export function queueDelayMs(
  {
    quick,
    delaysMs = queueDefaults.retry.delaysMs,
  }: { readonly quick: number; readonly delaysMs?: readonly number[] | undefined },
  attempt: number,
): number {
  if (attempt < quick) return Math.min(quickBaseMs * 2 ** (attempt - 1), quickMaxMs);
  return delaysMs[attempt - Math.max(quick, 1)] ?? delaysMs.at(-1) ?? 0;
}
