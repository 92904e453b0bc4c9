import { messageHeaders } from "./headers.js";
import { isQueueError } from "./errors.js";

/**
 * Why there is no reply to a request: thrown by whoever replies, and what the request rejects with. Its code and text
 * travel; those of other errors do not, but for the ones of calls (`NOT_FOUND`), which are meant for callers.
 *
 * @example if (user === undefined) throw new ReplyError("not_found", `no user ${message.userId}`);
 */
export class ReplyError extends Error {
  /** What programs look at: `not_found`. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "ReplyError";
    this.code = code;
  }
}

/** True for a {@link ReplyError}, of that code when one is given. */
export function isReplyError(error: unknown, code?: string): error is ReplyError {
  return (
    error instanceof Error &&
    error.name === "ReplyError" &&
    "code" in error &&
    (code === undefined || error.code === code)
  );
}

const maxCodeLength = 100;
const maxTextLength = 1_024;

/** What of an error may be told to strangers, as headers. */
export function headersOfFailure(error: Error): Record<string, string> {
  const { code, text } = tellable(error);
  return {
    [messageHeaders.errorCode]: code.slice(0, maxCodeLength),
    [messageHeaders.errorMessage]: text.slice(0, maxTextLength),
  };
}

function tellable(error: Error): { readonly code: string; readonly text: string } {
  if (isReplyError(error)) return { code: error.code, text: error.message };
  if ("codeName" in error && typeof error.codeName === "string") return { code: error.codeName, text: error.message };
  // the value that the program handed in is not what the contract says: the reason would show parts of it
  if (isQueueError(error, "invalid")) return { code: "invalid", text: "the reply does not fit its contract" };
  return { code: "internal", text: "the request could not be handled" };
}

/** The error that the headers of a reply tell; undefined for one that is a reply. */
export function failureOfHeaders(headers: Readonly<Record<string, string>>): ReplyError | undefined {
  const code = headers[messageHeaders.errorCode];
  if (code === undefined) return undefined;
  const text = headers[messageHeaders.errorMessage] ?? "";
  return new ReplyError(code.slice(0, maxCodeLength), text.slice(0, maxTextLength));
}
