import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { QueueError } from "./errors.js";
import { copyHeaders, messageHeaders } from "./headers.js";
import type { OutgoingMessage } from "./types.js";

/**
 * Which messages are compressed.
 *
 * @example await publishReport(broker, report, { compression: { encoding: "gzip", minBytes: 4_096, level: 9 } });
 */
export interface CompressionOptions {
  readonly encoding: "gzip";
  /** Bytes from which on a body is compressed; 1,024 by default. */
  readonly minBytes?: number | undefined;
  /** From 1, the fastest, to 9, the smallest; 6 by default. */
  readonly level?: number | undefined;
}

/** The same with everything said. */
export interface Compression {
  readonly minBytes: number;
  readonly level: number;
}

/** What an option says; undefined for none. @throws {QueueError} `usage`. */
export function resolveCompression(option: "gzip" | CompressionOptions | false | undefined): Compression | undefined {
  if (option === undefined || option === false) return undefined;
  const { encoding, minBytes = 1_024, level = 6 } = option === "gzip" ? { encoding: option } : option;
  if (encoding !== "gzip") throw new QueueError("usage", `compression: ${String(encoding)} is not gzip`);
  if (!(minBytes >= 0)) throw new QueueError("usage", `compression.minBytes must be at least 0, not ${minBytes}`);
  if (!(Number.isInteger(level) && level >= 1 && level <= 9)) {
    throw new QueueError("usage", `compression.level must be a whole number from 1 to 9, not ${level}`);
  }
  return { minBytes, level };
}

const zip = promisify<Uint8Array, { level: number }, Buffer>(gzip);
const unzip = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(gunzip);

/** The message with a compressed body; the same where that is small, compressed already, or would not get smaller. */
export async function compressMessage(
  message: OutgoingMessage,
  { minBytes, level }: Compression,
): Promise<OutgoingMessage> {
  if (message.body.length < minBytes || message.headers[messageHeaders.contentEncoding] !== undefined) return message;
  const body = await zip(message.body, { level });
  if (body.length >= message.body.length) return message;
  return { ...message, body, headers: copyHeaders(message.headers, { [messageHeaders.contentEncoding]: "gzip" }) };
}

/** How many bytes a consumer takes of strangers. */
export interface BodyLimits {
  /** Of a body as it came. */
  readonly maxBytes: number;
  /** Of a compressed body when it is not compressed any more. */
  readonly maxInflatedBytes: number;
}

interface Compressed {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** True when the body has to be decompressed before it is read. */
export function isCompressed({ headers }: Compressed): boolean {
  const encoding = headers[messageHeaders.contentEncoding];
  return encoding !== undefined && encoding !== "" && encoding !== "identity";
}

/** @throws {QueueError} `undecodable` for a body that is bigger than a consumer takes, or compressed in no known way. */
export function checkBody(message: Compressed, { maxBytes }: BodyLimits): void {
  const { length } = message.body;
  if (length > maxBytes) throw new QueueError("undecodable", `the body has ${length} bytes, the limit is ${maxBytes}`);
  if (isCompressed(message) && message.headers[messageHeaders.contentEncoding] !== "gzip") {
    const name = String(message.headers[messageHeaders.contentEncoding]).slice(0, 50);
    throw new QueueError("undecodable", `content-encoding ${JSON.stringify(name)}: only gzip is known`);
  }
}

/** The body decompressed. Rejects with a `QueueError` with the code `undecodable`. */
export async function inflate({ body }: Compressed, { maxInflatedBytes }: BodyLimits): Promise<Uint8Array> {
  try {
    return await unzip(body, { maxOutputLength: maxInflatedBytes });
  } catch (error) {
    throw inflationError(error, maxInflatedBytes);
  }
}

function inflationError(error: unknown, limit: number): QueueError {
  const tooBig = error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
  const message = tooBig ? `decompressed, the body has more than ${limit} bytes` : "the body is not gzip as it says";
  return new QueueError("undecodable", message, { cause: error });
}
