/**
 * The candidate closest to a misspelt name, or undefined when none is close
 * (edit distance above a third of the name's length; two neighbours swapped count as one edit).
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * The name meant by a word that is near to it, or that is a longer form of it: `output` and `ouput` for `out`. For
 * names of our own, few and short, of which a wrong guess costs nothing.
 */
export function nearestOrShorter(word: string, names: readonly string[]): string | undefined {
  const close = nearest(word, names);
  if (close !== undefined) return close;
  const bare = (name: string): string => name.replace(/^-+/, "").toLowerCase();
  const shorter = names.filter((name) => isShortFor(bare(name), bare(word)));
  return shorter.sort((a, b) => b.length - a.length)[0];
}

/** A beginning of the word, or at least half of its letters, the first among them, in their order. */
function isShortFor(name: string, word: string): boolean {
  if (name.length < 3 || name[0] !== word[0]) return false;
  if (word.startsWith(name)) return true;
  let at = 0;
  for (const letter of word) if (letter === name[at]) at++;
  return at === name.length && name.length * 2 >= word.length;
}

function editDistance(a: string, b: string): number {
  let beforePrevious: readonly number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let distance = Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, (beforePrevious[j - 2] ?? 0) + 1);
      }
      row.push(distance);
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}
