import type { Partition } from "./partition.js";
import type { PartitionReader } from "./port.js";

/** Places that finished records keep behind an unfinished one, per partition: then nothing more is fetched. */
const maxHeld = 50_000;
/** Enough for the time of one fetch, and of one that waits at the server for silent partitions. */
const leastRecords = 4_000;
/** Of all partitions together; one fetch of each goes beyond. */
const maxBytes = 32 * 1_048_576;
/** Of each partition, however many there are: as much as one fetch brings. */
const leastBytes = 1_048_576;

/** Fetching of a partition stops while enough is there, and goes on well before it runs out. */
export function controlReadAhead(
  partition: Partition,
  { prefetch, partitions, reader }: { prefetch: number; partitions: number; reader: PartitionReader | undefined },
): void {
  const { topic, number, waiting, waitingBytes, held } = partition;
  const enough = Math.max(2 * prefetch, leastRecords);
  const enoughBytes = Math.max(maxBytes / partitions, leastBytes);
  if (partition.fetching) {
    if (waiting < enough && waitingBytes < enoughBytes && held < maxHeld) return;
    partition.fetching = false;
    reader?.pause(topic, number);
  } else if (waiting < enough / 2 && waitingBytes < enoughBytes / 2 && held < maxHeld / 2) {
    partition.fetching = true;
    reader?.resume(topic, number);
  }
}
