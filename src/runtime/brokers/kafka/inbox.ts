import { randomUUID } from "node:crypto";
import type { Clock } from "../../context/index.js";
import { QueueError, type Inbox, type OutgoingMessage } from "../../queue/index.js";
import type { KafkaPort, PartitionReader } from "./port.js";
import { fromRecord } from "./records.js";
import type { Topics } from "./topics.js";
import { persist } from "./wait.js";

/** Where a reply goes: one partition of a topic that all processes share, and whose inbox it is. */
export interface InboxAddress {
  readonly topic: string;
  readonly partition: number;
  readonly id: string;
}

const partitions = 8;
/** Replies are worth something while somebody waits. */
const retentionMs = 600_000;

/** Reads `wirespan.replies/inbox/3/2f1c…`; undefined for any other address. */
export function inboxOf(address: string): InboxAddress | undefined {
  const match = /^([a-zA-Z0-9._-]{1,249})\/inbox\/([0-9]{1,5})\/([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})$/.exec(
    address,
  );
  const [, topic = "", partition = "", id = ""] = match ?? [];
  return match === null ? undefined : { topic, partition: Number(partition), id };
}

/**
 * A topic for each process would stay when the process dies, so all share one and each reads a single partition of it
 * from its end on, without a group, and what is not for it passes by.
 */
export async function openInbox(
  input: { port: KafkaPort; clock: Clock; topics: Topics; topic: string; withinMs: number },
  deliver: (messages: readonly OutgoingMessage[]) => void,
): Promise<Inbox> {
  const { port, clock, topics, topic, withinMs } = input;
  const configuration = { "retention.ms": String(retentionMs), "segment.ms": String(retentionMs) };
  await topics.create({ topic, partitions, replicas: -1, configuration }, withinMs);
  const id = randomUUID();
  const ends = await persist(clock, withinMs, () => port.offsets(topic));
  const chosen = ends[Number.parseInt(id.slice(0, 8), 16) % Math.max(1, ends.length)];
  if (chosen === undefined) throw new QueueError("topology", `${topic} has no partitions`);
  const address = `${topic}/inbox/${chosen.partition}/${id}`;
  const reader: PartitionReader = await port.read(topic, [chosen.partition], (_topic, _partition, records) => {
    const mine = records.filter((record) => record.own.inbox === id);
    if (mine.length > 0) deliver(mine.map((record) => ({ ...fromRecord(record, address), address })));
  });
  reader.start(topic, chosen.partition, chosen.high);
  return { address, close: () => reader.close() };
}
