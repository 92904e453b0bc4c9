import { type ErrorDetail, type ErrorInfo, errorInfoOf } from "./details.js";
import { appendFitting, createMetadata, type Metadata } from "./metadata.js";
import { Code, codeName, isFailureCode, type RpcStatus } from "./status.js";

/** What an RpcError may carry beside code and message. */
export interface RpcErrorOptions {
  /** Sent along as `google.rpc.Status.details`: what `detailOf` or `packAny` make. */
  readonly details?: readonly ErrorDetail[] | undefined;
  /** Sent as trailers (server); received with the failure (client). */
  readonly metadata?: Metadata | undefined;
  /** Stays in this process. */
  readonly cause?: unknown;
}

// Two copies of this package in one process must know each other's errors.
const brand: symbol = Symbol.for("wirespan.RpcError");

/**
 * The one error of calls: a code, a message for developers, details. What a handler throws otherwise reaches the
 * caller as `INTERNAL` without its text.
 *
 * @example throw new RpcError(Code.NOT_FOUND, `there is no user ${request.id}`);
 */
export class RpcError extends Error {
  readonly code: Code;
  readonly details: readonly ErrorDetail[];
  readonly metadata: Metadata;

  constructor(code: Code, message: string, options: RpcErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = "RpcError";
    this.code = code;
    this.details = options.details ?? [];
    this.metadata = options.metadata ?? createMetadata();
    Object.defineProperty(this, brand, { value: true });
  }

  /** The name of the code, `NOT_FOUND`. */
  get codeName(): string {
    return codeName(this.code);
  }

  /** Which error it is, of its `google.rpc.ErrorInfo`; undefined where it says only the code. */
  get info(): ErrorInfo | undefined {
    return errorInfoOf(this.details);
  }

  /**
   * Anything that was thrown as an RpcError: itself, or `INTERNAL` with the thrown value as `cause`. One that says
   * `OK`, or a number that is no code, is a fault of who threw it, and `INTERNAL` too.
   */
  static from(thrown: unknown): RpcError {
    return isFailure(thrown) ? thrown : new RpcError(Code.INTERNAL, internalMessage, { cause: thrown });
  }
}

const internalMessage = "internal error";

/** True for an RpcError, also one of another copy of this package. */
export function isRpcError(value: unknown): value is RpcError {
  return typeof value === "object" && value !== null && Object.hasOwn(value, brand);
}

/** True for an RpcError that can be sent as it is: its code says that the call failed. */
export function isFailure(value: unknown): value is RpcError {
  return isRpcError(value) && isFailureCode(value.code);
}

/**
 * The statuses behind errors that were made from one. When a handler lets such an error pass, the trailers that came
 * with it are not passed on.
 */
const statuses = new WeakMap<RpcError, RpcStatus>();

/** The error of a status, for those who await or iterate. */
export function errorOfStatus(status: RpcStatus): RpcError {
  const { code, message, details, trailer } = status;
  const error = new RpcError(code, message, {
    details,
    metadata: trailer,
    ...("cause" in status ? { cause: status.cause } : {}),
  });
  statuses.set(error, status);
  return error;
}

/** The status of anything that was thrown; with the trailers of a call that is being answered, when there is one. */
export function statusOfError(thrown: unknown, trailer?: Metadata): RpcStatus {
  if (!isFailure(thrown)) {
    return {
      code: Code.INTERNAL,
      message: internalMessage,
      details: [],
      trailer: trailer ?? createMetadata(),
      cause: thrown,
    };
  }
  const known = statuses.get(thrown);
  if (known !== undefined && trailer === undefined) return known;
  const { code, message, details, metadata, cause } = thrown;
  const all = trailer ?? createMetadata();
  // more than fits must not cost the call its status
  if (known === undefined) appendFitting(all, metadata);
  return { code, message, details, trailer: all, ...(cause === undefined ? {} : { cause }) };
}
