import type { Clock } from "../../context/index.js";
import { copyHeaders, QueueError, type OutgoingMessage, type PublishResult } from "../../queue/index.js";

/** Takes a message for an inbox. */
export type MemoryInbox = (message: OutgoingMessage) => PublishResult;

/** Hands messages on in a turn of their own, as a network would, and keeps none. */
export function createMemoryInbox(
  deliver: (messages: readonly OutgoingMessage[]) => void,
  maxMessages: number,
  clock: Clock,
): MemoryInbox {
  let waiting: OutgoingMessage[] = [];
  return (message) => {
    if (waiting.length >= maxMessages) {
      return { ok: false, error: new QueueError("full", `${message.address} holds ${maxMessages} messages`) };
    }
    waiting.push({
      ...message,
      headers: Object.freeze(copyHeaders(message.headers)),
      body: new Uint8Array(message.body),
    });
    if (waiting.length === 1) {
      setImmediate(() => {
        const batch = waiting.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > clock.now());
        waiting = [];
        deliver(batch);
      });
    }
    return { ok: true };
  };
}
