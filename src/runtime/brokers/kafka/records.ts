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
  const headers = copyHeaders(message.headers);
  for (const name of own) delete headers[name];
  headers[messageHeaders.id] = message.id;
  if (message.contentType !== "") headers[adapterHeaders.contentType] = message.contentType;
  if (message.expiresAt !== undefined) headers[messageHeaders.expiresAt] = String(message.expiresAt);
  for (const name of Object.keys(more)) headers[name] = more[name] ?? "";
  return headers;
}

/** A message as it came, from our publishers or anybody's. */
export function fromRecord(record: KafkaRecord, address: string): OutgoingMessage {
  const headers = copyHeaders(record.headers);
  const contentType = headers[adapterHeaders.contentType] ?? "";
  const told = headers[adapterHeaders.address];
  for (const name of own) delete headers[name];
  const expiresAt = numberHeader(headers, messageHeaders.expiresAt, 1);
  return {
    address: told ?? address,
    id: headers[messageHeaders.id] ?? randomUUID(),
    key: record.key === undefined ? undefined : textOf(record.key),
    headers,
    contentType,
    body: record.value ?? new Uint8Array(0),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
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
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const last = values.at(-1);
    if (last !== null && last !== undefined && name !== null) texts[String(name)] = String(last);
  }
  return texts;
}
