/** A member of a group and what it subscribes to. */
export interface Subscription {
  readonly memberId: string;
  readonly topics: readonly string[];
}

/**
 * Shares the partitions of topics among the members that subscribe to them: evenly, each topic going on where the one
 * before ended. Same input, same result, whatever the order of members: who stays keeps most of what it had.
 */
export function assignPartitions(
  members: readonly Subscription[],
  partitionsOf: (topic: string) => number,
): Map<string, Map<string, number[]>> {
  const sorted = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const result = new Map(sorted.map(({ memberId }) => [memberId, new Map<string, number[]>()]));
  const topics = [...new Set(sorted.flatMap((member) => member.topics))].sort();
  let next = 0;
  for (const topic of topics) {
    const takers = sorted.filter((member) => member.topics.includes(topic));
    const count = partitionsOf(topic);
    for (let partition = 0; partition < count; partition++) {
      const taker = takers[next++ % takers.length];
      if (taker === undefined) continue;
      const assigned = result.get(taker.memberId);
      const list = assigned?.get(topic);
      if (list === undefined) assigned?.set(topic, [partition]);
      else list.push(partition);
    }
  }
  return result;
}
