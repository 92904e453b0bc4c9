import { createInbox } from "@nats-io/transport-node";
import { copyHeaders, messageHeaders, type Inbox, type OutgoingMessage } from "../../queue/index.js";
import type { Msg } from "@nats-io/transport-node";
import { fromHeaders } from "./headers.js";
import type { NatsLink } from "./link.js";

/** A subject of this connection alone; the library subscribes to it again after a reconnect. */
export function openInbox(link: NatsLink, deliver: (messages: readonly OutgoingMessage[]) => void): Inbox {
  const address = createInbox();
  const subscription = link.connection.subscribe(address, {
    callback: (error, message) => {
      if (error === null) deliver([plainMessage(message, address)]);
    },
  });
  return {
    address,
    close: async () => {
      subscription.unsubscribe();
    },
  };
}

/** A message that is not in a stream. Where a reply is awaited stands in the header as everywhere. */
export function plainMessage(received: Msg, address: string): OutgoingMessage {
  const { message } = fromHeaders(received.headers, received.data, address, `core#${received.sid}`);
  const { reply } = received;
  if (reply === undefined || reply === "" || message.headers[messageHeaders.replyTo] !== undefined) return message;
  return { ...message, headers: copyHeaders(message.headers, { [messageHeaders.replyTo]: reply }) };
}

/** True for the address of an inbox, of whichever client library. */
export function isInbox(address: string): boolean {
  return address.startsWith("_INBOX.");
}
