import { createHash } from "node:crypto";

/** AMQP names are at most 255 bytes; what is left is for the suffixes. */
const maxBytes = 220;

/** A name that AMQP takes: addresses and groups come from contracts and may be of any length. */
export function boundName(name: string): string {
  const bytes = Buffer.from(name);
  if (bytes.length <= maxBytes) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 16);
  // a character cut in half at the end becomes U+FFFD, which the hash makes harmless
  return `${bytes.subarray(0, maxBytes - 20).toString()}~${hash}`;
}

/** The queue of a group at an address; of an empty group the address's own. */
export function groupQueue(address: string, group: string): string {
  return boundName(group === "" ? address : `${address}.${group}`);
}

/** Where messages wait that long before they return to the queue. */
export function retryQueue(queue: string, delayMs: number): string {
  return `${queue}.retry.${delayMs}`;
}

/** The default place of a queue's dead letters. */
export function deadQueue(queue: string): string {
  return `${queue}.dead`;
}
