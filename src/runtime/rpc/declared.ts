import { errorInfoDetail, type ErrorInfo } from "./details.js";
import { RpcError, type RpcErrorOptions } from "./error.js";
import type { Code } from "./status.js";

/** An error that a contract declares. Emitted as data, so that a diff of generated code shows a change. */
export interface ErrorDeclaration {
  /** The name of its enum value, `USER_NOT_FOUND`. With the domain it says which error it is. */
  readonly reason: string;
  readonly domain: string;
  readonly code: Code;
  /** For developers; `{keys}` are filled from the metadata. */
  readonly message: string;
}

/** Particulars of one error; they reach the caller. */
export interface ErrorMetadata {
  readonly [key: string]: string;
}

/**
 * What a declared error may carry beside its metadata.
 *
 * @example throw userNotFound({ id }, { details: [detailOf(ResourceInfo, { resourceName: id })] });
 */
export interface DeclaredErrorOptions extends RpcErrorOptions {
  /** In place of the contract's. */
  readonly message?: string | undefined;
}

/** An error of which is known which one it is: an RpcError, or a RestError. */
export interface DeclaredError extends Error {
  readonly code: number;
  readonly info: ErrorInfo;
}

/** An error of a contract; behind every generated `userNotFound(…)`. Its ErrorInfo is the first of its details. */
export function createDeclaredError(
  { reason, domain, code, message }: ErrorDeclaration,
  metadata: ErrorMetadata = {},
  options: DeclaredErrorOptions = {},
): RpcError {
  const text = options.message ?? fill(message, metadata);
  const details = [errorInfoDetail({ reason, domain, metadata }), ...(options.details ?? [])];
  return new RpcError(code, text, { ...options, details });
}

/** True for an error that is the declared one, whoever made it; behind every generated `isUserNotFound(error)`. */
export function isDeclaredError(error: unknown, { reason, domain }: ErrorDeclaration): error is DeclaredError {
  if (typeof error !== "object" || error === null || !("info" in error)) return false;
  const { info } = error;
  if (typeof info !== "object" || info === null) return false;
  return "reason" in info && info.reason === reason && "domain" in info && info.domain === domain;
}

function fill(message: string, metadata: ErrorMetadata): string {
  return message.replace(/\{([^{}]*)\}/g, (placeholder, key: string) =>
    Object.hasOwn(metadata, key) ? (metadata[key] ?? placeholder) : placeholder,
  );
}
