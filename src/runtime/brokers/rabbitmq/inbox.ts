import { randomUUID } from "node:crypto";
import type { Channel } from "amqplib";
import type { OutgoingMessage } from "../../queue/index.js";
import type { Link } from "./link.js";
import { fromMessage } from "./properties.js";

/** An exclusive queue for replies: gone with its connection, made again under the same name with the next. */
export interface RabbitInbox {
  readonly address: string;
  /** On a new connection; called by the broker after each connect. */
  start(): Promise<void>;
  close(): Promise<void>;
}

const inboxPrefix = "wirespan.inbox.";
/** Reply queues of other clients: the server's own names. */
const foreignPrefixes = ["amq.rabbitmq.reply-to", "amq.gen-"] as const;

/** True for addresses that are queues by their name: no exchange of ours knows them. */
export function isInbox(address: string): boolean {
  return address.startsWith(inboxPrefix) || foreignPrefixes.some((prefix) => address.startsWith(prefix));
}

export function createInbox(link: Link, deliver: (messages: readonly OutgoingMessage[]) => void): RabbitInbox {
  const address = inboxPrefix + randomUUID();
  let channel: Channel | undefined;
  let closed = false;
  let arrived: OutgoingMessage[] = [];

  function hand(): void {
    const batch = arrived;
    arrived = [];
    if (!closed) deliver(batch);
  }

  return {
    address,
    async start() {
      if (closed) return;
      const opened = await (await link.ready(30_000)).createChannel();
      opened.on("error", () => {});
      channel = opened;
      await opened.assertQueue(address, { durable: false, exclusive: true, autoDelete: true });
      await opened.consume(
        address,
        (message) => {
          if (message === null) return;
          arrived.push(fromMessage(message, address));
          if (arrived.length === 1) queueMicrotask(hand);
        },
        // a reply that its asker did not live to see helps nobody
        { noAck: true },
      );
    },
    async close() {
      closed = true;
      await channel?.close().catch(() => {});
    },
  };
}
