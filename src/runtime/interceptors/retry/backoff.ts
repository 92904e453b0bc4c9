import type { Random } from "../../context/index.js";

/** How waits between attempts grow. */
export interface BackoffRule {
  /** Milliseconds before the first retry. */
  readonly initialBackoffMs: number;
  readonly backoffMultiplier: number;
  readonly maxBackoffMs: number;
}

/**
 * How waits vary, so that clients that failed together do not come back together:
 * - `proportional`, as gRPC has it: by up to a fifth in both directions;
 * - `full`, as Smithy has it: anything from 0 to the whole wait.
 */
export type Jitter = "proportional" | "full";

/**
 * Milliseconds before a retry, 1 for the first since the schedule began. Depends on nothing else, so that whatever
 * looks at a retry cannot move the next one.
 */
export function backoffMs(rule: BackoffRule, retry: number, jitter: Jitter, random: Random): number {
  const { initialBackoffMs, backoffMultiplier, maxBackoffMs } = rule;
  const longest = Math.min(initialBackoffMs * backoffMultiplier ** (retry - 1), maxBackoffMs);
  return jitter === "full" ? longest * random() : longest * (0.8 + 0.4 * random());
}

/**
 * The wait that a server asked for in `grpc-retry-pushback-ms`: milliseconds, or `stop` where the value is negative or
 * cannot be read, which means that there shall be no retry. Undefined when it asked for nothing.
 */
export function readPushback(value: string | undefined): number | "stop" | undefined {
  if (value === undefined) return undefined;
  const ms = /^[0-9]{1,10}$/.test(value) ? Number(value) : Number.NaN;
  return ms <= longestPushbackMs ? ms : "stop";
}

/** The type that gRPC gives the header, a signed 32-bit integer, has no larger number. */
export const longestPushbackMs = 2 ** 31 - 1;
