import { createHash } from "node:crypto";

/** Kafka's limit is 249; what is left is for the suffixes. */
const maxLength = 200;

/**
 * A topic name for an address: letters, digits, `.`, `_` and `-` stay, `/` becomes `.`, as in routing keys. Where
 * anything else is replaced a hash of the whole follows, so that no two such addresses share a topic.
 */
export function topicName(address: string): string {
  const readable = address.replaceAll("/", ".");
  const legal = readable.replace(/[^a-zA-Z0-9._-]/g, "_");
  if (legal === readable && legal.length <= maxLength && !/^\.{0,2}$/.test(legal)) return legal;
  const hash = createHash("sha256").update(address).digest("hex").slice(0, 12);
  return `${legal.slice(0, maxLength - 13)}-${hash}`;
}

/** What belongs to a group at a topic; of an empty group to the topic itself. */
export function groupName(topic: string, group: string): string {
  return topicName(group === "" ? topic : `${topic}.${group}`);
}

/** Where messages of a group wait that long. */
export function retryTopic(topic: string, group: string, delayMs: number): string {
  return `${retryPrefix(topic, group)}${delayMs}`;
}

/** What the names of all retry topics of a group begin with. */
export function retryPrefix(topic: string, group: string): string {
  return `${groupName(topic, group)}.retry.`;
}

/** The delay that a retry topic's name tells; undefined when it is not one of this group's. */
export function delayOf(name: string, topic: string, group: string): number | undefined {
  const prefix = retryPrefix(topic, group);
  if (!name.startsWith(prefix)) return undefined;
  const digits = name.slice(prefix.length);
  return /^[1-9][0-9]{0,11}$/.test(digits) ? Number(digits) : undefined;
}

/** The default place of a group's dead letters. */
export function deadTopic(topic: string, group: string): string {
  return `${groupName(topic, group)}.dead`;
}
