import type { PublishResult } from "../../queue/index.js";
import type { RecordToProduce } from "./port.js";

/** What was published together, and its results. */
export interface Group {
  readonly results: (PublishResult | undefined)[];
  /** How many have no result. */
  left: number;
  /** Called once all have one. */
  done: () => void;
  /** Nobody waits for it any longer. */
  over: boolean;
}

/** A record that waits for its confirm. */
export interface Pending {
  readonly record: RecordToProduce;
  readonly group: Group;
  /** Place of its result in the group's. */
  readonly at: number;
}

/** Of one request; the server's limit for what goes to one partition is 1,048,588 bytes by default. */
const maxBytesPerPartition = 900_000;
const maxBytes = 8_000_000;
const maxRecords = 10_000;

/** Takes as much from the front of the queue as one request may hold: at least one record. */
export function nextBatch(queue: Pending[][]): Pending[] {
  const batch: Pending[] = [];
  const sizes = new Map<string, number>();
  let bytes = 0;
  for (let group = queue[0]; group !== undefined; group = queue[0]) {
    for (const [i, one] of group.entries()) {
      const size = one.record.bytes;
      const key = keyOf(one.record);
      const there = sizes.get(key) ?? 0;
      const full = there + size > maxBytesPerPartition || bytes + size > maxBytes || batch.length >= maxRecords;
      if (full && batch.length > 0) {
        queue[0] = group.slice(i);
        return batch;
      }
      sizes.set(key, there + size);
      bytes += size;
      batch.push(one);
    }
    queue.shift();
  }
  return batch;
}

let last = { topic: "", partition: -1, key: "" };

/** Names a partition. Records of one follow each other, mostly: the last name is kept. */
export function keyOf({ topic, partition }: RecordToProduce): string {
  if (last.topic !== topic || last.partition !== partition) last = { topic, partition, key: `${topic}:${partition}` };
  return last.key;
}

export function byPartition(batch: readonly Pending[]): Pending[][] {
  const parts = new Map<string, Pending[]>();
  for (const one of batch) {
    const part = parts.get(keyOf(one.record));
    if (part === undefined) parts.set(keyOf(one.record), [one]);
    else part.push(one);
  }
  return [...parts.values()];
}
