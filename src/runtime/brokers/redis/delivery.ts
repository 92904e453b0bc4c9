import {
  acknowledged,
  copyHeaders,
  messageHeaders,
  numberHeader,
  QueueError,
  type BrokerDelivery,
  type OutgoingMessage,
} from "../../queue/index.js";
import type { Origin } from "./place.js";

/** What a delivery asks of its consumer. */
export interface Settler {
  /** False: there is a verdict, or it is somebody else's by now. */
  isOpen(delivery: RedisDelivery): boolean;
  ack(delivery: RedisDelivery): void;
  giveBack(delivery: RedisDelivery): void;
  /** @throws {QueueError} `too_late`. */
  replace(delivery: RedisDelivery, headers: Readonly<Record<string, string>>): Promise<void>;
  later(delivery: RedisDelivery, delayMs: number, headers: Readonly<Record<string, string>>): Promise<void>;
  keep(delivery: RedisDelivery): Promise<void>;
}

/** A class, because there are many: verdicts are methods of all in place of closures of each. */
export class RedisDelivery implements BrokerDelivery {
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
  readonly origin: Origin;
  /** Id of the entry in its stream. */
  readonly entry: string;
  readonly #settler: Settler;

  constructor(
    message: OutgoingMessage,
    place: {
      readonly group: string;
      readonly origin: Origin;
      readonly entry: string;
      readonly deliveries: number;
      /** Somebody had it before. */
      readonly again: boolean;
    },
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
    this.origin = place.origin;
    this.entry = place.entry;
    // Redis counts deliveries: those that ended with their consumer are attempts too
    this.attempt = (numberHeader(message.headers, messageHeaders.attempt, 1) ?? 1) + Math.max(0, place.deliveries - 1);
    this.redelivered = place.again || place.origin === "redeliver";
    this.#settler = settler;
  }

  get position(): string {
    return this.origin === "main" ? this.entry : `redeliver/${this.entry}`;
  }

  ack(): Promise<void> {
    if (!this.#settler.isOpen(this)) return Promise.reject(this.#late());
    this.#settler.ack(this);
    return acknowledged;
  }

  async nack(delayMs = 0, headers?: Readonly<Record<string, string>>): Promise<void> {
    if (!this.#settler.isOpen(this)) throw this.#late();
    if (delayMs <= 0 && headers === undefined) return this.#settler.giveBack(this);
    if (delayMs <= 0) return this.#settler.replace(this, copyHeaders(this.headers, headers ?? {}));
    const counted = { [messageHeaders.attempt]: String(this.attempt + 1) };
    return this.#settler.later(this, delayMs, copyHeaders(this.headers, counted, headers ?? {}));
  }

  async extend(): Promise<void> {
    if (!this.#settler.isOpen(this)) throw this.#late();
    await this.#settler.keep(this);
  }

  #late(): QueueError {
    return new QueueError("too_late", `${this.id} has a verdict already, or another consumer has it`);
  }
}
