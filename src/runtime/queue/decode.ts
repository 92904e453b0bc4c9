import type { PayloadType } from "../wire/index.js";
import { messageHeaders } from "./headers.js";
import type { OutgoingMessage } from "./types.js";
import { decodeReceived, decodeUnion, isUnion } from "./union.js";

/** The value in a body that is not compressed any more, of the type that the contract says. @throws when it is none. */
export function decodePayload<T, Init>(
  type: PayloadType<T, Init>,
  { headers, contentType }: Pick<OutgoingMessage, "headers" | "contentType">,
  body: Uint8Array,
  defaultContentType: string,
): T {
  return isUnion(type)
    ? decodeUnion<T>(type.typeName, type.members, body, headers[messageHeaders.name], contentType)
    : decodeReceived(type, body, contentType, defaultContentType);
}
