/** The words of an address and what separates them; a parameter is one word, or a part of one. */
function wordsOf(address: string): readonly string[] {
  return address.split(/([./])/);
}

/** What stands before the first and after the last parameter of a word; undefined where it has none. */
function openEnds(word: string): readonly [before: string, after: string] | undefined {
  const start = word.indexOf("{");
  const end = word.lastIndexOf("}");
  return start < 0 || end < start ? undefined : [word.slice(0, start), word.slice(end + 1)];
}

function overlapOf(one: string, other: string): boolean {
  const ends = openEnds(one);
  const others = openEnds(other);
  if (ends === undefined && others === undefined) return one === other;
  if (ends === undefined) return overlapOf(other, one);
  const [before, after] = others ?? [other, other];
  const [start, end] = ends;
  // a parameter has at least one character
  if (others === undefined && other.length <= start.length + end.length) return false;
  return (before.startsWith(start) || start.startsWith(before)) && (after.endsWith(end) || end.endsWith(after));
}

/** True where some address fits both, each of which may have `{parameters}`. */
export function addressesMeet(one: string, other: string): boolean {
  const [words, others] = [wordsOf(one), wordsOf(other)];
  return words.length === others.length && words.every((word, i) => overlapOf(word, others[i] ?? ""));
}
