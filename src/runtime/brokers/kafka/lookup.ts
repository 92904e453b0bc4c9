import { sleep, type Clock } from "../../context/index.js";
import { toQueueError } from "./failure.js";
import type { KafkaPort } from "./port.js";

/** Where a group begins in a partition. */
export interface StartOffset {
  readonly offset: number;
  readonly metadata: string;
  /** The group has committed an offset; those of a topic go with it. */
  readonly stored: boolean;
  /** Of the next record to be written. */
  readonly high: number;
}

const againMs = 500;

export function partitionKey(topic: string, partition: number): string {
  return `${topic}:${partition}`;
}

/**
 * Where a group begins in topics: at what it has committed, else at the first record there is. Asks until there is an
 * answer, or nobody needs it any longer.
 */
export async function lookUpOffsets(input: {
  readonly port: KafkaPort;
  readonly clock: Clock;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly isStale: () => boolean;
  readonly signal: AbortSignal;
  readonly onFault: (error: Error | undefined) => void;
}): Promise<Map<string, StartOffset>> {
  const { port, clock, groupId, topics, isStale, signal, onFault } = input;
  const starts = new Map<string, StartOffset>();
  while (topics.length > 0 && !isStale()) {
    try {
      const committed = await port.committed(groupId, topics);
      for (const topic of topics) {
        for (const { partition, low, high } of await port.offsets(topic)) {
          const known = committed.find((one) => one.topic === topic && one.partition === partition);
          // what was committed may have been deleted since, or be of a topic that was made anew, or cut off
          const valid = known !== undefined && known.offset >= low && known.offset <= high;
          const { offset, metadata } = valid ? known : { offset: low, metadata: "" };
          starts.set(partitionKey(topic, partition), { offset, metadata, stored: known !== undefined, high });
        }
      }
      onFault(undefined);
      break;
    } catch (error) {
      onFault(toQueueError(`offsets of ${groupId}`, error));
      await sleep(clock, againMs, signal).catch(() => {});
    }
  }
  return starts;
}
