import type { Origin } from "../model/index.js";
import { hideSecrets } from "./secrets.js";
import { graphemes, paint, visible, widthOf, type Style } from "./text.js";

interface FrameOptions {
  readonly style: Style;
  readonly color: boolean;
  readonly width: number;
}

/** A line longer than this is a minified document: only the part around the place is looked at. */
const maxLine = 4_000;

/** The line of an origin with carets under the marked text; empty where the text has no such line. */
export function codeFrame(text: string, origin: Origin, { style, color, width }: FrameOptions): readonly string[] {
  const line = lineAt(text, origin.line);
  if (line === undefined) return [];
  const gutter = String(origin.line);
  const from = Math.max(0, origin.column - 1 - maxLine / 2);
  const part = hideSecrets(line.slice(from, from + maxLine), (secret) => "*".repeat(secret.length));
  const start = Math.min(Math.max(0, origin.column - 1 - from), part.length);
  const end = Math.min(Math.max(start, start + origin.length), part.length);
  const cells = clip(
    [
      ...cellsOf(part.slice(0, start), false),
      ...cellsOf(part.slice(start, end), true),
      ...cellsOf(part.slice(end), false),
    ],
    Math.max(40, width - gutter.length - 4),
    { before: from > 0, after: from + maxLine < line.length },
  );
  const source = cells.map((cell) => cell.text).join("");
  const marked = cells.findIndex((cell) => cell.marked);
  const before = marked === -1 ? cells : cells.slice(0, marked);
  const carets = cells.filter((cell) => cell.marked).reduce((sum, cell) => sum + cell.width, 0);
  const indent = before.reduce((sum, cell) => sum + cell.width, 0);
  const bar = paint("|", "faint", color);
  const space = " ".repeat(gutter.length);
  return [
    `${space} ${bar}`,
    `${paint(gutter, "faint", color)} ${bar} ${source}`.trimEnd(),
    `${space} ${bar} ${" ".repeat(indent)}${paint("^".repeat(Math.max(1, carets)), style, color)}`,
  ];
}

interface Cell {
  readonly text: string;
  readonly width: number;
  readonly marked: boolean;
}

function cellsOf(text: string, marked: boolean): readonly Cell[] {
  return graphemes(text).map((grapheme) => {
    const shown = visible(grapheme);
    const width = shown === grapheme ? widthOf(grapheme) : shown.length;
    return { text: shown, width, marked };
  });
}

/** Cuts a line to a width, keeping the marked part in view with about a third of the space before it. */
function clip(
  cells: readonly Cell[],
  width: number,
  more: { readonly before: boolean; readonly after: boolean },
): readonly Cell[] {
  const total = cells.reduce((sum, cell) => sum + cell.width, 0);
  if (total <= width && !more.before && !more.after) return cells;
  const ellipsis: Cell = { text: "…", width: 1, marked: false };
  const found = cells.findIndex((cell) => cell.marked);
  const first = found === -1 ? cells.length : found;
  let start = first;
  for (let room = Math.floor(width / 3); start > 0 && room > 0; start--) room -= cells[start - 1]?.width ?? 0;
  let end = start;
  for (let room = width - 2; end < cells.length && room > 0; end++) room -= cells[end]?.width ?? 0;
  const kept = cells.slice(start, end);
  return [
    ...(start > 0 || more.before ? [ellipsis] : []),
    ...kept,
    ...(end < cells.length || more.after ? [ellipsis] : []),
  ];
}

function lineAt(text: string, number: number): string | undefined {
  let start = 0;
  for (let line = 1; line < number; line++) {
    const next = text.indexOf("\n", start);
    if (next === -1) return undefined;
    start = next + 1;
  }
  const end = text.indexOf("\n", start);
  return text.slice(start, end === -1 ? text.length : end).replace(/\r$/, "");
}
