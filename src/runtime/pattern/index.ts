import { parsePattern, type PatternNode } from "./parse.js";

/** Tells whether a text has a match of a pattern, in time linear in the text. */
export interface LinearPattern {
  readonly source: string;
  test(text: string): boolean;
  /** As it stands in messages. */
  toString(): string;
}

/** One step of a match. */
type Step =
  | { readonly kind: "set"; readonly has: (char: string) => boolean }
  | { readonly kind: "assert"; readonly what: "start" | "end" | "boundary" | "inside" }
  | { readonly kind: "split"; readonly to: readonly [number, number] }
  | { readonly kind: "jump"; readonly to: number }
  | { readonly kind: "match" };

/** Steps of one pattern; each costs time for every character. */
const maxSteps = 2_000;

/**
 * An ECMAScript pattern as JSON Schema has it, with the `u` flag's meaning, for expressions of strangers: all ways to
 * match are followed at once (Thompson's construction), so that no text can make it slow, as it can with the
 * backtracking engine of JavaScript. It is slower than that one where both are fast.
 *
 * @throws {SyntaxError} for look-around and back references, which need backtracking, for what is no pattern, and for
 * one that is too long.
 * @example linearPattern("^(a+)+$").test("a".repeat(100_000) + "!"); // false, in milliseconds
 */
export function linearPattern(source: string): LinearPattern {
  const node = parsePattern(source);
  const steps = node && compile(node);
  if (steps === undefined) throw new SyntaxError(`no pattern that can be matched in linear time: ${source}`);
  return { source, test: (text) => run(steps, text), toString: () => `/${source}/` };
}

/** Whether {@link linearPattern} takes it. */
export function isLinearPattern(source: string): boolean {
  const node = parsePattern(source);
  return node !== undefined && compile(node) !== undefined;
}

function compile(root: PatternNode): readonly Step[] | undefined {
  const steps: Step[] = [];
  let failed = false;

  function add(step: Step): number {
    if (steps.length >= maxSteps) failed = true;
    else steps.push(step);
    return steps.length - 1;
  }

  function visit(node: PatternNode): void {
    if (failed) return;
    switch (node.kind) {
      case "set": {
        const has = characterSet(node.source);
        if (has === undefined) failed = true;
        else add({ kind: "set", has });
        return;
      }
      case "assert":
        add(node);
        return;
      case "sequence":
        for (const part of node.parts) visit(part);
        return;
      case "choice":
        choose(node.parts);
        return;
      case "repeat":
        repeat(node);
        return;
    }
  }

  function choose(parts: readonly PatternNode[]): void {
    const ends: number[] = [];
    for (const [i, part] of parts.entries()) {
      const last = i === parts.length - 1;
      const split = last ? -1 : add({ kind: "jump", to: 0 });
      visit(part);
      if (last || failed) continue;
      ends.push(add({ kind: "jump", to: 0 }));
      steps[split] = { kind: "split", to: [split + 1, steps.length] };
    }
    for (const end of ends) steps[end] = { kind: "jump", to: steps.length };
  }

  function repeat({ part, min, max }: PatternNode & { readonly kind: "repeat" }): void {
    for (let i = 0; i < min && !failed; i++) visit(part);
    if (max === Infinity) {
      const split = add({ kind: "jump", to: 0 });
      visit(part);
      add({ kind: "jump", to: split });
      if (!failed) steps[split] = { kind: "split", to: [split + 1, steps.length] };
      return;
    }
    const splits: number[] = [];
    for (let i = min; i < max && !failed; i++) {
      splits.push(add({ kind: "jump", to: 0 }));
      visit(part);
    }
    if (failed) return;
    for (const split of splits) steps[split] = { kind: "split", to: [split + 1, steps.length] };
  }

  visit(root);
  add({ kind: "match" });
  return failed ? undefined : steps;
}

/** Whether a character is in a set; what is asked about ASCII is found out once. */
function characterSet(source: string): ((char: string) => boolean) | undefined {
  const one = expressionFor(source);
  if (one === undefined) return undefined;
  const known = new Int8Array(128);
  return (char) => {
    const code = char.length === 1 ? char.charCodeAt(0) : 128;
    if (code >= 128) return one.test(char);
    if (known[code] === 0) known[code] = one.test(char) ? 1 : -1;
    return known[code] === 1;
  };
}

function expressionFor(source: string): RegExp | undefined {
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(`^${source}$`, flags);
    } catch {
      // `[\-_:]` with an escape that only the old syntax has
    }
  }
  return undefined;
}

function run(steps: readonly Step[], text: string): boolean {
  // where a step was entered last: each is followed once for each character
  const entered = new Int32Array(steps.length).fill(-1);
  let current: number[] = [];
  let position = 0;
  let before = "";
  const chars = text[Symbol.iterator]();
  for (let next = chars.next(); ; next = chars.next()) {
    const after = next.done === true ? "" : next.value;
    const waiting: number[] = [];
    // a match may begin anywhere
    const open = [0, ...current.toReversed()];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (entered[at] === position) continue;
      entered[at] = position;
      const step = steps[at];
      switch (step?.kind) {
        case "match":
          return true;
        case "split":
          open.push(step.to[1], step.to[0]);
          break;
        case "jump":
          open.push(step.to);
          break;
        case "assert":
          if (holds(step.what, before, after)) open.push(at + 1);
          break;
        case "set":
          waiting.push(at);
          break;
        default:
      }
    }
    if (next.done === true) return false;
    current = [];
    for (const at of waiting) {
      const step = steps[at];
      if (step?.kind === "set" && step.has(after)) current.push(at + 1);
    }
    before = after;
    position++;
  }
}

function holds(what: "start" | "end" | "boundary" | "inside", before: string, after: string): boolean {
  switch (what) {
    case "start":
      return before === "";
    case "end":
      return after === "";
    case "boundary":
      return isWord(before) !== isWord(after);
    case "inside":
      return isWord(before) === isWord(after);
  }
}

function isWord(char: string): boolean {
  return /^\w$/.test(char);
}
