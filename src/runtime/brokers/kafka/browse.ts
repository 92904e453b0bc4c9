import type { Clock } from "../../context/index.js";
import type { BrokerDelivery } from "../../queue/index.js";
import { browsed } from "../shared/browsed.js";
import { positionOf } from "./delivery.js";
import type { KafkaPort, KafkaRecord } from "./port.js";
import { fromRecord } from "./records.js";
import { persist } from "./wait.js";

/** A partition that gives nothing for so long has nothing: what is left are the marks of transactions. */
const silentMs = 5_000;

/** Reads what a group has not committed, without being part of it: up to `limit` messages, one partition after the other. */
export async function* browseTopic(input: {
  readonly port: KafkaPort;
  readonly clock: Clock;
  readonly topic: string;
  readonly groupId: string;
  readonly address: string;
  readonly group: string;
  readonly limit: number;
  readonly withinMs: number;
}): AsyncIterable<BrokerDelivery> {
  const { port, clock, topic, groupId, limit, withinMs } = input;
  const committed = await persist(clock, withinMs, () => port.committed(groupId, [topic]));
  let found = 0;
  for (const { partition, low, high } of await persist(clock, withinMs, () => port.offsets(topic))) {
    const known = committed.find((one) => one.topic === topic && one.partition === partition);
    const from = Math.max(low, known?.offset ?? low);
    if (from >= high || found >= limit) continue;
    const records = await readRange(input, partition, from, Math.min(high, Number.MAX_SAFE_INTEGER), limit - found);
    for (const record of records) {
      found++;
      const position = positionOf(topic, partition, record.offset);
      yield browsed(fromRecord(record, input.address), { group: input.group, position, redelivered: false });
    }
  }
}

/** Records of one partition from an offset up to another, exclusive. */
async function readRange(
  { port, clock, topic }: { readonly port: KafkaPort; readonly clock: Clock; readonly topic: string },
  partition: number,
  from: number,
  to: number,
  limit: number,
): Promise<readonly KafkaRecord[]> {
  const found: KafkaRecord[] = [];
  let next = from;
  let done = (): void => {};
  let cancel = (): void => {};
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const wait = (): void => {
    cancel();
    cancel = clock.after(silentMs, () => done());
  };
  const reader = await port.read(topic, [partition], (_topic, _partition, records, behind) => {
    wait();
    for (const record of records) {
      if (record.offset < next || record.offset >= to || found.length >= limit) continue;
      next = record.offset + 1;
      found.push(record);
    }
    if (found.length >= limit || behind >= to) done();
  });
  try {
    wait();
    reader.start(topic, partition, from);
    await finished;
  } finally {
    cancel();
    await reader.close();
  }
  return found;
}
