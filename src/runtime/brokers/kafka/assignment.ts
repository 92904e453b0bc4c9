import type { Clock } from "../../context/index.js";
import { lookUpOffsets, partitionKey, type StartOffset } from "./lookup.js";
import { createPartition, type Partition } from "./partition.js";
import type { KafkaPort, PartitionReader } from "./port.js";

/** The partitions that a consumer has. */
export interface Assignment {
  readonly partitions: ReadonlyMap<string, Partition>;
  /**
   * All that it has from now on: what another took over is dropped, what stays goes on where it was. Resolves once they
   * are read, to false when they have changed again in between.
   */
  change(topics: ReadonlyMap<string, readonly number[]>): Promise<boolean>;
  /** Begins anew where what was to be read is not there, unless that is behind all that was read. */
  reset(topic: string, number: number, offset: number): void;
  /** Drops all. */
  end(): void;
  /** Why it cannot be told where to begin. */
  readonly fault: Error | undefined;
}

/** `onDropped`: verdicts on what is of the partition come too late. */
export function createAssignment(input: {
  readonly port: KafkaPort;
  readonly clock: Clock;
  readonly groupId: string;
  /** That of the address: others are retry topics. */
  readonly topic: string;
  readonly signal: AbortSignal;
  readonly reader: () => Promise<PartitionReader>;
  readonly onDropped: (partition: Partition) => void;
}): Assignment {
  const { signal } = input;
  const partitions = new Map<string, Partition>();
  let latest = 0;
  let fault: Error | undefined;

  function drop(key: string, partition: Partition): void {
    partitions.delete(key);
    input.onDropped(partition);
  }

  function add(topic: string, number: number, start: Omit<StartOffset, "high">): Partition {
    const partition = createPartition({ topic, number, isRetry: topic !== input.topic, ...start });
    partitions.set(partitionKey(topic, number), partition);
    return partition;
  }

  async function change(topics: ReadonlyMap<string, readonly number[]>): Promise<boolean> {
    const mine = ++latest;
    const isStale = (): boolean => latest !== mine || signal.aborted;
    const wanted = new Map<string, readonly [topic: string, number: number]>();
    for (const [topic, numbers] of topics) for (const n of numbers) wanted.set(partitionKey(topic, n), [topic, n]);
    for (const [key, partition] of partitions) if (!wanted.has(key)) drop(key, partition);
    const reader = await input.reader();
    const starts = await lookUpOffsets({
      ...input,
      isStale,
      topics: [...topics.keys()],
      onFault: (error) => {
        fault = error;
      },
    });
    if (isStale()) return false;
    for (const [key, [topic, number]] of wanted) {
      const start = starts.get(key);
      const kept = partitions.get(key);
      if (kept === undefined || (start !== undefined && isAnother(kept, start))) {
        if (kept !== undefined) drop(key, kept);
        const { nextOffset } = add(topic, number, start ?? { offset: 0, metadata: "", stored: false });
        reader.start(topic, number, nextOffset);
        continue;
      }
      // what a client takes for committed may have been lost with its connection
      kept.uncommit();
      reader.start(topic, number, kept.nextOffset);
      if (!kept.fetching) reader.pause(topic, number);
    }
    return true;
  }

  return {
    partitions,
    change,
    reset(topic, number, offset) {
      const key = partitionKey(topic, number);
      const before = partitions.get(key);
      if (before === undefined || offset >= before.nextOffset) return;
      drop(key, before);
      const partition = add(topic, number, { offset, metadata: "", stored: before.stored });
      partition.fetching = before.fetching;
      // the server may have an offset of what was there before
      partition.uncommit();
    },
    end() {
      for (const [key, partition] of partitions) drop(key, partition);
    },
    get fault() {
      return fault;
    },
  };
}

/** Whether the log on the server is not the one that was read: a topic takes the offsets of groups with it. */
function isAnother(kept: Partition, start: StartOffset): boolean {
  return kept.nextOffset > start.high || (kept.stored && !start.stored);
}
