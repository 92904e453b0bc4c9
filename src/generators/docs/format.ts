/** Milliseconds for readers: `250 ms`, `1.5 s`, `10 min`, `2 h`, `3 d`. */
export function formatDuration(ms: number): string {
  const units: readonly (readonly [string, number])[] = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1000],
  ];
  for (const [unit, size] of units) {
    // 90 s reads better than 1.5 min
    if (ms >= size && (unit === "s" || ms % size === 0)) return `${Math.round((ms / size) * 1000) / 1000} ${unit}`;
  }
  return `${ms} ms`;
}

/** `1 method`, `3 methods`. */
export function count(n: number, singular: string, plural = `${singular}s`): string {
  return `${n} ${n === 1 ? singular : plural}`;
}

/** An argument of a POSIX shell that is taken literally, whatever is in it. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`;
}
