import { showValue } from "./checks.js";
import { RpcError } from "./error.js";
import { Code } from "./status.js";

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Milliseconds of a `grpc-timeout` header, `1000H`, `250m`; undefined when it is malformed. */
export function parseTimeout(header: string): number | undefined {
  const match = /^([0-9]{1,8})([HMSmun])$/.exec(header);
  return match === null ? undefined : Number(match[1]) * (unitMs[match[2] ?? ""] ?? 1);
}

/** A `grpc-timeout` header: at most eight digits, rounded up. */
export function formatTimeout(timeoutMs: number): string {
  const left = Math.max(0, timeoutMs);
  for (const unit of ["m", "S", "M", "H"]) {
    const amount = Math.ceil(left / (unitMs[unit] ?? 1));
    if (amount < 1e8) return `${amount}${unit}`;
  }
  return "99999999H";
}

/** What is wrong with a time limit that somebody gave; undefined when nothing is. */
function timeoutProblem(timeoutMs: unknown): string | undefined {
  if (timeoutMs === undefined || (typeof timeoutMs === "number" && timeoutMs >= 0)) return undefined;
  return `timeoutMs is a number of milliseconds, 0 or more, or Infinity for none, not ${showValue(timeoutMs)}`;
}

/** The time limit of a client; undefined when it is Infinity. @throws {RangeError} for what is none. */
export function checkTimeout(timeoutMs: number | undefined): number | undefined {
  const problem = timeoutProblem(timeoutMs);
  if (problem !== undefined) throw new RangeError(problem);
  return timeoutMs === Infinity ? undefined : timeoutMs;
}

/**
 * When a call is over that may take that long from now; undefined for ever.
 *
 * @throws {RpcError} `INTERNAL` for what is no time limit, as for metadata that cannot travel.
 */
export function deadlineAfter(timeoutMs: number | undefined, now: number = Date.now()): number | undefined {
  const problem = timeoutProblem(timeoutMs);
  if (problem !== undefined) throw new RpcError(Code.INTERNAL, problem);
  return timeoutMs === undefined || timeoutMs === Infinity ? undefined : now + timeoutMs;
}
