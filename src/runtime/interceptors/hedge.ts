import { type Clock, type Meter, systemClock } from "../context/index.js";
import {
  createWrapper,
  type HedgePolicy,
  type Interceptor,
  type MethodInfo,
  type MethodSelector,
  type Start,
} from "../rpc/index.js";
import { byKey } from "./idempotency-key.js";
import { budgetsOf, type RetryBudget } from "./retry/budget.js";
import { hedgeCalls, type HedgeEvent } from "./retry/copies.js";
import { measureAttempts } from "./retry/measures.js";
import { mayRepeat, planHedges, type HedgePlan, type Override } from "./retry/policy.js";

/**
 * Settings of {@link hedge}. Of a policy's fields, what is set here comes before the contract's, and that before the
 * defaults.
 *
 * @example
 * const settings: HedgeOptions = { delayMs: 50, maxAttempts: 3, methods: "/acme.search.v1.*" };
 */
export interface HedgeOptions extends Override<HedgePolicy> {
  /** Copies in all, the first one included: 2 by default; more than 5 are 5, as gRPC has it. */
  readonly maxAttempts?: number | undefined;
  /**
   * Milliseconds between copies; without a default: about how long nine of ten calls take. 0 sends all copies at once.
   * Methods for which neither this nor the contract says it are not hedged.
   */
  readonly delayMs?: number | undefined;
  /** Failures that send the next copy at once, `UNAVAILABLE` by default; any other ends the call. */
  readonly nonFatalCodes?: HedgePolicy["nonFatalCodes"] | undefined;
  /**
   * How many further copies the backend is given, the same as that of `retry`. By default all clients of a transport
   * share one of gRPC's rule. `false`: as many as the policy allows.
   */
  readonly budget?: RetryBudget | false | undefined;
  /** Methods that may be repeated though the contract does not call them idempotent. */
  readonly methods?: MethodSelector | undefined;
  /** Hears of each further copy. What it throws is dropped. */
  readonly onHedge?: ((event: HedgeEvent) => void) | undefined;
  /** Where gRPC's `grpc.client.call.hedges` and `….transparent_retries` go; nowhere by default. */
  readonly meter?: Meter | undefined;
  /** Bytes of streamed requests that a call keeps for another copy; 262,144 by default. */
  readonly bufferBytes?: number | undefined;
  /** The same of all calls of the layer; 16 MiB by default. A call that would need more goes on with one copy. */
  readonly totalBufferBytes?: number | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
}

const layers = new WeakMap<object, (method: MethodInfo) => boolean>();

/**
 * Sends further copies of a client's call while the first is not answered (gRFC A6); the first reply that begins is the
 * call's, and all other copies are cancelled. For methods that the contract calls idempotent, and for which it, or
 * `delayMs`, asks for it; those are not retried by `retry` then. Where a key makes a method idempotent, a call without
 * one is sent once.
 *
 * @example
 * const search = createSearchClient(transport, { chain: searchChain().use(hedge({ delayMs: 50 })) });
 * @throws {RangeError} for what is no policy, here or, where the contract has a part in it, when a client is made.
 */
export function hedge(options: HedgeOptions = {}): Interceptor {
  const { budget, methods, onHedge, meter, clock = systemClock } = options;
  const { bufferBytes: limit = 256 * 1024, totalBufferBytes = 16 * 1024 * 1024 } = options;
  const { maxAttempts, delayMs, nonFatalCodes } = options;
  const given = { maxAttempts, delayMs, nonFatalCodes };
  const repeatsOf = mayRepeat(methods);
  const measures = measureAttempts(meter, "hedges");
  const memory = { limit: totalBufferBytes, used: 0 };
  /** In place of a transport where there is none. */
  const alone = {};
  planHedges({ policy: {} }, given);
  const layer = createWrapper((next, { method, target }) => {
    const repeats = repeatsOf(method);
    const planned = repeats === "never" ? undefined : planHedges(method, given);
    if (planned === undefined) return next;
    const budgetFor = budgetsOf({ budget, target: target ?? alone });
    const startWith = (plan: HedgePlan): Start =>
      hedgeCalls({ next, plan, budgetFor, clock, measures, onHedge, limit, memory });
    const several = startWith(planned);
    const hedged = repeats === "keyed" ? byKey(method, several, startWith({ ...planned, maxAttempts: 1 })) : several;
    // a server answers a call once, whoever put this into its chain
    return (call, give) => (call.context.side === "client" ? hedged(call, give) : next(call, give));
  });
  layers.set(layer, (method) => repeatsOf(method) !== "never" && planHedges(method, given) !== undefined);
  return layer;
}

/** True for a layer of {@link hedge} that sends several copies of calls of the method. */
export function hedges(layer: object, method: MethodInfo): boolean {
  return layers.get(layer)?.(method) ?? false;
}
