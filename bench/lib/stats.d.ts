export function median(values: readonly number[]): number;
export function spread(values: readonly number[]): number;
export function round(value: number, digits?: number): number;
