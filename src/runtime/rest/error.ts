import type { JsonValue } from "../wire/index.js";
import { isFields } from "./route.js";

/** The status codes of gRPC, which errors over HTTP carry too. */
export const RestCode = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** What a RestError may carry beside code and message. */
export interface RestErrorOptions {
  /** The HTTP status; 0 when there was no response. */
  readonly status?: number;
  /** `google.rpc.Status.details` as JSON, each with its `@type`. */
  readonly details?: readonly JsonValue[];
  readonly cause?: unknown;
}

/** What `google.rpc.ErrorInfo` says: which error it is, by a name that programs can rely on. */
export interface ErrorInfo {
  /** `USER_NOT_FOUND`. */
  readonly reason: string;
  /** Who gives reasons their meaning: `users.acme.example`. */
  readonly domain: string;
  /** Particulars of this one error. */
  readonly metadata: Readonly<Record<string, string>>;
}

// Two copies of this package in one program must know each other's errors.
const brand: symbol = Symbol.for("wirespan.RestError");

/**
 * The one error of REST clients: what the server said, or why it could not be asked.
 *
 * @example
 * try {
 *   await users.getUser({ id });
 * } catch (error) {
 *   if (isRestError(error) && error.code === RestCode.NOT_FOUND) return undefined;
 *   throw error;
 * }
 */
export class RestError extends Error {
  readonly code: number;
  readonly status: number;
  readonly details: readonly JsonValue[];

  constructor(code: number, message: string, { status = 0, details = [], cause }: RestErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "RestError";
    this.code = code;
    this.status = status;
    this.details = details;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Which error it is, of the `google.rpc.ErrorInfo` among its details; undefined where there is none. */
  get info(): ErrorInfo | undefined {
    for (const detail of this.details) {
      if (!isFields(detail) || !String(detail["@type"]).endsWith("/google.rpc.ErrorInfo")) continue;
      const { reason = "", domain = "", metadata = {} } = detail;
      if (typeof reason === "string" && typeof domain === "string" && isTexts(metadata)) {
        return { reason, domain, metadata };
      }
    }
    return undefined;
  }
}

function isTexts(value: JsonValue): value is { readonly [key: string]: string } {
  return isFields(value) && Object.values(value).every((text) => typeof text === "string");
}

/** True for a RestError, also one of another copy of this package. */
export function isRestError(value: unknown): value is RestError {
  return typeof value === "object" && value !== null && Object.hasOwn(value, brand);
}

const codes: ReadonlyMap<number, number> = new Map([
  [400, RestCode.INVALID_ARGUMENT],
  [401, RestCode.UNAUTHENTICATED],
  [403, RestCode.PERMISSION_DENIED],
  [404, RestCode.NOT_FOUND],
  [409, RestCode.ABORTED],
  [413, RestCode.RESOURCE_EXHAUSTED],
  [429, RestCode.RESOURCE_EXHAUSTED],
  [499, RestCode.CANCELLED],
  [500, RestCode.INTERNAL],
  [501, RestCode.UNIMPLEMENTED],
  [502, RestCode.UNAVAILABLE],
  [503, RestCode.UNAVAILABLE],
  [504, RestCode.DEADLINE_EXCEEDED],
]);

/** The error of a `google.rpc.Status` as JSON; of anything else the HTTP status must do. */
export function errorOfStatus(value: JsonValue | undefined, status: number): RestError {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const { code, message, details } = value;
    if (typeof code === "number") {
      const text = typeof message === "string" ? message : "";
      return new RestError(code, text, { status, details: Array.isArray(details) ? details : [] });
    }
  }
  return new RestError(codes.get(status) ?? RestCode.UNKNOWN, `the server answered with HTTP status ${status}`, {
    status,
  });
}
