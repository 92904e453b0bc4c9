import { safePattern } from "../../shared/schema-pattern.js";

/**
 * The pattern for JavaScript's engine, where it means the same there as in RE2 and provably takes time linear in the
 * text; undefined for all others.
 */
export function nativePattern(source: string): RegExp | undefined {
  // as a literal it would stand in the code as it is
  if (unseen.test(source)) return undefined;
  const translated = translate(source);
  const regExp = translated === undefined ? undefined : safePattern(translated);
  // without `u` a character beyond U+FFFF is two
  return regExp?.unicode === true ? regExp : undefined;
}

/** Control characters, and those that reorder what a reader sees of the code around them. */
const unseen = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

/** RE2's `.` takes all but the line feed, and its `\s` only what is ASCII. */
const differing: Readonly<Record<string, string>> = { s: "\\t\\n\\f\\r ", d: "0-9", w: "0-9A-Za-z_" };
const escapable = /[\\^$.*+?()[\]{}|/-]/;

/** The pattern with what RE2 means by it spelt out; undefined for what is not known to mean the same in both. */
function translate(source: string): string | undefined {
  let result = "";
  let inClass = false;
  for (let i = 0; i < source.length; i++) {
    const char = source.charAt(i);
    if (char === "\\") {
      const next = source.charAt(++i);
      const members = differing[next];
      if (members !== undefined) result += inClass ? members : `[${members}]`;
      else if (next !== "" && "tnfrv".includes(next)) result += `\\${next}`;
      else if (/^[SDW]$/.test(next) && !inClass) result += `[^${differing[next.toLowerCase()]}]`;
      // legal with `u` in a class only
      else if (next === "-") result += inClass ? "\\-" : "-";
      else if (escapable.test(next)) result += `\\${next}`;
      else if (/^[!-/:-@[-`{-~]$/.test(next)) result += next;
      else return undefined;
    } else if (inClass) {
      // [[:alpha:]] is a class of a class
      if (char === "[") return undefined;
      if (char === "]") {
        // RE2 takes a bracket that comes first for itself
        if (/\[\^?$/.test(result)) return undefined;
        inClass = false;
      }
      result += char;
    } else if (char === "[") {
      inClass = true;
      result += char;
    } else {
      result += char === "." ? "[^\\n]" : char;
    }
  }
  return inClass ? undefined : result;
}
