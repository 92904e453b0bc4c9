import { callOfAttempt, type Attempt, type Call } from "../../rpc/index.js";
import type { ReplayReader } from "./replay.js";

/**
 * A call as one of its attempts: with the requests from the first on, and the header by which servers know it.
 *
 * @throws {RpcError} when there is no room in the metadata.
 */
export function makeAttempt<I, O>(
  call: Call<I, O, {}>,
  attempt: Attempt,
  reader: ReplayReader<I> | undefined,
): Call<I, O, {}> {
  const { number, transparent, timeoutMs } = attempt;
  const made = reader === undefined ? call : call.change({ requests: reader.messages });
  // the first attempt of most calls has nothing to tell
  if (number === 1) return transparent || timeoutMs !== undefined ? callOfAttempt(made, attempt) : made;
  const metadata = made.context.metadata.clone();
  metadata.set("grpc-previous-rpc-attempts", String(number - 1));
  return callOfAttempt(made.change({ metadata }), attempt);
}
