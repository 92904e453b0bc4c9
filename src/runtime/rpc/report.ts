import { Code, type RpcStatus } from "./status.js";
import type { MethodInfo } from "./types.js";

/** Hears of failures that nobody meant: what was thrown, with its stack, and where. */
export type FailureListener = (cause: unknown, method: MethodInfo, status: RpcStatus) => void;

const reported = new WeakSet<RpcStatus>();

/**
 * Tells a listener of a status whose cause is unknown to the caller, once per status whoever comes first: a layer
 * near the handler, one at the outer end, or the server itself.
 */
export function reportFailure(status: RpcStatus, method: MethodInfo, listener: FailureListener): void {
  if (!isUnexpected(status) || reported.has(status)) return;
  reported.add(status);
  try {
    listener(status.cause, method, status);
  } catch {
    // a logger that fails must not fail the call
  }
}

/** True for faults: what was thrown without being an RpcError, and errors of such a code with a cause. */
function isUnexpected(status: RpcStatus): boolean {
  const { code } = status;
  if (!("cause" in status) || isFaultOfPeer(status)) return false;
  return code === Code.INTERNAL || code === Code.UNKNOWN || code === Code.DATA_LOSS;
}

const causesOfPeers = new WeakSet<object>();

/** Marks an error as the doing of the caller. gRPC has it that such a call is `INTERNAL`, as if it were ours. */
export function blamePeer(cause: unknown): void {
  if (typeof cause === "object" && cause !== null) causesOfPeers.add(cause);
}

/** True for a call that failed over what the caller sent. It is not reported: anybody could fill our logs with it. */
export function isFaultOfPeer({ cause }: RpcStatus): boolean {
  return typeof cause === "object" && cause !== null && causesOfPeers.has(cause);
}

/** Writes to stderr, with the stack. */
export const printFailure: FailureListener = (cause, method) => {
  console.error(`${method.path} failed:`, cause);
};
