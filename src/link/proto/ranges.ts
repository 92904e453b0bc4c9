import type { Origin, RangeSyntax } from "../../model/index.js";

/** Answers which of many ranges a number lies in, without looking at all of them. */
export function createRangeIndex(ranges: readonly RangeSyntax[]): (number: number) => RangeSyntax | undefined {
  const sorted = [...ranges].sort((a, b) => a.start - b.start);
  // ranges may overlap, which is a fault of its own: up to each start, the one that reaches furthest
  const furthest: RangeSyntax[] = [];
  for (const range of sorted) {
    const before = furthest.at(-1);
    furthest.push(before === undefined || range.end > before.end ? range : before);
  }
  return (number) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle]?.start ?? Infinity) <= number) low = middle + 1;
      else high = middle;
    }
    const found = furthest[low - 1];
    return found !== undefined && found.end >= number ? found : undefined;
  };
}

/** Calls back for every range that shares numbers with another, at the one further down in the file. */
export function reportOverlaps(
  ranges: readonly RangeSyntax[],
  onOverlap: (range: RangeSyntax, other: RangeSyntax) => void,
): void {
  let furthest: RangeSyntax | undefined;
  for (const range of [...ranges].sort((a, b) => a.start - b.start)) {
    if (furthest !== undefined && range.start <= furthest.end) {
      if (isBefore(furthest.origin, range.origin)) onOverlap(range, furthest);
      else onOverlap(furthest, range);
    }
    if (furthest === undefined || range.end > furthest.end) furthest = range;
  }
}

function isBefore(a: Origin, b: Origin): boolean {
  return a.line < b.line || (a.line === b.line && a.column < b.column);
}
