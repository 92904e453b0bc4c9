import type { FetchResponsePartition } from "./types.js";
import type { KafkaRecord } from "../port.js";
import { readHeaders } from "../records.js";

const isTransactional = 1 << 4;
const isControl = 1 << 5;
const abortMark = 0;

/**
 * The records of a fetched partition from an offset on, and the offset to go on with. Leaves out the marks of
 * transactions and what was written in one that was aborted: the server tells which producers aborted from where, and
 * each mark ends that.
 */
export function readPartition(
  { records, abortedTransactions }: FetchResponsePartition,
  from: number,
): { readonly records: readonly KafkaRecord[]; readonly next: number } {
  const found: KafkaRecord[] = [];
  const aborted = [...(abortedTransactions ?? [])].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const dropping = new Set<bigint>();
  let next = from;
  for (const batch of records ?? []) {
    const first = Number(batch.firstOffset);
    const last = first + batch.lastOffsetDelta;
    while (aborted[0] !== undefined && Number(aborted[0].firstOffset) <= last) {
      dropping.add(aborted[0].producerId);
      aborted.shift();
    }
    if (last >= next) next = last + 1;
    if ((batch.attributes & isControl) !== 0) {
      const key = batch.records[0]?.key;
      if (key !== null && key !== undefined && key.length >= 4 && key.readInt16BE(2) === abortMark) {
        dropping.delete(batch.producerId);
      }
      continue;
    }
    if ((batch.attributes & isTransactional) !== 0 && dropping.has(batch.producerId)) continue;
    const time = Number(batch.firstTimestamp);
    for (const record of batch.records) {
      const offset = first + record.offsetDelta;
      if (offset < from) continue;
      const { headers, own } = readHeaders(record.headers);
      found.push({
        offset,
        timestamp: time + Number(record.timestampDelta),
        key: record.key ?? undefined,
        value: record.value ?? undefined,
        headers,
        own,
      });
    }
  }
  return { records: found, next };
}
