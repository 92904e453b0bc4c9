import type { PartResult } from "../judge.js";

/** A bundled program with what our generator emitted of descriptors. */
export function buildTestee(
  files: readonly Uint8Array[],
): Promise<{ readonly program: string; readonly emitted: string; readonly remove: () => Promise<void> }>;

export function run(suites?: string): Promise<Readonly<Record<string, PartResult>>>;
