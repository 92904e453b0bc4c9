import { createMetadata, retryInfoDetail, type Code, type RpcStatus } from "../rpc/index.js";

const refusals = new WeakSet<RpcStatus>();

/**
 * The status of a call that a layer of this process refuses, to be thrown as it is: an error's stack would cost more
 * than the rest of the refusal. Where it is known when to try again, the caller hears so in a `google.rpc.RetryInfo`.
 */
export function refusal(code: Code, message: string, retryAfterMs = 0): RpcStatus {
  const known = retryAfterMs > 0 && Number.isFinite(retryAfterMs);
  const details = known ? [retryInfoDetail(retryAfterMs)] : [];
  const status: RpcStatus = { code, message, details, trailer: createMetadata() };
  refusals.add(status);
  return status;
}

/** True for a call that was refused in this process: it says nothing of the target, which has not seen it. */
export function isRefusal(status: RpcStatus): boolean {
  return refusals.has(status);
}
