import { type Clock, type Meter, type Random, type Tracer, systemClock } from "../context/index.js";
import {
  createWrapper,
  enterLayer,
  type Interceptor,
  type MethodSelector,
  type RetryPolicy,
  type Start,
} from "../rpc/index.js";
import { isAttemptLayer, planAttempts } from "./attempt.js";
import { hedges } from "./hedge.js";
import { byKey } from "./idempotency-key.js";
import type { Jitter } from "./retry/backoff.js";
import { budgetsOf, type RetryBudget } from "./retry/budget.js";
import { retryCalls, type RetryEvent } from "./retry/calls.js";
import { measureAttempts } from "./retry/measures.js";
import { mayRepeat, planRetries, type Override } from "./retry/policy.js";

/**
 * Settings of {@link retry}. Of a policy's fields, what is set here comes before the contract's, and that before the
 * defaults.
 *
 * @example
 * const settings: RetryOptions = {
 *   maxAttempts: 4,
 *   codes: [Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED],
 *   attemptTimeoutMs: 300,
 *   onRetry: ({ method, attempt, delayMs }) => logger.info({ attempt, delayMs }, `${method.path} is tried again`),
 * };
 */
export interface RetryOptions extends Override<RetryPolicy> {
  /** Attempts in all, the first one included: 3 by default; more than 5 are 5, as gRPC has it, and 1 is no retry. */
  readonly maxAttempts?: number | undefined;
  /** Milliseconds before the first retry; 100 by default. */
  readonly initialBackoffMs?: number | undefined;
  /** How much longer each wait is than the one before; 2 by default, at least 1. */
  readonly backoffMultiplier?: number | undefined;
  /** Milliseconds that no wait exceeds, before it is varied; 1,000 by default, 20,000 with full jitter. */
  readonly maxBackoffMs?: number | undefined;
  /**
   * Failures worth another attempt; `UNAVAILABLE` by default. With it or `DEADLINE_EXCEEDED` so is an attempt that took
   * too long.
   */
  readonly codes?: RetryPolicy["codes"] | undefined;
  /** Milliseconds for each attempt, the whole reply included; none by default. */
  readonly attemptTimeoutMs?: number | undefined;
  /**
   * How waits vary: `proportional`, the default, by up to a fifth; `full` from 0 to the whole wait, which then begins at
   * 500 ms at least after `RESOURCE_EXHAUSTED`.
   */
  readonly jitter?: Jitter | undefined;
  /**
   * How many retries the backend is given. By default all clients of a transport share one of gRPC's rule. `false`: as
   * many as the policy allows, which multiplies the load of a backend that is down.
   */
  readonly budget?: RetryBudget | false | undefined;
  /** Methods that may be repeated though the contract does not call them idempotent. */
  readonly methods?: MethodSelector | undefined;
  /** Hears of each retry before the wait. Cannot change it, and what it throws is dropped. */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
  /** Where a span of each attempt goes, where there is no `attempt` layer; none by default. */
  readonly tracer?: Tracer | undefined;
  /** Where gRPC's `grpc.client.call.retries`, `….transparent_retries` and `….retry_delay` go; nowhere by default. */
  readonly meter?: Meter | undefined;
  /** Bytes of streamed requests that a call keeps for another attempt; 262,144 by default. */
  readonly bufferBytes?: number | undefined;
  /** The same of all calls of the layer; 16 MiB by default. A call that would need more is not tried again. */
  readonly totalBufferBytes?: number | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  /** For tests. */
  readonly random?: Random | undefined;
}

/**
 * Makes calls of a client again when they failed in a way that may pass (gRFC A6), for all four kinds: until the reply
 * begins, within the deadline of the call, and only what the contract calls idempotent: methods by their
 * `idempotency_level`, calls by the key that they come with, in its field or in `idempotency-key`. A call that no server
 * has seen is sent again whatever it does.
 *
 * @example
 * const users = createUserServiceClient(transport, { chain: userServiceChain().use(retry({ maxAttempts: 4 })) });
 * @throws {RangeError} for what is no policy, here or, where the contract has a part in it, when a client is made.
 */
export function retry(options: RetryOptions = {}): Interceptor {
  const { jitter = "proportional", budget, methods, onRetry, meter, tracer, clock = systemClock } = options;
  const { random = Math.random, bufferBytes: limit = 256 * 1024, totalBufferBytes = 16 * 1024 * 1024 } = options;
  const { maxAttempts, initialBackoffMs, backoffMultiplier, maxBackoffMs, codes, attemptTimeoutMs } = options;
  const given = { maxAttempts, initialBackoffMs, backoffMultiplier, maxBackoffMs, codes, attemptTimeoutMs };
  const repeatsOf = mayRepeat(methods);
  const measures = measureAttempts(meter, "retries");
  const memory = { limit: totalBufferBytes, used: 0 };
  /** In place of a transport where there is none. */
  const alone = {};
  planRetries({ policy: {} }, given, { once: false, jitter, random });
  return createWrapper((next, { method, layers, target }) => {
    const hedged = layers.some((layer) => hedges(layer, method));
    const repeats = hedged ? "never" : repeatsOf(method);
    // who stands between the two, and makes attempts wait, is within the call but not within the attempt
    const nothing = tracer === undefined && (attemptTimeoutMs ?? method.policy.retry?.attemptTimeoutMs) === undefined;
    const leave = nothing || layers.some(isAttemptLayer);
    const inner = leave ? next : enterLayer(planAttempts({ tracer, clock }), next);
    const budgetFor = budgetsOf({ budget, target: target ?? alone });
    const startWith = (once: boolean): Start => {
      const plan = planRetries(method, given, { once, jitter, random });
      return retryCalls({ next: inner, plan, budgetFor, clock, measures, onRetry, limit, memory });
    };
    const once = startWith(true);
    const retried = repeats === "never" ? once : startWith(false);
    const chosen = repeats === "keyed" ? byKey(method, retried, once) : retried;
    // a server answers a call once, whoever put this into its chain
    return (call, give) => (call.context.side === "client" ? chosen(call, give) : next(call, give));
  });
}
