import type { Outcome } from "../resilience/index.js";
import { Code, isFaultOfPeer, type RpcStatus } from "../rpc/index.js";
import { isRefusal } from "./refusal.js";

/**
 * What says that a target is in trouble. `UNKNOWN` is what most other gRPC servers make of an exception in a handler;
 * `UNIMPLEMENTED` and all that the caller did wrong come from a target that works.
 */
const troubles: ReadonlySet<Code> = new Set([
  Code.UNKNOWN,
  Code.DEADLINE_EXCEEDED,
  Code.RESOURCE_EXHAUSTED,
  Code.INTERNAL,
  Code.UNAVAILABLE,
  Code.DATA_LOSS,
]);

/** What the end of a call tells of its target. */
export function outcomeOf(status: RpcStatus): Outcome {
  if (status.code === Code.CANCELLED || isRefusal(status)) return "ignored";
  // gRPC has it that nonsense from a caller is INTERNAL
  return troubles.has(status.code) && !isFaultOfPeer(status) ? "failure" : "success";
}
