import { randomUUID } from "node:crypto";
import type { Message, Options } from "amqplib";
import { copyHeaders, messageHeaders, type OutgoingMessage } from "../../queue/index.js";

/** Headers of the adapter's own. */
export const adapterHeaders = {
  key: "x-key",
  /** The address, where the routing key does not tell it. */
  address: "x-address",
} as const;

/** Headers that would make the server send copies elsewhere. */
const routingHeaders: ReadonlySet<string> = new Set(["CC", "BCC"]);

/** The AMQP properties of a message: persistent, returned when no queue takes it. */
export function toProperties(message: OutgoingMessage, address: string | undefined, now: number): Options.Publish {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (!routingHeaders.has(name) && name !== adapterHeaders.address) headers[name] = value;
  }
  if (message.key !== undefined) headers[adapterHeaders.key] = message.key;
  if (address !== undefined) headers[adapterHeaders.address] = address;
  const name = message.headers[messageHeaders.name];
  const correlationId = message.headers[messageHeaders.correlationId];
  return {
    persistent: true,
    mandatory: true,
    messageId: shorten(message.id),
    contentType: shorten(message.contentType),
    timestamp: Math.floor(now / 1000),
    headers,
    ...(name === undefined ? {} : { type: shorten(name) }),
    ...(correlationId === undefined ? {} : { correlationId: shorten(correlationId) }),
    ...(message.expiresAt === undefined ? {} : { expiration: String(Math.max(0, Math.ceil(message.expiresAt - now))) }),
  };
}

/** Properties are at most 255 bytes; the headers hold the whole text. */
function shorten(text: string): string {
  return Buffer.byteLength(text) <= 255 ? text : Buffer.from(text).subarray(0, 252).toString();
}

/** A message as it came, from our publishers or anybody's. */
export function fromMessage({ properties, content }: Message, address: string): OutgoingMessage {
  const headers = copyHeaders(textHeaders(properties.headers ?? {}));
  const messageId: unknown = properties.messageId;
  const contentType: unknown = properties.contentType;
  const type: unknown = properties.type;
  const correlationId: unknown = properties.correlationId;
  if (typeof type === "string") headers[messageHeaders.name] ??= type;
  if (typeof correlationId === "string") headers[messageHeaders.correlationId] ??= correlationId;
  const given = headers[messageHeaders.id] ?? (typeof messageId === "string" ? messageId : undefined);
  const expiresAt = Number(headers[messageHeaders.expiresAt]);
  return {
    address: headers[adapterHeaders.address] ?? address,
    id: given ?? randomUUID(),
    key: headers[adapterHeaders.key],
    headers,
    contentType: typeof contentType === "string" ? contentType : "",
    body: content,
    ...(Number.isSafeInteger(expiresAt) && expiresAt > 0 ? { expiresAt } : {}),
  };
}

/** Header values of other clients may be numbers, bytes or tables; tables (`x-death`) are the server's own. */
function textHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(headers)) {
    if (routingHeaders.has(name)) continue;
    if (typeof value === "string") texts[name] = value;
    else if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") {
      texts[name] = String(value);
    } else if (Buffer.isBuffer(value)) texts[name] = value.toString();
  }
  return texts;
}
