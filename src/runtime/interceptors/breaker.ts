import { type Clock, type Meter, type Random } from "../context/index.js";
import {
  createAegisBreaker,
  createClassicBreaker,
  createGoZeroBreaker,
  createRampBreaker,
  type Breaker,
  type BreakerBasics,
  type BreakerState,
  type Outcome,
} from "../resilience/index.js";
import {
  Code,
  createMethodLayer,
  isUnaryOutput,
  type BreakerPolicy,
  type CallContext,
  type Interceptor,
  type MethodInfo,
  type RpcStatus,
} from "../rpc/index.js";
import { onceOver } from "./once-over.js";
import { outcomeOf } from "./outcome.js";
import { statePerTarget, type TargetOf } from "./per-target.js";
import { refusal } from "./refusal.js";

/** A breaker that changed what it does. */
export interface BreakerChange {
  readonly method: MethodInfo;
  /** What `target` of the options said; empty without it. */
  readonly target: string;
  readonly from: BreakerState;
  readonly to: BreakerState;
}

/** Settings of {@link breaker}. What is not given is as the contract says, and then as told here. */
export interface BreakerOptions {
  /**
   * `ramp` by default. `classic` is the textbook's, `sre` the throttling of Google's SRE book, which is slow to come
   * back. Another kind than the contract's takes none of its numbers.
   */
  readonly kind?: BreakerPolicy["kind"] | undefined;
  /** Milliseconds that are looked at; 1,000 by default. For ramp and classic. */
  readonly windowMs?: number | undefined;
  /** Calls in the window below which it does not open; 10 by default. For ramp and classic. */
  readonly minCalls?: number | undefined;
  /** Share of failures in the window that opens it, above 0 to 1; 0.5 by default. For ramp and classic. */
  readonly failureRatio?: number | undefined;
  /** Milliseconds until calls may try, once or for the first, second, … time; 1,000 by default. For classic. */
  readonly openMs?: number | readonly number[] | undefined;
  /** Calls that may try at a time; 1 by default. For classic. */
  readonly maxProbes?: number | undefined;
  /** Opens after more failures in a row than that, too; off by default. For classic. */
  readonly consecutiveFailures?: number | undefined;
  /** Whose numbers; `aegis` by default. For sre. */
  readonly variant?: "aegis" | "go-zero" | undefined;
  /**
   * What a call told of its target. By default `UNKNOWN`, `DEADLINE_EXCEEDED`, `RESOURCE_EXHAUSTED`, `INTERNAL`,
   * `UNAVAILABLE` and `DATA_LOSS` are failures, calls that were cancelled or refused in this process tell nothing,
   * and the rest are successes.
   */
  readonly outcome?: ((status: RpcStatus, context: CallContext) => Outcome) | undefined;
  /** Where one client has several targets: which one a call is for. State is kept for the last 1,000 of a method. */
  readonly target?: TargetOf | undefined;
  /** Hears of changes of state. */
  readonly onStateChange?: ((change: BreakerChange) => void) | undefined;
  /** Gets `wirespan.breaker.state`, 1 for the state of each breaker, and `wirespan.breaker.refused`, calls. */
  readonly meter?: Meter | undefined;
  readonly clock?: Clock | undefined;
  /** Uniform numbers in [0, 1); `Math.random` by default. */
  readonly random?: Random | undefined;
}

/**
 * Fails calls with `UNAVAILABLE` at once instead of making them while their target is down, each method and target for
 * itself. A refused call touches nobody.
 *
 * @throws {RangeError} when the chain is put together, for numbers that make no sense.
 * @example
 * const layers = chain().use(breaker({ onStateChange: ({ method, to }) => log.warn(`${method.path}: ${to}`) }));
 * const users = createUserServiceClient(transport, { chain: layers });
 */
