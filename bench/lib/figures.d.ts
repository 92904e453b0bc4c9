export type Bar = { readonly most: number } | { readonly least: number };

export interface Figure {
  readonly id: string;
  readonly value: number | null;
  readonly unit: string;
  readonly spread: number;
  readonly peer: { readonly name: string; readonly value: number } | null;
  readonly ratio: number | null;
  readonly bar: Bar | null;
  readonly holds: boolean;
  readonly note: string;
}

export interface Report {
  readonly suite: string;
  readonly machine: { readonly node: string; readonly cpu: string; readonly cores: number; readonly platform: string };
  readonly rounds: number;
  readonly figures: readonly Figure[];
  readonly holds: boolean;
}

export function figure(input: {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  readonly spread?: number;
  readonly peer?: { readonly name: string; readonly value: number };
  readonly ratio?: number;
  readonly bar?: Bar;
  readonly note?: string;
}): Figure;
export function missingFigure(id: string, reason: string): Figure;
export function report(input: Omit<Report, "holds">): Report;
export function printReport(report: Report): string;
