import { copyHeaders, messageHeaders, numberHeader, QueueError, type BrokerDelivery } from "../../queue/index.js";
import type { Entry, Partition } from "./partition.js";
import type { KafkaRecord } from "./port.js";
import { fromRecord } from "./records.js";

/** What a delivery's verdicts do. */
export interface Verdicts {
  ack(entry: Entry, id: string): Promise<void>;
  nack(
    entry: Entry,
    delivery: BrokerDelivery,
    delayMs: number,
    headers: Readonly<Record<string, string>> | undefined,
  ): Promise<void>;
}

/** `orders-3@17`, as Kafka's own tools write it. */
export function positionOf(topic: string, partition: number, offset: number): string {
  return `${topic}-${partition}@${offset}`;
}

/** A record on its way to a handler. */
export function createDelivery(
  { topic, number }: Pick<Partition, "topic" | "number">,
  entry: Entry & { readonly record: KafkaRecord | undefined },
  { address, group }: { readonly address: string; readonly group: string },
  verdicts: Verdicts,
): BrokerDelivery {
  const { offset } = entry;
  const record = entry.record ?? { offset, timestamp: 0, key: undefined, value: undefined, headers: {} };
  const message = fromRecord(record, address);
  const headers = entry.headers === undefined ? message.headers : copyHeaders(message.headers, entry.headers);
  const delivery: BrokerDelivery = {
    ...message,
    headers,
    group,
    position: positionOf(topic, number, offset),
    attempt: numberHeader(headers, messageHeaders.attempt, 1) ?? 1,
    redelivered: entry.redelivered,
    ack: () => verdicts.ack(entry, message.id),
    nack: (delayMs = 0, more) => verdicts.nack(entry, delivery, delayMs, more),
    // membership does not depend on handlers: heartbeats go on meanwhile
    extend: async () => {},
  };
  return delivery;
}

/** A record that was read without being taken. */
export function browsedDelivery(
  topic: string,
  partition: number,
  record: KafkaRecord,
  { address, group }: { readonly address: string; readonly group: string },
): BrokerDelivery {
  const message = fromRecord(record, address);
  const refuse = (): Promise<never> => Promise.reject(new QueueError("usage", "a browsed message cannot be settled"));
  return {
    ...message,
    group,
    position: positionOf(topic, partition, record.offset),
    attempt: numberHeader(message.headers, messageHeaders.attempt, 1) ?? 1,
    redelivered: false,
    ack: refuse,
    nack: refuse,
    extend: refuse,
  };
}
