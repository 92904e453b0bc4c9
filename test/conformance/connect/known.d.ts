export function parseKnown(text: string): string[];

export function explain(failures: ReadonlyMap<string, readonly string[]>, known: readonly string[]): string[];
