import type { Reply } from "./link.js";

/** An entry of a stream as Redis sent it. */
export interface RawEntry {
  readonly id: string;
  readonly fields: readonly Buffer[];
  /** How often it was delivered, where that is known. */
  readonly deliveries: number;
}

/** The answer as a list; empty when it is none. */
export function listOf(reply: Reply | undefined): readonly Reply[] {
  // sound: the only arrays among replies are lists of replies
  return Array.isArray(reply) ? (reply as readonly Reply[]) : [];
}

/** Entries of `XRANGE`, or of a script that adds the number of deliveries. */
export function rawEntries(reply: Reply | undefined): readonly RawEntry[] {
  const entries: RawEntry[] = [];
  for (const entry of listOf(reply)) {
    const [id, fields, deliveries] = listOf(entry);
    // deleted in between: its fields are gone
    if (id === undefined || id === null || !isBytes(fields)) continue;
    entries.push({ id: String(id), fields, deliveries: deliveries === undefined ? 1 : Number(deliveries) });
  }
  return entries;
}

function isBytes(reply: Reply | undefined): reply is readonly Buffer[] {
  return Array.isArray(reply) && reply.every((field) => Buffer.isBuffer(field));
}

/** Entries of the one stream of `XREAD` or `XREADGROUP`. */
export function streamEntries(reply: Reply): readonly RawEntry[] {
  return rawEntries(listOf(listOf(reply)[0])[1]);
}
