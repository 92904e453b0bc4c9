import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import type { IClientPublishOptions, IPublishPacket } from "mqtt";
import type { Route } from "./topics.js";
import { copyHeaders, messageHeaders, QueueError, type OutgoingMessage } from "../../queue/index.js";

const keyProperty = "x-key";
/** Names of properties whose values MQTT could not carry as they are, separated by commas; those within are encoded. */
const encodedProperty = "x-encoded";
/** Servers close the connection over such a character, and would do so again each time the message is sent again. */
const forbidden = /[\p{Cc}\p{Cs}\p{NChar}]/u;
const maxTextBytes = 65_535;
/** More user properties than that are a mistake or an attack. */
const maxProperties = 256;

/** A message on the wire. */
export interface Packet {
  readonly payload: Buffer;
  readonly properties: NonNullable<IClientPublishOptions["properties"]> | undefined;
}

/** What bindings say of all messages of an address. */
export type Bound = Pick<Route, "expirySeconds" | "payloadFormatIndicator" | "responseTopic">;

/**
 * MQTT 5: headers are user properties; what the protocol has a property for is there as well.
 *
 * @throws {QueueError} `usage` when a header does not fit into the protocol.
 */
export function toPacket(message: OutgoingMessage, now: number, bound: Bound | undefined): Packet {
  const user = copyHeaders(message.headers);
  if (message.headers[messageHeaders.id] === undefined) user[messageHeaders.id] = message.id;
  if (message.key !== undefined) user[keyProperty] = message.key;
  if (message.expiresAt !== undefined) user[messageHeaders.expiresAt] ??= String(message.expiresAt);
  encodeTexts(user, message.address);
  if (forbidden.test(message.contentType)) {
    throw new QueueError("usage", `${message.address}: its content type holds control characters`);
  }
  const { expirySeconds, payloadFormatIndicator, responseTopic } = bound ?? {};
  const replyTo = message.headers[messageHeaders.replyTo] || responseTopic;
  const correlation = message.headers[messageHeaders.correlationId];
  const left =
    message.expiresAt === undefined ? expirySeconds : Math.max(1, Math.ceil((message.expiresAt - now) / 1000));
  return {
    payload: bufferOf(message.body),
    properties: {
      userProperties: user,
      ...(message.contentType === "" ? {} : { contentType: message.contentType }),
      ...(replyTo === undefined || replyTo === "" || /[+#]/.test(replyTo) || forbidden.test(replyTo)
        ? {}
        : { responseTopic: replyTo }),
      ...(correlation === undefined ? {} : { correlationData: Buffer.from(correlation) }),
      ...(left === undefined ? {} : { messageExpiryInterval: left }),
      ...(payloadFormatIndicator === undefined ? {} : { payloadFormatIndicator }),
    },
  };
}

function encodeTexts(user: Record<string, string>, address: string): void {
  const encoded: string[] = [];
  delete user[encodedProperty];
  for (const [name, value] of Object.entries(user)) {
    if (forbidden.test(value)) {
      user[name] = value.replace(/[%\p{Cc}\p{Cs}\p{NChar}]/gu, encodeUnits);
      encoded.push(name.replace(/[%,]/g, encodeUnits));
    }
    const bytes = Math.max(Buffer.byteLength(name), Buffer.byteLength(user[name] ?? ""));
    if (bytes > maxTextBytes || forbidden.test(name)) {
      const what = JSON.stringify(name.slice(0, 100));
      throw new QueueError(
        "usage",
        `${address}: the header ${what} does not fit into MQTT (64 KiB, no control characters)`,
      );
    }
  }
  if (encoded.length > 0) user[encodedProperty] = encoded.join(",");
}

function encodeUnits(char: string): string {
  return [...Array(char.length).keys()]
    .map((i) => `%${char.charCodeAt(i).toString(16).toUpperCase().padStart(4, "0")}`)
    .join("");
}

function decodeUnits(value: string): string {
  return value.replace(/%([0-9A-F]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

export function fromPacket(packet: IPublishPacket, address: string): OutgoingMessage {
  const { properties } = packet;
  const headers = copyHeaders({});
  let count = 0;
  for (const [name, value] of Object.entries(properties?.userProperties ?? {})) {
    if (count++ >= maxProperties) break;
    headers[name] = String(Array.isArray(value) ? (value[0] ?? "") : value);
  }
  if (properties?.responseTopic !== undefined) headers[messageHeaders.replyTo] ??= properties.responseTopic;
  if (properties?.correlationData !== undefined) {
    headers[messageHeaders.correlationId] ??= properties.correlationData.toString();
  }
  for (const encoded of headers[encodedProperty]?.split(",") ?? []) {
    const name = decodeUnits(encoded);
    const value = headers[name];
    if (value !== undefined) headers[name] = decodeUnits(value);
  }
  delete headers[encodedProperty];
  const key = headers[keyProperty];
  delete headers[keyProperty];
  return {
    address,
    id: headers[messageHeaders.id] ?? randomUUID(),
    key,
    headers,
    contentType: properties?.contentType ?? "",
    body: bufferOf(packet.payload),
    ...expiry(headers),
  };
}

/**
 * MQTT 3.1.1 has no headers, so they travel in the payload: JSON with the body as text, or in base64 where it is none.
 *
 * @example {"$envelope":1,"id":"u1","headers":{"traceparent":"00-…"},"contentType":"application/json","text":"{\"id\":1}"}
 */
export function toEnvelope(message: OutgoingMessage): Packet {
  const { id, key, headers, contentType, expiresAt } = message;
  const body = bufferOf(message.body);
  const content = isUtf8(body) ? { text: body.toString() } : { base64: body.toString("base64") };
  const envelope = { [envelopeMark]: 1, id, key, headers, contentType, expiresAt, ...content };
  return { payload: Buffer.from(JSON.stringify(envelope)), properties: undefined };
}

const envelopeMark = "$envelope";
const envelopeStart = Buffer.from(`{"${envelopeMark}":1,`);

/** Other clients' messages are no envelopes: they are their payload. */
export function fromEnvelope(packet: IPublishPacket, address: string): OutgoingMessage {
  const payload = bufferOf(packet.payload);
  const plain = { address, id: randomUUID(), headers: copyHeaders({}), contentType: "", body: payload };
  if (!payload.subarray(0, envelopeStart.length).equals(envelopeStart)) return plain;
  let read: unknown;
  try {
    read = JSON.parse(payload.toString());
  } catch {
    return plain;
  }
  // sound: it begins as an object does
  const envelope = read as Readonly<Record<string, unknown>>;
  const body = bodyOf(envelope);
  if (body === undefined) return plain;
  const headers = copyHeaders({});
  const given = envelope["headers"];
  for (const [name, value] of Object.entries(typeof given === "object" && given !== null ? given : {})) {
    if (typeof value === "string") headers[name] = value;
  }
  const { id, key, contentType } = envelope;
  return {
    address,
    id: typeof id === "string" ? id : (headers[messageHeaders.id] ?? plain.id),
    key: typeof key === "string" ? key : undefined,
    headers,
    contentType: typeof contentType === "string" ? contentType : "",
    body,
    ...expiry(headers, envelope["expiresAt"]),
  };
}

function bodyOf({ text, base64 }: Readonly<Record<string, unknown>>): Buffer | undefined {
  if (typeof text === "string") return Buffer.from(text);
  return typeof base64 === "string" ? Buffer.from(base64, "base64") : undefined;
}

function expiry(headers: Readonly<Record<string, string>>, given?: unknown): { readonly expiresAt?: number } {
  const expiresAt = Number(given ?? headers[messageHeaders.expiresAt]);
  return Number.isSafeInteger(expiresAt) && expiresAt > 0 ? { expiresAt } : {};
}

function bufferOf(body: Uint8Array | string): Buffer {
  if (typeof body === "string") return Buffer.from(body);
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
