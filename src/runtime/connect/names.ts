import type { RequestNames } from "../grpc/index.js";
import { Code } from "../rpc/index.js";

/** Milliseconds of a `connect-timeout-ms`; undefined when it is malformed. */
function readTimeout(value: string): number | undefined {
  return /^[0-9]{1,10}$/.test(value) ? Number(value) : undefined;
}

/** A `connect-timeout-ms`: at most ten digits, rounded up. */
export function formatTimeout(leftMs: number): string {
  return String(Math.min(9_999_999_999, Math.max(1, Math.ceil(leftMs))));
}

/** Headers of requests whose bodies are messages in envelopes. */
export const streamNames: RequestNames = {
  timeout: "connect-timeout-ms",
  encoding: "connect-content-encoding",
  accept: "connect-accept-encoding",
  readTimeout,
  malformed: Code.INVALID_ARGUMENT,
};

/** Headers of requests whose body is the message. */
export const unaryNames: RequestNames = {
  timeout: "connect-timeout-ms",
  encoding: "content-encoding",
  accept: "accept-encoding",
  readTimeout,
  malformed: Code.INVALID_ARGUMENT,
};

/** The version of the protocol. */
export const protocolVersion = "1";
