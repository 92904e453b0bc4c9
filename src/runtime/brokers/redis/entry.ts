import { copyHeaders, messageHeaders, QueueError, type OutgoingMessage } from "../../queue/index.js";

/**
 * An entry of a stream: `id`, `key`, `type` and `body` are fields, a header `x` is the field `h:x`, so that no header
 * can pass for anything else. Bodies are bytes.
 */
const headerPrefix = "h:";

/** What we send, and what we take from others, at most. */
const maxHeaders = 256;
const maxHeaderBytes = 65_536;

export type Field = string | Buffer;

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
    bytes += name.length + value.length;
    if (++count > maxHeaders || bytes > maxHeaderBytes) {
      throw new QueueError(
        "usage",
        `${message.address}: ${message.id} has more than ${maxHeaders} headers or ${maxHeaderBytes} bytes of them`,
      );
    }
    fields.push(headerPrefix + name, value);
  }
  fields.push("body", Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  return fields;
}

/** A message as it came, from our publishers or anybody's. */
export function fromFields(fields: readonly Buffer[], address: string, position: string): OutgoingMessage {
  let id: string | undefined;
  let key: string | undefined;
  let contentType: string | undefined;
  let body: Uint8Array | undefined;
  let others: Record<string, string> | undefined;
  let count = 0;
  let bytes = 0;
  const headers = copyHeaders();
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const value = fields[i + 1];
    if (value === undefined) break;
    const name = fields[i]?.toString() ?? "";
    if (name === "body") body = value;
    else if (name === "id") id = value.toString();
    else if (name === "key") key = value.toString();
    else if (name === "type") contentType = value.toString();
    else if (count < maxHeaders && (bytes += name.length + value.length) <= maxHeaderBytes) {
      count++;
      if (name.startsWith(headerPrefix)) headers[name.slice(headerPrefix.length)] = value.toString();
      else (others ??= copyHeaders())[name] = value.toString();
    }
  }
  const expiresAt = Number(headers[messageHeaders.expiresAt]);
  return {
    address,
    id: headers[messageHeaders.id] ?? id ?? position,
    key,
    headers,
    // another program's entry has fields of its own choice: they are its content
    contentType: contentType ?? (body === undefined ? "application/json" : ""),
    body: body ?? Buffer.from(JSON.stringify(foreignFields(id, key, contentType, others))),
    ...(Number.isSafeInteger(expiresAt) && expiresAt > 0 ? { expiresAt } : {}),
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
