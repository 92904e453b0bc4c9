import { randomUUID } from "node:crypto";
import { copyHeaders, messageHeaders, numberHeader, wholeNumber, type OutgoingMessage } from "../../queue/index.js";
import { frequentText } from "../shared/texts.js";
import type { KafkaRecord, OwnHeaders } from "./port.js";

/** Headers of the adapter's own. */
export const adapterHeaders = {
  contentType: "content-type",
  address: "x-address",
  retryAt: "x-retry-at",
  inbox: "x-inbox",
} as const satisfies Record<keyof OwnHeaders, string>;

const ownNames: ReadonlySet<string> = new Set(Object.values(adapterHeaders));

/** The headers of a message's record, names and values in turns. `more`: headers of the adapter's own. */
export function recordHeaders(message: OutgoingMessage, more: Readonly<Record<string, string>> = {}): string[] {
  const { headers, id, contentType, expiresAt } = message;
  const fields = [messageHeaders.id, id];
  if (contentType !== "") fields.push(adapterHeaders.contentType, contentType);
  if (expiresAt !== undefined) fields.push(messageHeaders.expiresAt, String(expiresAt));
  for (const name in more) fields.push(name, more[name] ?? "");
  for (const name in headers) {
    const told = name === messageHeaders.id || (name === messageHeaders.expiresAt && expiresAt !== undefined);
    if (!told && !ownNames.has(name)) fields.push(name, headers[name] ?? "");
  }
  return fields;
}

/** A message as it came, from our publishers or anybody's. */
export function fromRecord({ headers, own, key, value }: KafkaRecord, address: string): OutgoingMessage {
  return {
    address: own.address ?? address,
    id: headers[messageHeaders.id] ?? randomUUID(),
    key: key === undefined ? undefined : textOf(key),
    headers,
    contentType: own.contentType ?? "",
    body: value ?? new Uint8Array(0),
    expiresAt: numberHeader(headers, messageHeaders.expiresAt, 1),
  };
}

/** About how many bytes a record takes up that was read. */
export function recordSize({ value, key, headers }: KafkaRecord): number {
  let size = (value?.length ?? 0) + (key?.length ?? 0) + 20;
  for (const name in headers) size += name.length + (headers[name]?.length ?? 0) + 4;
  return size;
}

/** The same of one to be written. */
export function outgoingSize(value: Uint8Array, key: Uint8Array | undefined, headers: readonly string[]): number {
  let size = value.length + (key?.length ?? 0) + 20;
  for (const text of headers) size += text.length + 2;
  return size;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

/** When a record of a retry topic is due: at once where its header does not tell. */
export function dueAt(record: KafkaRecord): number {
  return wholeNumber(record.own.retryAt, 0) ?? 0;
}

/** Other clients may send any number of headers, each read into memory as a string. */
const maxHeaders = 1_000;

/** Headers as text; of several with one name the last. Bytes that are no UTF-8 become U+FFFD. */
export function readHeaders(entries: Iterable<readonly [unknown, unknown]>): Pick<KafkaRecord, "headers" | "own"> {
  const headers = copyHeaders();
  const own: OwnHeaders = { contentType: undefined, address: undefined, retryAt: undefined, inbox: undefined };
  let count = 0;
  for (const entry of entries) {
    if (count++ >= maxHeaders) break;
    // no destructuring: this runs for every header of every message
    const key = entry[0];
    const value = entry[1];
    const last: unknown = Array.isArray(value) ? value.at(-1) : value;
    if (last === null || last === undefined || key === null) continue;
    const name = headerText(key);
    const text = headerText(last);
    if (name === adapterHeaders.contentType) own.contentType = text;
    else if (name === adapterHeaders.address) own.address = text;
    else if (name === adapterHeaders.retryAt) own.retryAt = text;
    else if (name === adapterHeaders.inbox) own.inbox = text;
    else headers[name] = text;
  }
  return { headers, own };
}

/** Ids are longer: each is another. */
const longestFrequent = 32;

function headerText(value: unknown): string {
  return Buffer.isBuffer(value) && value.length <= longestFrequent ? frequentText(value) : String(value);
}
