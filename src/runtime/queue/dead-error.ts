import { deadHeaders } from "./headers.js";

/** Which error it is, as `google.rpc.ErrorInfo` says it. */
export interface DeadErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Why a message is a dead letter, read from its headers. */
export class DeadLetterError extends Error {
  /** Of an error of calls: the name of its code, `NOT_FOUND`. */
  readonly codeName: string | undefined;
  /** Of an error that says which it is; what generated guards such as `isUserNotFound` look at. */
  readonly info: DeadErrorInfo | undefined;

  constructor(message: string, codeName: string | undefined, info: DeadErrorInfo | undefined) {
    super(message);
    this.name = "DeadLetterError";
    this.codeName = codeName;
    this.info = info;
  }
}

/**
 * The error that the headers of a dead letter tell; undefined for messages that are none.
 *
 * @example if (isUserNotFound(deadLetterError(delivery.headers))) return; // gone in the meantime
 */
export function deadLetterError(headers: Readonly<Record<string, string>>): DeadLetterError | undefined {
  const message = headers[deadHeaders.reason];
  if (message === undefined) return undefined;
  const reason = headers[deadHeaders.errorReason];
  const domain = headers[deadHeaders.errorDomain];
  const info =
    reason === undefined || domain === undefined
      ? undefined
      : { reason, domain, metadata: parseMetadata(headers[deadHeaders.errorMetadata]) };
  return new DeadLetterError(message, headers[deadHeaders.code], info);
}

const maxTextLength = 1_024;
const maxMetadataBytes = 4_096;

/** What an error of calls says, known by its shape: queues do not know calls. Empty for other errors. */
export function headersOfError(error: Error): Record<string, string> {
  if (!("codeName" in error) || typeof error.codeName !== "string") return {};
  const headers: Record<string, string> = { [deadHeaders.code]: error.codeName };
  const info: unknown = "info" in error ? error.info : undefined;
  if (typeof info !== "object" || info === null || !("reason" in info) || !("domain" in info)) return headers;
  headers[deadHeaders.errorReason] = String(info.reason).slice(0, maxTextLength);
  headers[deadHeaders.errorDomain] = String(info.domain).slice(0, maxTextLength);
  const metadata = jsonOf("metadata" in info ? info.metadata : {});
  // half of it would be no JSON
  if (metadata !== undefined && Buffer.byteLength(metadata) <= maxMetadataBytes) {
    headers[deadHeaders.errorMetadata] = metadata;
  }
  return headers;
}

/** Undefined for what JSON cannot say, a cycle perhaps: errors are whatever a program makes of them. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** Headers come from a queue that others write to as well. */
function parseMetadata(text: string | undefined): Record<string, string> {
  const metadata = Object.create(null) as Record<string, string>;
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    if (typeof value !== "object" || value === null) return metadata;
    for (const [key, entry] of Object.entries(value)) if (typeof entry === "string") metadata[key] = entry;
  } catch {
    // told by somebody else
  }
  return metadata;
}
