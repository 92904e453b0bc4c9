import type { Channel, EventMessage } from "../../model/index.js";
import { camelCase } from "../../plan/index.js";

/** The value of `x-message-name`: the message's name where names tell the channel's messages apart, else its id. */
export function messageNames({ messages }: Channel): (message: EventMessage) => string {
  const unique = new Set(messages.map(({ name }) => name)).size === messages.length;
  return ({ id, name }) => (unique && name !== "" ? name : id);
}

/** The discriminator of a union: the message's id as one word. */
export function caseNames({ messages }: Channel): (message: EventMessage) => string {
  const taken = new Set<string>();
  const names = new Map<EventMessage, string>();
  for (const message of messages) {
    let name = camelCase(message.id) || "message";
    while (taken.has(name)) name += "$";
    taken.add(name);
    names.set(message, name);
  }
  return (message) => names.get(message) ?? "";
}

/** What a message says, else what its payload is written in. */
export function contentTypeOf(
  kind: "proto" | "json" | "avro" | "text" | "bytes" | undefined,
  message: EventMessage | undefined,
): string {
  if (message !== undefined && message.contentType !== "") return message.contentType;
  switch (kind) {
    case "proto":
      return "application/protobuf";
    case "json":
      return "application/json";
    case "avro":
      return "avro/binary";
    case "text":
      return "text/plain";
    default:
      return "application/octet-stream";
  }
}
