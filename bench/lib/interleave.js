/**
 * Runs every entry once per round and gives the samples of each by its id. Each round begins with another entry, so
 * that none is always the first on a cold cache or the last on a warm machine; a first round is not counted.
 */
export async function interleave(entries, rounds, { warmUp = true, onRound = () => {} } = {}) {
  const samples = new Map(entries.map(({ id }) => [id, []]));
  for (let round = warmUp ? -1 : 0; round < rounds; round++) {
    onRound(round + 1, rounds);
    for (let at = 0; at < entries.length; at++) {
      const entry = entries[(at + round + entries.length) % entries.length];
      const value = await entry.run();
      if (round >= 0) samples.get(entry.id).push(value);
    }
  }
  return samples;
}
