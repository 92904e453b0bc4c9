import { noComments, type Comments } from "../../model/index.js";

/** What stands between two declarations, as the scanner collects it: comment marks removed, nothing else. */
export interface RawComments {
  /** Belongs to the declaration before. */
  readonly trailing: string;
  readonly detached: readonly string[];
  /** Belongs to the declaration after. */
  readonly leading: string;
}

/**
 * A comment's text without what only the comment style put there: the star of `/**`, the indentation all lines share,
 * blank lines at both ends. Deeper indentation stays, because Markdown means something by it.
 */
export function cleanComment(raw: string): string {
  const lines = raw.split("\n").map((line) => line.trimEnd());
  const first = lines[0];
  if (first !== undefined && /^\*+(\s|$)/.test(first)) lines[0] = first.replace(/^\*+/, "");
  while (lines.length > 0 && lines[0] === "") lines.shift();
  while (lines.length > 0 && lines.at(-1) === "") lines.pop();
  let indent = Infinity;
  for (const line of lines) {
    if (line !== "") indent = Math.min(indent, line.length - line.trimStart().length);
  }
  return lines.map((line) => line.slice(indent)).join("\n");
}

/** The comments of one declaration, cleaned; the shared constant when there are none. */
export function commentsOf(raw: RawComments): Comments {
  if (raw.leading === "" && raw.trailing === "" && raw.detached.length === 0) return noComments;
  return {
    leading: cleanComment(raw.leading),
    trailing: cleanComment(raw.trailing),
    detached: raw.detached.map(cleanComment),
  };
}
