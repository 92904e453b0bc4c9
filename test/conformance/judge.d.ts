export interface PartResult {
  readonly passed: number;
  readonly failed: readonly string[];
  readonly known: readonly string[];
}

export function judge(
  name: string,
  parts: Readonly<Record<string, number>>,
  result: Readonly<Record<string, PartResult>>,
): { readonly lines: readonly string[]; readonly holds: boolean };
