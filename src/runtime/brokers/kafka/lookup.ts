import { sleep, type Clock } from "../../context/index.js";
import { toQueueError } from "./failure.js";
import type { CommittedOffset, KafkaPort } from "./port.js";

export type StartOffset = Pick<CommittedOffset, "offset" | "metadata">;

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
        for (const { partition, low } of await port.offsets(topic)) {
          const known = committed.find((one) => one.topic === topic && one.partition === partition);
          // what was committed may have been deleted since
          const valid = known !== undefined && known.offset >= low;
          starts.set(partitionKey(topic, partition), valid ? known : { offset: low, metadata: "" });
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
