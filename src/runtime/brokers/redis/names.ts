/** How addresses and groups become keys. */
export interface Keys {
  /** The stream of an address. */
  stream(address: string): string;
  /** Sorted set of what a group tries again later, by the time it is due. */
  retry(address: string, group: string): string;
  /** Stream of what is due; of that group alone. */
  redeliver(address: string, group: string): string;
  /** Stream of one entry: the last time that something was given back to the group. */
  wake(address: string, group: string): string;
}

/** The consumer group of an address that is one queue: Redis wants a name. */
const queueGroup = "queue";

/** The group as Redis knows it. */
export function groupName(group: string): string {
  return group === "" ? queueGroup : group;
}

/** The default place of a group's dead letters. */
export function deadAddress(address: string, group: string): string {
  return group === "" ? `${address}:dead` : `${address}:${group}:dead`;
}

/** `hashTags`: what belongs to a stream lies in one slot of a cluster, because its scripts use all of it at once. */
export function createKeys(prefix: string, hashTags: boolean): Keys {
  const stream = hashTags
    ? (address: string): string => `{${prefix}${address}}`
    : (address: string): string => prefix + address;
  return {
    stream,
    retry: (address, group) => `${stream(address)}:${groupName(group)}:retry`,
    redeliver: (address, group) => `${stream(address)}:${groupName(group)}:redeliver`,
    wake: (address, group) => `${stream(address)}:${groupName(group)}:wake`,
  };
}
