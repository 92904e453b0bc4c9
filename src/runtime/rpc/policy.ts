import type { Code } from "./status.js";

/** Behaviour that the contract fixes; runtime options override it field by field. */
export interface MethodPolicy {
  /** Milliseconds for the whole call, retries included. */
  readonly timeoutMs?: number;
  readonly retry?: RetryPolicy;
  readonly limit?: LimitPolicy;
  readonly auth?: AuthPolicy;
  /** Field of the request that tells the same intent again, as a path of contract names: `order.id`. */
  readonly idempotencyKey?: string;
  readonly cache?: CachePolicy;
  readonly hedge?: HedgePolicy;
  readonly breaker?: BreakerPolicy;
}

/** When a failed call is tried again. */
export interface RetryPolicy {
  /** Attempts in all, the first one included: 2 to 5. */
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly backoffMultiplier: number;
  readonly maxBackoffMs: number;
  /** Failures worth another attempt. */
  readonly codes: readonly Code[];
  /** Milliseconds for each attempt. */
  readonly attemptTimeoutMs?: number;
}

/** When further copies of a call are sent before the first one is answered. */
export interface HedgePolicy {
  /** Copies in all, the first one included: 2 to 5. */
  readonly maxAttempts: number;
  /** Milliseconds between copies. */
  readonly delayMs: number;
  /** Failures that send the next copy at once; any other failure ends the call. */
  readonly nonFatalCodes: readonly Code[];
}

/** How many calls a server takes. */
export interface LimitPolicy {
  /** Calls a second, in the long run. */
  readonly rate?: number;
  /** Calls at once after a pause. */
  readonly burst?: number;
  /** Whose calls are counted together: those of the method, of one peer, or of one claim of the caller's token. */
  readonly key?: "method" | "peer" | { readonly claim: string };
  /** Calls under way. */
  readonly concurrency?: number;
  /** Calls that wait when as many as that are under way; further ones fail. */
  readonly maxQueue?: number;
}

/** Who may call. */
export interface AuthPolicy {
  /** Anybody, without credentials. */
  readonly public?: boolean;
  /** All of these must have been granted. */
  readonly scopes?: readonly string[];
}

/** How long answers are good for. */
export interface CachePolicy {
  readonly ttlMs: number;
  /** Fields of the request that tell answers apart, as paths of contract names; all of the request by default. */
  readonly keyFields?: readonly string[];
  /** Names of events that make every answer of the method stale. */
  readonly invalidatedBy?: readonly string[];
}

/** When calls fail at once instead of reaching a target that is down. */
export type BreakerPolicy =
  | {
      readonly kind: "ramp";
      /** Milliseconds that are looked at. */
      readonly windowMs?: number;
      readonly minCalls?: number;
      /** Share of failures that opens it, 0 to 1. */
      readonly failureRatio?: number;
    }
  | {
      readonly kind: "classic";
      readonly windowMs?: number;
      readonly minCalls?: number;
      readonly failureRatio?: number;
      /** Milliseconds until it lets calls try again. */
      readonly openMs?: number;
      /** Calls that may try at a time. */
      readonly maxProbes?: number;
    }
  | { readonly kind: "sre"; readonly variant?: "aegis" | "go-zero" };
