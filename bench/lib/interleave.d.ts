export interface Entry {
  readonly id: string;
  run(): Promise<number> | number;
}

export function interleave(
  entries: readonly Entry[],
  rounds: number,
  options?: { readonly warmUp?: boolean; readonly onRound?: (round: number, rounds: number) => void },
): Promise<ReadonlyMap<string, readonly number[]>>;
