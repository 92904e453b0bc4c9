import { randomUUID } from "node:crypto";
import type { Channel } from "amqplib";
import { sleep, type Clock } from "../../context/index.js";
import type { OutgoingMessage } from "../../queue/index.js";
import type { Link } from "./link.js";
import { fromMessage } from "./properties.js";

/** An exclusive queue for replies: gone with its connection, made again under the same name with the next. */
export interface RabbitInbox {
  readonly address: string;
  /** The first time. */
  open(): Promise<void>;
  /** On a new connection; called by the broker after each connect. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

const inboxPrefix = "wirespan.inbox.";
/** Reply queues of other clients: the server's own names. */
const foreignPrefixes = ["amq.rabbitmq.reply-to", "amq.gen-"] as const;

const reopenDelayMs = 500;

/** True for addresses that are queues by their name: no exchange of ours knows them. */
export function isInbox(address: string): boolean {
  return address.startsWith(inboxPrefix) || foreignPrefixes.some((prefix) => address.startsWith(prefix));
}

export function createInbox(
  link: Link,
  clock: Clock,
  deliver: (messages: readonly OutgoingMessage[]) => void,
): RabbitInbox {
  const address = inboxPrefix + randomUUID();
  const stop = new AbortController();
  let channel: Channel | undefined;
  let opening = false;
  let arrived: OutgoingMessage[] = [];

  function hand(): void {
    const batch = arrived;
    arrived = [];
    if (!stop.signal.aborted) deliver(batch);
  }

  async function open(): Promise<void> {
    const opened = await (await link.ready(30_000)).createChannel();
    opened.on("error", () => {});
    opened.on("close", () => {
      if (channel !== opened) return;
      // the queue alone is gone: the broker calls after a lost connection
      if (link.state === "up") void reopen();
    });
    try {
      await opened.assertQueue(address, { durable: false, exclusive: true, autoDelete: true });
      await opened.consume(
        address,
        (message) => {
          if (message === null) return void opened.close().catch(() => {});
          arrived.push(fromMessage(message, address));
          if (arrived.length === 1) queueMicrotask(hand);
        },
        // a reply that its asker did not live to see helps nobody
        { noAck: true },
      );
    } catch (error) {
      await opened.close().catch(() => {});
      throw error;
    }
    channel = opened;
    if (stop.signal.aborted) await opened.close().catch(() => {});
  }

  /** The server may hold the queue for the connection before for a moment longer than that lives. */
  async function reopen(): Promise<void> {
    channel = undefined;
    if (opening) return;
    opening = true;
    while (!stop.signal.aborted && channel === undefined) {
      await open().catch(() => sleep(clock, reopenDelayMs, stop.signal).catch(() => {}));
    }
    opening = false;
  }

  return {
    address,
    open,
    reopen,
    async close() {
      stop.abort();
      await channel?.close().catch(() => {});
    },
  };
}
