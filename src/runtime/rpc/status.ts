import type { ErrorDetail } from "./details.js";
import type { Metadata } from "./metadata.js";

/** The status codes of gRPC. */
export const Code = {
  OK: 0,
  /** The caller gave up. */
  CANCELLED: 1,
  UNKNOWN: 2,
  /** The request is wrong whatever the state of the system. */
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  /** The caller is known and may not do this. */
  PERMISSION_DENIED: 7,
  /** A quota, a limit or memory is used up. */
  RESOURCE_EXHAUSTED: 8,
  /** The system is not in the state the request needs; the caller has to change that first. */
  FAILED_PRECONDITION: 9,
  /** A conflict with another call; the caller may start the whole operation again. */
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  /** A fault of the server. */
  INTERNAL: 13,
  /** Not reachable now; the call may be tried again. */
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  /** The caller is not known. */
  UNAUTHENTICATED: 16,
} as const;

/** One of the status codes of gRPC. */
export type Code = (typeof Code)[keyof typeof Code];

/** How a call ended. */
export interface RpcStatus {
  readonly code: Code;
  /** For developers; empty when the call succeeded. */
  readonly message: string;
  readonly details: readonly ErrorDetail[];
  /** What the server sent after the last message. */
  readonly trailer: Metadata;
  /** What was thrown, when that was not an RpcError. It stays in this process. */
  readonly cause?: unknown;
}

const names = new Map<number, string>(Object.entries(Code).map(([name, code]) => [code, name]));

/** The name of a code, `NOT_FOUND`; `CODE_99` for a number that is none. */
export function codeName(code: number): string {
  return names.get(code) ?? `CODE_${code}`;
}

/** The code of a name, `NOT_FOUND`. */
export function codeOfName(name: string): Code | undefined {
  return Object.hasOwn(Code, name) ? Code[name as keyof typeof Code] : undefined;
}

/** A number from the wire as a code: what gRPC does not know is `UNKNOWN`. */
export function codeOfNumber(value: number): Code {
  return names.has(value) ? (value as Code) : Code.UNKNOWN;
}

/** True for the codes of failures: neither `OK` nor a number that is no code. */
export function isFailureCode(value: number): value is Code {
  return value !== Code.OK && names.has(value);
}

const httpStatuses: { readonly [C in Code]: number } = {
  [Code.OK]: 200,
  [Code.CANCELLED]: 499,
  [Code.UNKNOWN]: 500,
  [Code.INVALID_ARGUMENT]: 400,
  [Code.DEADLINE_EXCEEDED]: 504,
  [Code.NOT_FOUND]: 404,
  [Code.ALREADY_EXISTS]: 409,
  [Code.PERMISSION_DENIED]: 403,
  [Code.RESOURCE_EXHAUSTED]: 429,
  [Code.FAILED_PRECONDITION]: 400,
  [Code.ABORTED]: 409,
  [Code.OUT_OF_RANGE]: 400,
  [Code.UNIMPLEMENTED]: 501,
  [Code.INTERNAL]: 500,
  [Code.UNAVAILABLE]: 503,
  [Code.DATA_LOSS]: 500,
  [Code.UNAUTHENTICATED]: 401,
};

/** The HTTP status that stands for a code, as `google.rpc.Code` maps them. */
export function httpStatusOf(code: Code): number {
  return httpStatuses[code];
}
