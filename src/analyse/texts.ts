/** A duration for people: `250 ms`, `5 s`, `2 min`. */
export function durationText(value: number): string {
  if (value >= 60_000 && value % 60_000 === 0) return `${value / 60_000} min`;
  return value >= 1_000 && value % 100 === 0 ? `${value / 1_000} s` : `${value} ms`;
}
