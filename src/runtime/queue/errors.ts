/** Why a queue operation failed. */
export type QueueErrorCode =
  /** No queue takes messages of that address. */
  | "unroutable"
  /** The broker refused the message. */
  | "refused"
  /** A bounded queue is full. */
  | "full"
  /** The connection is gone, or did not come back in time. */
  | "disconnected"
  /** The broker did not confirm in time. */
  | "timeout"
  /** The verdict on a delivery came after its consumer was gone; it is delivered again. */
  | "too_late"
  /** The broker or consumer was closed. */
  | "closed"
  /** The bytes are not what their content type says. */
  | "undecodable"
  /** The value does not fit the contract. */
  | "invalid"
  /** Exchanges or queues exist with other settings, or cannot be had. */
  | "topology"
  /** The caller's options contradict the contract or the broker. */
  | "usage"
  /** The broker has no such thing. */
  | "unsupported";

/** The one error of queues and brokers. Test with {@link isQueueError}, not `instanceof`. */
export class QueueError extends Error {
  readonly code: QueueErrorCode;
  /** What is wrong with the value, for `invalid`. */
  readonly issues: readonly Issue[];

  constructor(code: QueueErrorCode, message: string, options: { cause?: unknown; issues?: readonly Issue[] } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = "QueueError";
    this.code = code;
    this.issues = options.issues ?? [];
  }
}

/** One fault of a value. */
export interface Issue {
  /** `items[2].price`; empty for the value itself. */
  readonly path: string;
  /** `must be a string`. */
  readonly message: string;
}

/** True for errors of queues and brokers, of that code when one is given. */
export function isQueueError(error: unknown, code?: QueueErrorCode): error is QueueError {
  return error instanceof Error && error.name === "QueueError" && (code === undefined || codeOf(error) === code);
}

function codeOf(error: Error): unknown {
  return "code" in error ? error.code : undefined;
}

/**
 * Thrown by a handler: trying again cannot help. The message is dead-lettered at once.
 *
 * @example if (user === undefined) throw new PermanentError(`no user ${message.userId}`);
 */
export class PermanentError extends Error {
  readonly permanent = true;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "PermanentError";
  }
}

/** True for a {@link PermanentError}, and for any error that says `permanent: true` of itself. */
export function isPermanentError(error: unknown): boolean {
  return error instanceof Error && "permanent" in error && error.permanent === true;
}

/** Whatever was thrown as an Error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`thrown: ${describe(thrown)}`, { cause: thrown });
}

function describe(value: unknown): string {
  try {
    return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  } catch {
    return typeof value;
  }
}
