import { copyHeaders, messageHeaders, numberHeader, type BrokerDelivery } from "../../queue/index.js";
import type { Entry } from "./partition.js";
import type { KafkaRecord } from "./port.js";
import { fromRecord, readHeaders } from "./records.js";

/** What a delivery asks of its consumer. */
export interface Settler {
  ack(delivery: KafkaDelivery): Promise<void>;
  nack(delivery: KafkaDelivery, delayMs: number, headers?: Readonly<Record<string, string>>): Promise<void>;
}

/** `orders-3@17`, as Kafka's own tools write it. */
export function positionOf(topic: string, partition: number, offset: number): string {
  return `${topic}-${partition}@${offset}`;
}

const gone: KafkaRecord = { offset: 0, timestamp: 0, key: undefined, value: undefined, ...readHeaders([]) };

/** A record on its way to a handler. A class, because there are many: verdicts are methods of all. */
export class KafkaDelivery implements BrokerDelivery {
  readonly address: string;
  readonly id: string;
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly expiresAt: number | undefined;
  readonly group: string;
  readonly attempt: number;
  readonly redelivered: boolean;
  readonly entry: Entry;
  readonly #settler: Settler;

  constructor(
    entry: Entry,
    { address, group }: { readonly address: string; readonly group: string },
    settler: Settler,
  ) {
    const message = fromRecord(entry.record ?? gone, address);
    this.address = message.address;
    this.id = message.id;
    this.key = message.key;
    this.headers = entry.headers === undefined ? message.headers : copyHeaders(message.headers, entry.headers);
    this.contentType = message.contentType;
    this.body = message.body;
    this.expiresAt = message.expiresAt;
    this.group = group;
    this.attempt = numberHeader(this.headers, messageHeaders.attempt, 1) ?? 1;
    this.redelivered = entry.redelivered;
    this.entry = entry;
    this.#settler = settler;
  }

  get position(): string {
    const { partition, offset } = this.entry;
    return positionOf(partition.topic, partition.number, offset);
  }

  ack(): Promise<void> {
    return this.#settler.ack(this);
  }

  nack(delayMs = 0, headers?: Readonly<Record<string, string>>): Promise<void> {
    return this.#settler.nack(this, delayMs, headers);
  }

  /** Nothing: membership does not depend on handlers, heartbeats go on meanwhile. */
  async extend(): Promise<void> {}
}
