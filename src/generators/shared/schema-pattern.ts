/**
 * Decides whether a pattern of a contract may be checked with JavaScript's backtracking engine: only when it provably
 * takes time linear in the text. A message's sender could stop the process otherwise.
 *
 * The proof: the pattern is one-unambiguous (at every place the next character decides how to go on: no two
 * alternatives or repetitions overlap), so that backtracking ends at once; and its length is bounded or it is tried
 * at the start of the text only. Back references, look-around and word boundaries are refused.
 */
export function safePattern(pattern: string): RegExp | undefined {
  if (pattern.length > 1_000) return undefined;
  const regExp = compile(pattern);
  if (regExp === undefined) return undefined;
  const parsed = parsePattern(pattern);
  if (parsed === undefined) return undefined;
  const automaton = build(parsed.node);
  if (automaton === undefined) return undefined;
  return (parsed.anchored || !automaton.repeats) && isDeterministic(automaton) ? regExp : undefined;
}

function compile(pattern: string): RegExp | undefined {
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(pattern, flags);
    } catch {
      // `\-` outside of a class is legal without `u` only
    }
  }
  return undefined;
}

/** Inclusive ranges of code points. */
type CharSet = readonly (readonly [from: number, to: number])[];

type Node =
  | { readonly kind: "empty" }
  | { readonly kind: "set"; readonly set: CharSet }
  | { readonly kind: "sequence"; readonly parts: readonly Node[] }
  | { readonly kind: "choice"; readonly parts: readonly Node[] }
  | { readonly kind: "repeat"; readonly part: Node; readonly min: number; readonly max: number };

const top = 0x10ffff;
const digits: CharSet = [[48, 57]];
const word: CharSet = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
const space: CharSet = [
  [9, 13],
  [32, 32],
  [160, 160],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const lineEnds: CharSet = [
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
];
const classes: Readonly<Record<string, CharSet>> = {
  d: digits,
  D: negate(digits),
  w: word,
  W: negate(word),
  s: space,
  S: negate(space),
};
const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, "0": 0 };

function negate(set: CharSet): CharSet {
  const sorted = [...set].sort((a, b) => a[0] - b[0]);
  const result: [number, number][] = [];
  let next = 0;
  for (const [from, to] of sorted) {
    if (from > next) result.push([next, from - 1]);
    next = Math.max(next, to + 1);
  }
  if (next <= top) result.push([next, top]);
  return result;
}

function overlaps(a: CharSet, b: CharSet): boolean {
  return a.some(([from, to]) => b.some(([start, end]) => from <= end && start <= to));
}

/** Reads the subset that can be proven; undefined for anything else. */
function parsePattern(pattern: string): { readonly node: Node; readonly anchored: boolean } | undefined {
  const chars = [...pattern];
  let at = 0;
  let depth = 0;
  let failed = false;

  function fail(): Node {
    failed = true;
    at = chars.length;
    return { kind: "empty" };
  }

  function choice(): Node {
    const parts = [sequence()];
    while (chars[at] === "|") {
      at++;
      parts.push(sequence());
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: "choice", parts };
  }

  function sequence(): Node {
    const parts: Node[] = [];
    while (at < chars.length && chars[at] !== "|" && chars[at] !== ")") {
      // an end mark in the middle can never match, which is a fault of the contract, or is not what it seems
      if (chars[at] === "$") {
        at++;
        if (at < chars.length && chars[at] !== "|" && chars[at] !== ")") return fail();
        break;
      }
      parts.push(quantified(atom()));
    }
    return { kind: "sequence", parts };
  }

  function atom(): Node {
    const char = chars[at++] ?? "";
    if (char === "(") {
      if (chars[at] === "?") {
        if (chars[at + 1] !== ":") return fail();
        at += 2;
      }
      if (++depth > 50) return fail();
      const node = choice();
      depth--;
      if (chars[at++] !== ")") return fail();
      return node;
    }
    if (char === "[") return charClass();
    if (char === ".") return { kind: "set", set: negate(lineEnds) };
    if (char === "\\") {
      const set = escaped(false);
      return set === undefined ? fail() : { kind: "set", set };
    }
    if ("*+?{^)".includes(char)) return fail();
    return { kind: "set", set: single(char.codePointAt(0) ?? 0) };
  }

  function quantified(node: Node): Node {
    const char = chars[at];
    let bounds: readonly [number, number] | undefined;
    if (char === "*") bounds = [0, Infinity];
    else if (char === "+") bounds = [1, Infinity];
    else if (char === "?") bounds = [0, 1];
    else if (char === "{") {
      const end = chars.indexOf("}", at);
      const match = /^(\d{1,4})(,(\d{1,4})?)?$/.exec(end < 0 ? "" : chars.slice(at + 1, end).join(""));
      if (match === null) return fail();
      const min = Number(match[1]);
      bounds = [min, match[2] === undefined ? min : match[3] === undefined ? Infinity : Number(match[3])];
      at = end;
    }
    if (bounds === undefined) return node;
    at++;
    if (chars[at] === "?") at++;
    if ("*+?{".includes(chars[at] ?? "x")) return fail();
    return { kind: "repeat", part: node, min: bounds[0], max: bounds[1] };
  }

  function escaped(inClass: boolean): CharSet | undefined {
    const char = chars[at++] ?? "";
    const known = classes[char];
    if (known !== undefined) return known;
    if (Object.hasOwn(controls, char) && !/[0-9]/.test(chars[at] ?? "")) return single(controls[char] ?? 0);
    if (char === "x" || char === "u") {
      const hex = chars.slice(at, at + (char === "x" ? 2 : 4)).join("");
      if (!(char === "x" ? /^[0-9a-f]{2}$/i : /^[0-9a-f]{4}$/i).test(hex)) return undefined;
      at += hex.length;
      return single(Number.parseInt(hex, 16));
    }
    if (/[0-9A-Za-z]/.test(char) || char === "") return undefined;
    if (!inClass && char === "") return undefined;
    return single(char.codePointAt(0) ?? 0);
  }

  function charClass(): Node {
    const negated = chars[at] === "^";
    if (negated) at++;
    const set: (readonly [number, number])[] = [];
    while (at < chars.length && chars[at] !== "]") {
      const from = member();
      if (from === undefined) return fail();
      const [first] = from;
      if (
        chars[at] === "-" &&
        chars[at + 1] !== "]" &&
        from.length === 1 &&
        first !== undefined &&
        first[0] === first[1]
      ) {
        at++;
        const to = member()?.[0];
        if (to === undefined || to[0] !== to[1] || to[0] < first[0]) return fail();
        set.push([first[0], to[0]]);
      } else {
        set.push(...from);
      }
    }
    if (chars[at++] !== "]") return fail();
    return { kind: "set", set: negated ? negate(set) : set };
  }

  function member(): CharSet | undefined {
    const char = chars[at++] ?? "";
    return char === "\\" ? escaped(true) : single(char.codePointAt(0) ?? 0);
  }

  let anchored = false;
  if (chars[0] === "^") {
    at = 1;
    anchored = true;
  }
  const node = choice();
  if (failed || at < chars.length) return undefined;
  // `^a|b`: the mark belongs to the first alternative only
  return { node, anchored: anchored && node.kind !== "choice" };
}

