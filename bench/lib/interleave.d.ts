export interface Entry<S> {
  readonly id: string;
  run(): Promise<S> | S;
}

export function interleave<S>(
  entries: readonly Entry<S>[],
  rounds: number,
  options?: { readonly warmUp?: boolean; readonly onRound?: (round: number, rounds: number) => void },
): Promise<ReadonlyMap<string, readonly S[]>>;
