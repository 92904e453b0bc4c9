/** A pattern's syntax, less what cannot be matched in linear time. Sets are sources of one character each. */
export type PatternNode =
  | { readonly kind: "set"; readonly source: string }
  | { readonly kind: "assert"; readonly what: "start" | "end" | "boundary" | "inside" }
  | { readonly kind: "sequence"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "choice"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "repeat"; readonly part: PatternNode; readonly min: number; readonly max: number };

const deepest = 100;

/** Reads an ECMAScript pattern; undefined for look-around, back references and what is no pattern. */
export function parsePattern(pattern: string): PatternNode | undefined {
  const chars = [...pattern];
  let at = 0;
  let depth = 0;
  let failed = false;

  function fail(): PatternNode {
    failed = true;
    at = chars.length;
    return { kind: "sequence", parts: [] };
  }

  function choice(): PatternNode {
    const parts = [sequence()];
    while (chars[at] === "|") {
      at++;
      parts.push(sequence());
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: "choice", parts };
  }

  function sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (at < chars.length && chars[at] !== "|" && chars[at] !== ")") parts.push(quantified(atom()));
    return { kind: "sequence", parts };
  }

  function atom(): PatternNode {
    const begin = at;
    const char = chars[at++] ?? "";
    switch (char) {
      case "^":
        return { kind: "assert", what: "start" };
      case "$":
        return { kind: "assert", what: "end" };
      case "(":
        return group();
      case "[":
        return characterClass(begin);
      case "\\":
        return escaped(begin);
      case ".":
        return { kind: "set", source: "." };
      case "*":
      case "+":
      case "?":
      case "{":
        return fail();
      default:
        return { kind: "set", source: literal(char) };
    }
  }

  function group(): PatternNode {
    if (chars[at] === "?") {
      const head = /^\?(:|<[A-Za-z_$][\w$]*>)/.exec(chars.slice(at, at + 60).join(""));
      if (head === null) return fail();
      at += head[0].length;
    }
    if (++depth > deepest) return fail();
    const node = choice();
    depth--;
    return chars[at++] === ")" ? node : fail();
  }

  function characterClass(begin: number): PatternNode {
    if (chars[at] === "^") at++;
    while (at < chars.length && chars[at] !== "]") at += chars[at] === "\\" ? 2 : 1;
    if (chars[at++] !== "]") return fail();
    return { kind: "set", source: chars.slice(begin, at).join("") };
  }

  function escaped(begin: number): PatternNode {
    const char = chars[at++] ?? "";
    if (char === "b") return { kind: "assert", what: "boundary" };
    if (char === "B") return { kind: "assert", what: "inside" };
    const rest = chars.slice(begin, begin + 60).join("");
    const long = /^\\(u\{[0-9A-Fa-f]+\}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|c[A-Za-z]|[pP]\{[\w=]+\})/.exec(rest)?.[0];
    if (long !== undefined) {
      at = begin + long.length;
      return { kind: "set", source: long };
    }
    if (/[dDsSwWtnvfr]/.test(char)) return { kind: "set", source: `\\${char}` };
    if (char === "0" && !/[0-9]/.test(chars[at] ?? "")) return { kind: "set", source: "\\0" };
    // back references, and letters that mean nothing
    if (char === "" || /[0-9A-Za-z]/.test(char)) return fail();
    return { kind: "set", source: literal(char) };
  }

  function quantified(part: PatternNode): PatternNode {
    const match = /^(?:([*+?])|\{(\d{1,4})(,(\d{1,4})?)?\})\??/.exec(chars.slice(at, at + 14).join(""));
    if (match === null) return chars[at] === "{" ? fail() : part;
    if (part.kind === "assert") return fail();
    at += match[0].length;
    if ("*+?{".includes(chars[at] ?? "x")) return fail();
    const [, sign, least, more, most] = match;
    if (sign !== undefined)
      return { kind: "repeat", part, min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : Infinity };
    const min = Number(least);
    const max = more === undefined ? min : most === undefined ? Infinity : Number(most);
    return max < min ? fail() : { kind: "repeat", part, min, max };
  }

  const node = choice();
  return failed || at < chars.length ? undefined : node;
}

/** One character as a pattern. */
function literal(char: string): string {
  return /^[\\^$.*+?()[\]{}|/]$/.test(char) ? `\\${char}` : char;
}
