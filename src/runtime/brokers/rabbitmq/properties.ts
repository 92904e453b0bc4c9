import { randomUUID } from "node:crypto";
import type { Message, Options } from "amqplib";
import { copyHeaders, messageHeaders, type OutgoingMessage } from "../../queue/index.js";
import { compressionIn } from "./content-encoding.js";
import { createHeaderSheet } from "./header-sheet.js";
import type { Letter } from "./publisher.js";

/** Headers of the adapter's own. */
export const adapterHeaders = {
  key: "x-key",
  /** The address, where the routing key does not tell it. */
  address: "x-address",
} as const;

/** Headers that would make the server send copies elsewhere. */
const routingHeaders: ReadonlySet<string> = new Set(["CC", "BCC"]);

const sheet = createHeaderSheet();

/**
 * The AMQP properties of a message: persistent and returned when no queue takes it, unless the contract says so. To be
 * published before the next ones are made, for they share one object of headers.
 */
export function toProperties({ message, address, rules }: Letter, now: number): Options.Publish {
  const messageId = propertyText(message.id);
  writeHeaders(message, address, messageId);
  const name = message.headers[messageHeaders.name] ?? rules.messageType;
  const correlationId = message.headers[messageHeaders.correlationId];
  const replyTo = message.headers[messageHeaders.replyTo] ?? rules.replyTo;
  const contentEncoding = message.headers[messageHeaders.contentEncoding] ?? rules.contentEncoding;
  const expiration = message.expiresAt === undefined ? rules.expiration : Math.ceil(message.expiresAt - now);
  const properties: Options.Publish = {
    persistent: rules.persistent,
    mandatory: rules.mandatory,
    messageId,
    contentType: propertyText(message.contentType),
    headers: sheet.headers,
  };
  // one by one: amqplib encodes what is there, and this runs for every message
  if (rules.timestamp) properties.timestamp = Math.floor(now / 1000);
  if (name !== undefined) properties.type = propertyText(name);
  if (correlationId !== undefined) properties.correlationId = propertyText(correlationId);
  // cut, it would be another's address
  if (replyTo !== undefined && Buffer.byteLength(replyTo) <= 255) properties.replyTo = replyTo;
  if (expiration !== undefined) properties.expiration = String(Math.max(0, expiration));
  if (rules.priority !== undefined) properties.priority = rules.priority;
  if (rules.userId !== undefined) properties.userId = rules.userId;
  if (contentEncoding !== undefined) properties.contentEncoding = propertyText(contentEncoding);
  if (rules.cc.length > 0) properties.CC = [...rules.cc];
  if (rules.bcc.length > 0) properties.BCC = [...rules.bcc];
  return properties;
}

/** All but those that stand in a property, and those that are the server's. */
function writeHeaders({ headers, key }: OutgoingMessage, address: string | undefined, messageId: string): void {
  sheet.clear();
  for (const name in headers) {
    if (name === adapterHeaders.address || routingHeaders.has(name)) continue;
    const text = headers[name] ?? "";
    if (name === messageHeaders.id && text === messageId) continue;
    sheet.write(name, text);
  }
  if (key !== undefined) sheet.write(adapterHeaders.key, key);
  if (address !== undefined) sheet.write(adapterHeaders.address, address);
}

/** Properties are at most 255 bytes; the headers hold the whole text. */
export function propertyText(text: string): string {
  // no text of 85 characters has more bytes, and nearly all are shorter
  return text.length <= 85 || Buffer.byteLength(text) <= 255 ? text : Buffer.from(text).subarray(0, 252).toString();
}

/** A message as it came, from our publishers or anybody's. */
export function fromMessage({ properties, content }: Message, address: string): OutgoingMessage {
  const headers = textHeaders(properties.headers ?? {});
  const messageId: unknown = properties.messageId;
  const contentType: unknown = properties.contentType;
  const type: unknown = properties.type;
  const correlationId: unknown = properties.correlationId;
  const replyTo: unknown = properties.replyTo;
  if (typeof type === "string") headers[messageHeaders.name] ??= type;
  if (typeof correlationId === "string") headers[messageHeaders.correlationId] ??= correlationId;
  if (typeof replyTo === "string") headers[messageHeaders.replyTo] ??= replyTo;
  if (typeof messageId === "string") headers[messageHeaders.id] ??= messageId;
  const contentEncoding: unknown = properties.contentEncoding;
  if (typeof contentEncoding === "string" && headers[messageHeaders.contentEncoding] === undefined) {
    const compression = compressionIn(contentEncoding);
    if (compression !== undefined) headers[messageHeaders.contentEncoding] = compression;
  }
  const expiresAt = Number(headers[messageHeaders.expiresAt]);
  return {
    address: headers[adapterHeaders.address] ?? address,
    id: headers[messageHeaders.id] ?? randomUUID(),
    key: headers[adapterHeaders.key],
    headers,
    contentType: typeof contentType === "string" ? contentType : "",
    body: content,
    ...(Number.isSafeInteger(expiresAt) && expiresAt > 0 ? { expiresAt } : {}),
  };
}

/** Header values of other clients may be numbers, bytes or tables; tables (`x-death`) are the server's own. */
function textHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts = copyHeaders();
  for (const [name, value] of Object.entries(headers)) {
    if (routingHeaders.has(name)) continue;
    if (typeof value === "string") texts[name] = value;
    else if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") {
      texts[name] = String(value);
    } else if (Buffer.isBuffer(value)) texts[name] = value.toString();
  }
  return texts;
}
