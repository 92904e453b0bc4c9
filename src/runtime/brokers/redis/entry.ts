import {
  copyHeaders,
  deadHeaders,
  messageHeaders,
  numberHeader,
  QueueError,
  type OutgoingMessage,
} from "../../queue/index.js";
import { frequentText } from "../shared/texts.js";

/**
 * An entry of a stream: `id`, `key`, `type` and `body` are fields, a header `x` is the field `h:x`, so that no header
 * can pass for anything else. Bodies are bytes.
 */
const headerPrefix = "h:";

/** What programs send, and what we take from others, at most. */
const maxHeaders = 256;
const maxHeaderBytes = 65_536;
/** Headers of the runtime's own do not count: what was taken once can always be tried again, or become a dead letter. */
const runtimeHeaders: ReadonlySet<string> = new Set([
  ...Object.values(messageHeaders),
  ...Object.values(deadHeaders),
  "traceparent",
  "tracestate",
  "baggage",
]);

export type Field = string | Buffer;

/** Tells headers within the limits from those beyond them. */
function createLimit(): (name: string, bytes: number) => boolean {
  let count = 0;
  let total = 0;
  return (name, bytes) => runtimeHeaders.has(name) || (++count <= maxHeaders && (total += bytes) <= maxHeaderBytes);
}

/** Names and values in turns. @throws {QueueError} `usage` when there are more headers than anybody would take. */
export function toFields(
  message: OutgoingMessage,
  headers: Readonly<Record<string, string>> = message.headers,
): Field[] {
  const { body, id, key, contentType } = message;
  const fields: Field[] = ["id", id, "type", contentType];
  if (key !== undefined) fields.push("key", key);
  let bytes = 0;
  let count = 0;
  for (const name in headers) {
    const value = headers[name] ?? "";
    // the field says it
    if (name === messageHeaders.id && value === id) continue;
    bytes += name.length + value.length;
    count++;
    fields.push(headerPrefix + name, value);
  }
  // few have so many that it takes a closer look; a character is three bytes at most
  if (count > maxHeaders || bytes * 3 > maxHeaderBytes) checkHeaders(message, headers);
  fields.push("body", Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  return fields;
}

function checkHeaders({ address, id }: OutgoingMessage, headers: Readonly<Record<string, string>>): void {
  const within = createLimit();
  for (const [name, value] of Object.entries(headers)) {
    if (within(name, Buffer.byteLength(name) + Buffer.byteLength(value))) continue;
    const text = `${address}: ${id} has more than ${maxHeaders} headers or ${maxHeaderBytes} bytes of them`;
    throw new QueueError("usage", text);
  }
}

/** Undefined where all are within the limits, as nearly always. */
function limitOf(fields: readonly Buffer[]): ((name: string, bytes: number) => boolean) | undefined {
  let bytes = 0;
  for (const field of fields) bytes += field.length;
  return fields.length > 2 * maxHeaders || bytes > maxHeaderBytes ? createLimit() : undefined;
}

/** A message as it came, from our publishers or anybody's. */
export function fromFields(fields: readonly Buffer[], address: string, position: string): OutgoingMessage {
  let id: string | undefined;
  let key: string | undefined;
  let contentType: string | undefined;
  let body: Uint8Array | undefined;
  let others: Record<string, string> | undefined;
  const within = limitOf(fields);
  const headers = copyHeaders();
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const field = fields[i];
    const value = fields[i + 1];
    if (field === undefined || value === undefined) break;
    const name = frequentText(field);
    const bytes = field.length - headerPrefix.length + value.length;
    if (name === "body") body = value;
    else if (name === "id") id = value.toString();
    else if (name === "key") key = value.toString();
    else if (name === "type") contentType = frequentText(value);
    else if (name.startsWith(headerPrefix)) {
      const header = name.slice(headerPrefix.length);
      if (within?.(header, bytes) !== false) headers[header] = value.toString();
    } else if (within?.("", bytes) !== false) (others ??= copyHeaders())[name] = value.toString();
  }
  if (id !== undefined) headers[messageHeaders.id] ??= id;
  return {
    address,
    id: headers[messageHeaders.id] ?? position,
    key,
    headers,
    // another program's entry has fields of its own choice: they are its content
    contentType: contentType ?? (body === undefined ? "application/json" : ""),
    body: body ?? Buffer.from(JSON.stringify(foreignFields(id, key, contentType, others))),
    expiresAt: numberHeader(headers, messageHeaders.expiresAt, 1),
  };
}

function foreignFields(
  id: string | undefined,
  key: string | undefined,
  type: string | undefined,
  others: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  return {
    ...(id === undefined ? {} : { id }),
    ...(key === undefined ? {} : { key }),
    ...(type === undefined ? {} : { type }),
    ...others,
  };
}
