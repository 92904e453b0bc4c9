import { Code } from "../rpc/index.js";
import type { JsonValue } from "../wire/index.js";

/** A request that HTTP itself refuses: its status is not the one of its code. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: Code;
  readonly headers: Readonly<Record<string, string>>;
  /** `google.rpc.Status.details` as JSON. */
  readonly details: readonly JsonValue[];

  constructor(
    status: number,
    code: Code,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    details: readonly JsonValue[] = [],
  ) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.code = code;
    this.headers = headers;
    this.details = details;
  }
}

/** More than the gateway takes: 413. */
export function tooLarge(what: string, limit: number, headers: Readonly<Record<string, string>> = {}): HttpError {
  return new HttpError(413, Code.RESOURCE_EXHAUSTED, `${what} is larger than ${limit} bytes`, headers);
}

/** A request that does not fit the contract: 400, with the field as a `google.rpc.BadRequest` where it is known. */
export function invalid(message: string, field = ""): HttpError {
  const violation = {
    "@type": "type.googleapis.com/google.rpc.BadRequest",
    fieldViolations: [{ field, description: message }],
  };
  return new HttpError(400, Code.INVALID_ARGUMENT, message, {}, field === "" ? [] : [violation]);
}
