import type { Comments, NumberRange } from "../../../src/model/index.js";

type Named = readonly { readonly name: string }[];

/** What is said about a file, one line each, so that two sayings can be compared. */
export interface Facts {
  readonly lines: readonly string[];
  add(what: string, of: string, value: unknown): void;
  /** Of the name; counted from 1. */
  position(of: string, line: number, column: number, length: number): void;
  comments(of: string, comments: Comments): void;
  /** Comments of `syntax` and `package`. */
  header(texts: readonly string[]): void;
  /** Both ends inclusive. */
  ranges(what: string, of: string, ranges: readonly NumberRange[]): void;
  options(of: string, lines: readonly string[]): void;
  /** The names of what a declaration holds, in order. */
  order(of: string, lists: readonly Named[]): void;
}

/** An empty list of facts. */
export function createFacts(): Facts {
  const lines: string[] = [];
  const add: Facts["add"] = (what, of, value) => lines.push(`${of}: ${what} ${JSON.stringify(value)}`);
  return {
    lines,
    add,
    position: (of, line, column, length) => add("stands at", of, `${line}:${column}+${length}`),
    comments(of, { leading, trailing, detached }) {
      add("leading comment", of, leading);
      add("trailing comment", of, trailing);
      add("detached comments", of, detached);
    },
    header: (texts) => add("header", "file", texts),
    ranges: (what, of, ranges) =>
      add(
        what,
        of,
        ranges.map(({ start, end }) => `${start}-${end}`),
      ),
    options: (of, found) => found.forEach((line) => lines.push(`${of}: option ${line}`)),
    order: (of, lists) =>
      add(
        "holds",
        of,
        lists.map((list) => list.map(({ name }) => name)),
      ),
  };
}

/** What only one of the two sides says: `- …` the oracle, `+ …` the model. */
export function differences(oracle: readonly string[], model: readonly string[]): string[] {
  return [...without(oracle, model).map((line) => `- ${line}`), ...without(model, oracle).map((line) => `+ ${line}`)];
}

function without(lines: readonly string[], other: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of other) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
