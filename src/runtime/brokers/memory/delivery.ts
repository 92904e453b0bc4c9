import {
  acknowledged,
  messageHeaders,
  numberHeader,
  QueueError,
  type BrokerDelivery,
  type OutgoingMessage,
} from "../../queue/index.js";

/** A message in a group's queue. */
export interface Entry {
  readonly message: OutgoingMessage;
  readonly position: number;
  /** Times that it was delivered and its consumer went without a verdict. */
  readonly crashes: number;
  readonly redelivered: boolean;
}

/** What a delivery asks of its group. */
export interface Settler {
  /** False: there is a verdict, or its consumer is gone. */
  settle(delivery: MemoryDelivery): boolean;
  giveBack(delivery: MemoryDelivery, delayMs: number, headers: Readonly<Record<string, string>> | undefined): void;
}

/** A message with one consumer. A class, because there are many: verdicts are methods of all. */
export class MemoryDelivery implements BrokerDelivery {
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

  constructor(entry: Entry, group: string, settler: Settler) {
    const { message } = entry;
    this.address = message.address;
    this.id = message.id;
    this.key = message.key;
    this.headers = message.headers;
    this.contentType = message.contentType;
    this.body = message.body;
    this.expiresAt = message.expiresAt;
    this.group = group;
    this.attempt = (numberHeader(message.headers, messageHeaders.attempt, 1) ?? 1) + entry.crashes;
    this.redelivered = entry.redelivered;
    this.entry = entry;
    this.#settler = settler;
  }

  get position(): string {
    return String(this.entry.position);
  }

  ack(): Promise<void> {
    return this.#settler.settle(this) ? acknowledged : Promise.reject(this.#late());
  }

  async nack(delayMs = 0, headers?: Readonly<Record<string, string>>): Promise<void> {
    if (!this.#settler.settle(this)) throw this.#late();
    this.#settler.giveBack(this, delayMs, headers);
  }

  /** Nothing: nobody else gets it as long as its consumer is there. */
  async extend(): Promise<void> {}

  #late(): QueueError {
    return new QueueError("too_late", `${this.id} has a verdict already, or its consumer is gone`);
  }
}
