import type { MethodInfo } from "../../rpc/index.js";
import type { Meter } from "../../context/index.js";

/** How often calls were sent, once it is known which attempt is the call's. */
export interface AttemptMeasures {
  record(method: MethodInfo, call: AttemptCounts): void;
}

/** Of one call. */
export interface AttemptCounts {
  /** Attempts that count, the first one included. */
  readonly attempts: number;
  /** Attempts in the place of ones that no server had seen. */
  readonly transparent: number;
  /** Milliseconds in which no attempt was under way. */
  readonly delayMs: number;
}

const nothing: AttemptMeasures = { record() {} };
const counts = { advice: { explicitBucketBoundaries: [1, 2, 3, 4, 5] } };

/** The instruments of gRPC (A96), each recorded only where there is something to tell. */
export function measureAttempts(meter: Meter | undefined, further: "retries" | "hedges"): AttemptMeasures {
  if (meter === undefined) return nothing;
  const repeated = meter.createHistogram(`grpc.client.call.${further}`, {
    description: further === "retries" ? "Retries of a call that had any." : "Further copies of a call that had any.",
    ...counts,
    unit: further === "retries" ? "{retry}" : "{hedge}",
  });
  const transparent = meter.createHistogram("grpc.client.call.transparent_retries", {
    description: "Transparent retries of a call that had any.",
    ...counts,
    unit: "{transparent_retry}",
  });
  const delay = meter.createHistogram("grpc.client.call.retry_delay", {
    description: "Time of a call in which no attempt was under way, where there was any.",
    unit: "s",
    advice: { explicitBucketBoundaries: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] },
  });
  return {
    record({ path }, call) {
      const attributes = { "grpc.method": path.slice(1) };
      try {
        if (call.attempts > 1) repeated.record(call.attempts - 1, attributes);
        if (call.transparent > 0) transparent.record(call.transparent, attributes);
        if (call.delayMs > 0) delay.record(call.delayMs / 1e3, attributes);
      } catch {
        // a meter that fails must not fail the call
      }
    },
  };
}
