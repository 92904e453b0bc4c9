import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import type { IClientPublishOptions, IPublishPacket } from "mqtt";
import { copyHeaders, messageHeaders, type OutgoingMessage } from "../../queue/index.js";

const keyProperty = "x-key";
/** More user properties than that are a mistake or an attack. */
const maxProperties = 256;

/** A message on the wire. */
export interface Packet {
  readonly payload: Buffer;
  readonly properties: NonNullable<IClientPublishOptions["properties"]> | undefined;
}

/** MQTT 5: headers are user properties; what the protocol has a property for is there as well. */
export function toPacket(message: OutgoingMessage, now: number, expirySeconds: number | undefined): Packet {
  const user = copyHeaders(message.headers);
  if (message.headers[messageHeaders.id] === undefined) user[messageHeaders.id] = message.id;
  if (message.key !== undefined) user[keyProperty] = message.key;
  if (message.expiresAt !== undefined) user[messageHeaders.expiresAt] ??= String(message.expiresAt);
  const replyTo = message.headers[messageHeaders.replyTo];
  const correlation = message.headers[messageHeaders.correlationId];
  const left = message.expiresAt === undefined ? expirySeconds : Math.max(1, Math.ceil((message.expiresAt - now) / 1000));
  return {
    payload: bufferOf(message.body),
    properties: {
      userProperties: user,
      ...(message.contentType === "" ? {} : { contentType: message.contentType }),
      ...(replyTo === undefined || replyTo === "" || /[+#]/.test(replyTo) ? {} : { responseTopic: replyTo }),
      ...(correlation === undefined ? {} : { correlationData: Buffer.from(correlation) }),
      ...(left === undefined ? {} : { messageExpiryInterval: left }),
    },
  };
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
