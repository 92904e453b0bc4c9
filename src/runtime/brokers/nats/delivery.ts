import {
  acknowledged,
  messageHeaders,
  numberHeader,
  type BrokerDelivery,
  type OutgoingMessage,
} from "../../queue/index.js";

/** Where a delivery came from. */
export interface DeliverySource {
  /** Verdicts go there. */
  readonly reply: string;
  readonly stream: string;
  readonly seq: number;
  readonly fromRetry: boolean;
  readonly redelivered: boolean;
  readonly group: string;
}

/** Carries out verdicts. */
export interface DeliveryOwner {
  ack(delivery: NatsDelivery): void;
  nack(delivery: NatsDelivery, delayMs: number, headers: Readonly<Record<string, string>> | undefined): Promise<void>;
  extend(delivery: NatsDelivery): void;
}

/** A class, because there is one for each message: closures would cost three times as much. */
export class NatsDelivery implements BrokerDelivery {
  readonly address: string;
  readonly id: string;
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly expiresAt: number | undefined;
  readonly attempt: number;
  readonly source: DeliverySource;
  /** When it was last told to the server that somebody has it, milliseconds since the epoch. */
  touched: number;
  readonly since: number;
  readonly #owner: DeliveryOwner;

  constructor(message: OutgoingMessage, source: DeliverySource, owner: DeliveryOwner, now: number) {
    this.address = message.address;
    this.id = message.id;
    this.key = message.key;
    this.headers = message.headers;
    this.contentType = message.contentType;
    this.body = message.body;
    this.expiresAt = message.expiresAt;
    this.attempt = numberHeader(message.headers, messageHeaders.attempt, 1) ?? 1;
    this.source = source;
    this.touched = now;
    this.since = now;
    this.#owner = owner;
  }

  get group(): string {
    return this.source.group;
  }

  get position(): string {
    return `${this.source.stream}#${this.source.seq}`;
  }

  get redelivered(): boolean {
    return this.source.redelivered;
  }

  ack(): Promise<void> {
    try {
      this.#owner.ack(this);
      return acknowledged;
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  nack(delayMs = 0, headers?: Readonly<Record<string, string>>): Promise<void> {
    return this.#owner.nack(this, delayMs, headers);
  }

  async extend(): Promise<void> {
    this.#owner.extend(this);
  }
}
