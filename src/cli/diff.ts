/** One line of a comparison. */
interface Edit {
  readonly kind: "same" | "added" | "removed";
  readonly text: string;
}

/** Above this many differing lines a shortest script costs too much: the middle is shown as replaced. */
const maxDistance = 1_000;
const context = 3;

/** A unified diff of two texts, `undefined` for a file that is not there; empty when they are equal. */
export function unifiedDiff(path: string, before: string | undefined, after: string | undefined): readonly string[] {
  if (before === after) return [];
  const edits = compareLines(linesOf(before), linesOf(after));
  const head = [
    before === undefined ? "--- /dev/null" : `--- a/${path}`,
    after === undefined ? "+++ /dev/null" : `+++ b/${path}`,
  ];
  return [...head, ...hunks(edits)];
}

function linesOf(text: string | undefined): readonly string[] {
  if (text === undefined || text === "") return [];
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}

function compareLines(a: readonly string[], b: readonly string[]): readonly Edit[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const same = (text: string): Edit => ({ kind: "same", text });
  return [
    ...a.slice(0, head).map(same),
    ...shortestScript(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same),
  ];
}

/** Myers' greedy algorithm: the furthest reach on each diagonal, one trace per distance. */
function shortestScript(a: readonly string[], b: readonly string[]): readonly Edit[] {
  const limit = Math.min(a.length + b.length, maxDistance);
  const reach = new Map<number, number>([[1, 0]]);
  const traces: ReadonlyMap<number, number>[] = [];
  for (let distance = 0; distance <= limit; distance++) {
    traces.push(new Map(reach));
    for (let diagonal = -distance; diagonal <= distance; diagonal += 2) {
      let x = startOf(reach, diagonal, distance);
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
      reach.set(diagonal, x);
      if (x >= a.length && x - diagonal >= b.length) return backtrack(a, b, traces);
    }
  }
  return [...a.map((text): Edit => ({ kind: "removed", text })), ...b.map((text): Edit => ({ kind: "added", text }))];
}

function startOf(reach: ReadonlyMap<number, number>, diagonal: number, distance: number): number {
  const down = reach.get(diagonal + 1) ?? -1;
  const right = reach.get(diagonal - 1) ?? -1;
  return diagonal === -distance || (diagonal !== distance && right < down) ? down : right + 1;
}

function backtrack(
  a: readonly string[],
  b: readonly string[],
  traces: readonly ReadonlyMap<number, number>[],
): readonly Edit[] {
  const edits: Edit[] = [];
  let x = a.length;
  let y = b.length;
  for (let distance = traces.length - 1; distance >= 0; distance--) {
    const reach = traces[distance] ?? new Map<number, number>();
    const diagonal = x - y;
    const down =
      diagonal === -distance ||
      (diagonal !== distance && (reach.get(diagonal - 1) ?? -1) < (reach.get(diagonal + 1) ?? -1));
    const previous = down ? diagonal + 1 : diagonal - 1;
    const fromX = reach.get(previous) ?? 0;
    const fromY = fromX - previous;
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      edits.push({ kind: "same", text: a[x - 1] ?? "" });
      x--;
      y--;
    }
    if (distance === 0) break;
    if (down) edits.push({ kind: "added", text: b[fromY] ?? "" });
    else edits.push({ kind: "removed", text: a[fromX] ?? "" });
    x = fromX;
    y = fromY;
  }
  return edits.reverse();
}

function hunks(edits: readonly Edit[]): readonly string[] {
  const lines: string[] = [];
  const changed = edits.flatMap((edit, i) => (edit.kind === "same" ? [] : [i]));
  let i = 0;
  let before = 1;
  let after = 1;
  let at = 0;
  const skipTo = (index: number): void => {
    for (; at < index; at++) {
      if (edits[at]?.kind !== "added") before++;
      if (edits[at]?.kind !== "removed") after++;
    }
  };
  while (i < changed.length) {
    let last = i;
    while (last + 1 < changed.length && (changed[last + 1] ?? 0) - (changed[last] ?? 0) <= 2 * context) last++;
    const start = Math.max(0, (changed[i] ?? 0) - context);
    const end = Math.min(edits.length, (changed[last] ?? 0) + context + 1);
    skipTo(start);
    const hunk = edits.slice(start, end);
    const removed = hunk.filter((edit) => edit.kind !== "added").length;
    const added = hunk.filter((edit) => edit.kind !== "removed").length;
    lines.push(`@@ -${range(before, removed)} +${range(after, added)} @@`);
    lines.push(...hunk.map((edit) => `${marks[edit.kind]}${edit.text}`));
    i = last + 1;
  }
  return lines;
}

const marks = { same: " ", added: "+", removed: "-" } as const;

/** An empty range starts at the line before it. */
function range(start: number, length: number): string {
  return length === 1 ? String(start) : `${length === 0 ? start - 1 : start},${length}`;
}