export function breaker(options: BreakerOptions = {}): Interceptor {
  const { outcome = outcomeOf, target } = options;
  const instruments = options.meter === undefined ? undefined : instrumentsOf(options.meter);

  function createWatched(method: MethodInfo, name: string): Watched {
    const label = { "rpc.method": method.path.slice(1), ...(name === "" ? {} : { "server.address": name }) };
    // those that are closed are not counted: nobody hears of it when their client is gone
    const count = (state: BreakerState, by: number): void => {
      if (state !== "closed") instruments?.state.add(by, { ...label, "wirespan.breaker.state": state });
    };
    const created = createBreaker(method, options, (to, from) => {
      count(from, -1);
      count(to, 1);
      try {
        options.onStateChange?.({ method, target: name, from, to });
      } catch {
        // a hook that fails must not fail the call
      }
    });
    return {
      breaker: created,
      refuse: () => instruments?.refused.add(1, label),
      forget: () => count(created.state, -1),
    };
  }

  const states = statePerTarget<Watched>({ make: createWatched, forget: (state) => state.forget(), target });
  return createMethodLayer((method) => {
    // wrong numbers are heard of now, not with the first call
    createBreaker(method, options);
    const stateOf = states(method);
    const isStream = !isUnaryOutput(method.kind);
    return (call) => {
      const state = stateOf(call.context);
      const ticket = state.breaker.enter();
      if (ticket === undefined) {
        state.refuse();
        throw refusal(
          Code.UNAVAILABLE,
          `the circuit breaker of ${method.path} is ${state.breaker.state}`,
          state.breaker.retryAfterMs(),
        );
      }
      // a stream that has begun may go on for hours: its target is up
      let begun = false;
      const onEnd = onceOver(call, (status) => {
        if (!begun) state.breaker.leave(ticket, outcome(status, call.context));
      });
      if (!isStream) return { call, onEnd };
      const onBegin = (): void => {
        begun = true;
        state.breaker.leave(ticket, "success");
      };
      return { call, onBegin, onEnd };
    };
  });
}

interface Watched {
  readonly breaker: Breaker;
  readonly refuse: () => void;
  readonly forget: () => void;
}

function instrumentsOf(meter: Meter): {
  readonly state: ReturnType<Meter["createUpDownCounter"]>;
  readonly refused: ReturnType<Meter["createCounter"]>;
} {
  return {
    state: meter.createUpDownCounter("wirespan.breaker.state", {
      description: "Circuit breakers, each counted in the state that it is in.",
      unit: "{breaker}",
    }),
    refused: meter.createCounter("wirespan.breaker.refused", {
      description: "Calls that a circuit breaker refused.",
      unit: "{call}",
    }),
  };
}

/** The breaker of a method: options over the contract, field by field, where they are of one kind. */
function createBreaker(
  { policy }: MethodInfo,
  options: BreakerOptions,
  onStateChange?: BreakerBasics["onStateChange"],
): Breaker {
  const { clock, random } = options;
  const basics = { clock, random, onStateChange };
  const kind = options.kind ?? policy.breaker?.kind ?? "ramp";
  const declared = policy.breaker?.kind === kind ? policy.breaker : undefined;
  switch (kind) {
    case "ramp": {
      const { windowMs, minCalls, failureRatio } = { ...onlyOf("ramp", declared) };
      return createRampBreaker({
        ...basics,
        windowMs: options.windowMs ?? windowMs,
        minCalls: options.minCalls ?? minCalls,
        failureRatio: options.failureRatio ?? failureRatio,
      });
    }
    case "classic": {
      const { windowMs, minCalls, failureRatio, openMs, maxProbes } = { ...onlyOf("classic", declared) };
      return createClassicBreaker({
        ...basics,
        windowMs: options.windowMs ?? windowMs,
        minCalls: options.minCalls ?? minCalls,
        failureRatio: options.failureRatio ?? failureRatio,
        openMs: options.openMs ?? openMs,
        maxProbes: options.maxProbes ?? maxProbes,
        consecutiveFailures: options.consecutiveFailures,
      });
    }
    case "sre": {
      const variant = options.variant ?? onlyOf("sre", declared)?.variant ?? "aegis";
      return variant === "aegis" ? createAegisBreaker(basics) : createGoZeroBreaker(basics);
    }
  }
}

function onlyOf<K extends BreakerPolicy["kind"]>(
  kind: K,
  policy: BreakerPolicy | undefined,
): Extract<BreakerPolicy, { readonly kind: K }> | undefined {
  // sound because the kind was compared
  return policy?.kind === kind ? (policy as Extract<BreakerPolicy, { readonly kind: K }>) : undefined;
}
