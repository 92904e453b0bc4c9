import { Code } from "../rpc/index.js";

const serverFaults: ReadonlySet<Code> = new Set([
  Code.UNKNOWN,
  Code.DEADLINE_EXCEEDED,
  Code.UNIMPLEMENTED,
  Code.INTERNAL,
  Code.UNAVAILABLE,
  Code.DATA_LOSS,
]);

/** Whether OpenTelemetry counts a status as an error: for a client all but `OK`, for a server what is its own doing. */
export function isFailure(side: "client" | "server", code: Code): boolean {
  return side === "client" ? code !== Code.OK : serverFaults.has(code);
}
