import type { Channel, EventMessage, Operation } from "./events.js";

/**
 * The messages of a channel over WebSocket that the side which its document describes sends or receives, replies to
 * what it receives or sends among them. Without operations the document does not say: all of them, both ways.
 */
export function socketMessages(
  { id: channel, messages }: Channel,
  operations: readonly Operation[],
  action: Operation["action"],
): readonly EventMessage[] {
  const own = operations.filter((operation) => operation.channel === channel);
  const replies = operations.filter(
    ({ channel: asked, reply }) => reply !== undefined && (reply.channel ?? asked) === channel,
  );
  if (own.length === 0 && replies.length === 0) return messages;
  const ids = new Set([
    ...own.flatMap((operation) => (operation.action === action ? operation.messages : [])),
    ...replies.flatMap((operation) => (operation.action === action ? [] : (operation.reply?.messages ?? []))),
  ]);
  return messages.filter((message) => ids.has(message.id));
}
