import type { Origin } from "../../model/index.js";

/** Turns offsets of a text into origins. */
export interface Positions {
  /** The origin of a range; its length stops at the end of the line. */
  origin(start: number, end: number): Origin;
}

/** Indexes the lines of a text once. */
export function createPositions(file: string, text: string): Positions {
  const starts = [0];
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) starts.push(i + 1);

  function lineOf(offset: number): number {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  return {
    origin(start, end) {
      const offset = Math.max(0, Math.min(start, text.length));
      const line = lineOf(offset);
      const lineStart = starts[line] ?? 0;
      const lineEnd = (starts[line + 1] ?? text.length + 1) - 1;
      return {
        file,
        line: line + 1,
        column: offset - lineStart + 1,
        length: Math.max(1, Math.min(end, lineEnd) - offset),
      };
    },
  };
}
