import {
  acknowledged,
  copyHeaders,
  messageHeaders,
  numberHeader,
  QueueError,
  type BrokerDelivery,
  type OutgoingMessage,
} from "../../queue/index.js";

/** What a delivery asks of its consumer. Verdicts throw `too_late` when there is one, or when the channel is gone. */
export interface Settler {
  ack(delivery: RabbitDelivery): void;
  requeue(delivery: RabbitDelivery): void;
  /** A copy with other headers at the end of the queue; where that is not safe, the original at its head. */
  replace(delivery: RabbitDelivery, headers: Readonly<Record<string, string>>): Promise<void>;
  later(delivery: RabbitDelivery, delayMs: number, headers: Readonly<Record<string, string>>): Promise<void>;
}

/** A class, because there are many: verdicts are methods of all in place of closures of each. */
export class RabbitDelivery implements BrokerDelivery {
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
  /** Delivery tag: its number on its channel. */
  readonly tag: number;
  readonly #queue: string;
  readonly #settler: Settler;

  constructor(
    message: OutgoingMessage,
    place: { readonly group: string; readonly queue: string; readonly tag: number; readonly redelivered: boolean },
    settler: Settler,
  ) {
    this.address = message.address;
    this.id = message.id;
    this.key = message.key;
    this.headers = message.headers;
    this.contentType = message.contentType;
    this.body = message.body;
    this.expiresAt = message.expiresAt;
    this.group = place.group;
    this.attempt = numberHeader(message.headers, messageHeaders.attempt, 1) ?? 1;
    this.redelivered = place.redelivered;
    this.tag = place.tag;
    this.#queue = place.queue;
    this.#settler = settler;
  }

  get position(): string {
    return `${this.#queue}#${this.tag}`;
  }

  ack(): Promise<void> {
    try {
      this.#settler.ack(this);
      return acknowledged;
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async nack(delayMs = 0, headers?: Readonly<Record<string, string>>): Promise<void> {
    if (delayMs <= 0 && headers === undefined) return this.#settler.requeue(this);
    if (delayMs <= 0) return this.#settler.replace(this, headers ?? {});
    const counted = { [messageHeaders.attempt]: String(this.attempt + 1) };
    return this.#settler.later(this, delayMs, copyHeaders(counted, headers ?? {}));
  }

  /** Nothing: the server's limit for an unacknowledged delivery cannot be extended. */
  async extend(): Promise<void> {}
}

export function tooLate(id: string, cause?: unknown): QueueError {
  const text = `${id} has a verdict already, or its channel is gone`;
  return new QueueError("too_late", text, cause === undefined ? {} : { cause });
}
