/** Names of the headers that messages carry beside the trace (`traceparent`, `tracestate`, `baggage`). */
export const messageHeaders = {
  id: "x-message-id",
  correlationId: "x-correlation-id",
  /** Where a reply is awaited: the address of an inbox. */
  replyTo: "x-reply-to",
  /** Which of a channel's several messages it is. */
  name: "x-message-name",
  /** Number of the next attempt; absent on the first. */
  attempt: "x-attempt",
  /** ISO 8601. */
  firstFailureAt: "x-first-failure-at",
  /** The sender's deadline as information, milliseconds since the epoch. */
  deadline: "x-deadline",
  /** Milliseconds since the epoch after which nobody needs it. */
  expiresAt: "x-expires-at",
  /** How the body is compressed: `gzip`. */
  contentEncoding: "content-encoding",
  /** Of a reply that says why there is none: the code and the text of the error. */
  errorCode: "x-error-code",
  errorMessage: "x-error-message",
} as const;

/** Headers of a dead letter beside those of the original. */
export const deadHeaders = {
  /** Why: `exhausted: connection refused`. */
  reason: "x-dead-reason",
  /** Class of the error. */
  class: "x-dead-class",
  /** Of an error of calls: its code, `NOT_FOUND`. */
  code: "x-dead-code",
  /** Of one that says which it is: reason and domain of its ErrorInfo, and the metadata as JSON. */
  errorReason: "x-dead-error-reason",
  errorDomain: "x-dead-error-domain",
  errorMetadata: "x-dead-error-metadata",
  stack: "x-dead-stack",
  attempts: "x-dead-attempts",
  firstAt: "x-dead-first-at",
  lastAt: "x-dead-last-at",
  address: "x-dead-address",
  position: "x-dead-position",
  group: "x-dead-group",
  key: "x-dead-key",
  messageId: "x-dead-message-id",
} as const;

/** The number in a header; undefined when absent or not a whole number that is at least `minimum`. */
export function numberHeader(
  headers: Readonly<Record<string, string>>,
  name: string,
  minimum: number,
): number | undefined {
  return wholeNumber(headers[name], minimum);
}

/** The number in a text; undefined where it is not a whole one that is at least `minimum`. */
export function wholeNumber(text: string | undefined, minimum: number): number | undefined {
  if (text === undefined || !/^[0-9]{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= minimum ? value : undefined;
}

/** What headers are kept in. V8 makes a hash table of `Object.create(null)`, and this of the same effect a quick object. */
class HeaderRecord {
  [name: string]: string;
}
Reflect.deleteProperty(HeaderRecord.prototype, "constructor");
Object.setPrototypeOf(HeaderRecord.prototype, null);

/** A copy of headers that inherits nothing, so that names such as `constructor` are data. */
export function copyHeaders(...sources: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const copy = new HeaderRecord();
  for (const source of sources) {
    for (const name of Object.keys(source)) copy[name] = String(source[name]);
  }
  return copy;
}