function single(code: number): CharSet {
  return [[code, code]];
}

/** The positions of a pattern and which may follow which (Glushkov). */
interface Automaton {
  readonly sets: readonly CharSet[];
  readonly first: ReadonlySet<number>;
  readonly follow: readonly ReadonlySet<number>[];
  /** Has a repetition without upper bound. */
  readonly repeats: boolean;
}

interface Part {
  readonly nullable: boolean;
  readonly first: ReadonlySet<number>;
  readonly last: ReadonlySet<number>;
}

const maxPositions = 400;

function build(root: Node): Automaton | undefined {
  const sets: CharSet[] = [];
  const follow: Set<number>[] = [];
  let repeats = false;
  let ambiguous = false;
  const nothing: Part = { nullable: true, first: new Set(), last: new Set() };

  /** Two operators that lead from one position to another are two ways to match the same: `(a+)+`. */
  function connect(a: Part, b: Part): void {
    for (const last of a.last) {
      for (const first of b.first) {
        ambiguous ||= follow[last]?.has(first) === true;
        follow[last]?.add(first);
      }
    }
  }

  function join(a: Part, b: Part): Part {
    connect(a, b);
    return {
      nullable: a.nullable && b.nullable,
      first: a.nullable ? new Set([...a.first, ...b.first]) : a.first,
      last: b.nullable ? new Set([...a.last, ...b.last]) : b.last,
    };
  }

  function visit(node: Node): Part | undefined {
    switch (node.kind) {
      case "empty":
        return nothing;
      case "set": {
        if (sets.length >= maxPositions) return undefined;
        const position = sets.push(node.set) - 1;
        follow.push(new Set());
        return { nullable: false, first: new Set([position]), last: new Set([position]) };
      }
      case "sequence": {
        let result: Part = nothing;
        for (const part of node.parts) {
          const next = visit(part);
          if (next === undefined) return undefined;
          result = join(result, next);
        }
        return result;
      }
      case "choice": {
        const parts = node.parts.map(visit);
        const all = parts.filter((part) => part !== undefined);
        // two alternatives that may be empty are two ways to match nothing
        if (all.length < parts.length || all.filter(({ nullable }) => nullable).length > 1) return undefined;
        return {
          nullable: all.some(({ nullable }) => nullable),
          first: new Set(all.flatMap(({ first }) => [...first])),
          last: new Set(all.flatMap(({ last }) => [...last])),
        };
      }
      case "repeat":
        return repeat(node);
    }
  }

  function repeat({ part, min, max }: Node & { readonly kind: "repeat" }): Part | undefined {
    const copies: Part[] = [];
    for (let i = 0; i < Math.max(min, max === Infinity ? 1 : max); i++) {
      const copy = visit(part);
      // an empty round of a loop is one of endlessly many ways
      if (copy === undefined || (copy.nullable && max > 1)) return undefined;
      copies.push(copy);
    }
    const last = copies.at(-1);
    if (max === Infinity && last !== undefined) {
      repeats = true;
      connect(last, last);
    }
    // x{1,3} is x(x(x)?)?: each copy can be reached through the one before it only
    const optional = copies.slice(min).reduceRight((tail, copy) => ({ ...join(copy, tail), nullable: true }), nothing);
    return join(copies.slice(0, min).reduce(join, nothing), optional);
  }

  const whole = visit(root);
  return whole === undefined || ambiguous ? undefined : { sets, first: whole.first, follow, repeats };
}

/** True when no two positions that may come next take the same character. */
function isDeterministic({ sets, first, follow }: Automaton): boolean {
  return [first, ...follow].every((next) => {
    const positions = [...next];
    return positions.every((a, i) => positions.slice(i + 1).every((b) => !overlaps(sets[a] ?? [], sets[b] ?? [])));
  });
}
