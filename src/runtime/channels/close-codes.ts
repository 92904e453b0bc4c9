import { isQueueError, QueueError } from "../queue/errors.js";

/** Close codes of RFC 6455 and the registry that goes with it, as far as they are used here. */
export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  noStatus: 1005,
  abnormal: 1006,
  invalidPayload: 1007,
  policyViolation: 1008,
  tooBig: 1009,
  mandatoryExtension: 1010,
  internalError: 1011,
  tryAgainLater: 1013,
} as const;

/** Codes after which the same client would be told the same again. */
const final = new Set<number>([
  closeCodes.normal,
  closeCodes.protocolError,
  closeCodes.unsupportedData,
  closeCodes.invalidPayload,
  closeCodes.policyViolation,
  closeCodes.tooBig,
  closeCodes.mandatoryExtension,
]);

/** True when a client may try again after that code. Codes of applications (4000 and above) are answers. */
export function mayReconnect(code: number): boolean {
  return !final.has(code) && code < 4000;
}

/** True for statuses of an upgrade that another attempt may change. */
export function mayRetryStatus(status: number | undefined): boolean {
  return status === undefined || status >= 500 || status === 408 || status === 429;
}

/** The code for a message that does not fit the contract. */
export function codeOfFault(error: unknown): number {
  if (isQueueError(error, "undecodable")) return closeCodes.invalidPayload;
  return isQueueError(error, "usage") ? closeCodes.unsupportedData : closeCodes.policyViolation;
}

const utf8 = new TextEncoder();

/** A reason that fits into a close frame: 123 bytes, cut between characters. */
export function closeReason(text: string): string {
  let bytes = 0;
  let kept = "";
  for (const char of text) {
    bytes += utf8.encode(char).length;
    if (bytes > 120) return `${kept}…`;
    kept += char;
  }
  return kept;
}

/** Code and reason that a program may close with. @throws {QueueError} `usage`. */
export function checkClose(code: number, reason: string): string {
  const allowed = code >= 3000 ? code <= 4999 : [1000, 1001, 1007, 1008, 1009, 1011, 1012, 1013].includes(code);
  if (!Number.isInteger(code) || !allowed) {
    throw new QueueError("usage", `close code ${code}: must be 1000, 1001, 1007–1009, 1011–1013 or 3000–4999`);
  }
  return closeReason(reason);
}
