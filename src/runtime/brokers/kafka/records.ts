import { randomUUID } from "node:crypto";
import { copyHeaders, messageHeaders, numberHeader, type OutgoingMessage } from "../../queue/index.js";
import type { KafkaRecord } from "./port.js";

/** Headers of the adapter's own. */
export const adapterHeaders = {
  contentType: "content-type",
  /** The address, where the topic does not tell it. */
  address: "x-address",
  /** Milliseconds since the epoch before which a record of a retry topic must not be delivered. */
  retryAt: "x-retry-at",
  /** Which inbox of a reply topic a reply is for. */
  inbox: "x-inbox",
} as const;

const own: ReadonlySet<string> = new Set(Object.values(adapterHeaders));

/** The headers of a message's record. `more`: headers of the adapter's own. */
export function recordHeaders(
  message: OutgoingMessage,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const headers = foreignHeaders(message.headers);
  headers[messageHeaders.id] = message.id;
  if (message.contentType !== "") headers[adapterHeaders.contentType] = message.contentType;
  if (message.expiresAt !== undefined) headers[messageHeaders.expiresAt] = String(message.expiresAt);
  for (const name in more) headers[name] = more[name] ?? "";
  return headers;
}

/** All but the adapter's own. Left out, not deleted: V8 makes a hash table of an object that something is deleted of. */
function foreignHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const copy = copyHeaders();
  for (const name in headers) if (!own.has(name)) copy[name] = headers[name] ?? "";
  return copy;
}

/** A message as it came, from our publishers or anybody's. */
export function fromRecord({ headers: all, key, value }: KafkaRecord, address: string): OutgoingMessage {
  const headers = foreignHeaders(all);
  return {
    address: all[adapterHeaders.address] ?? address,
    id: headers[messageHeaders.id] ?? randomUUID(),
    key: key === undefined ? undefined : textOf(key),
    headers,
    contentType: all[adapterHeaders.contentType] ?? "",
    body: value ?? new Uint8Array(0),
    expiresAt: numberHeader(headers, messageHeaders.expiresAt, 1),
  };
}

/** About how many bytes a record takes up. */
export function recordSize({ value, key, headers }: Pick<KafkaRecord, "value" | "key" | "headers">): number {
  let size = (value?.length ?? 0) + (key?.length ?? 0) + 20;
  for (const name in headers) size += name.length + (headers[name]?.length ?? 0) + 4;
  return size;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

/** When a record of a retry topic is due: at once where its header does not tell. */
export function dueAt(record: KafkaRecord): number {
  return numberHeader(record.headers, adapterHeaders.retryAt, 0) ?? 0;
}

/** Other clients may send any number of headers, each read into memory as a string. */
const maxHeaders = 1_000;

/** Headers as text; of several with one name the last. Bytes that are no UTF-8 become U+FFFD. */
export function textHeaders(entries: Iterable<readonly [unknown, unknown]>): Record<string, string> {
  const texts = copyHeaders();
  let count = 0;
  for (const [name, value] of entries) {
    if (count++ >= maxHeaders) break;
    const last: unknown = Array.isArray(value) ? value.at(-1) : value;
    if (last !== null && last !== undefined && name !== null) texts[String(name)] = String(last);
  }
  return texts;
}
