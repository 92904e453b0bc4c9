import type { Clock } from "../context/index.js";
import {
  createAimdLimiter,
  createBulkhead,
  createGradientLimiter,
  elapsed,
  type Bulkhead,
  type ConcurrencyLimiter,
} from "../resilience/index.js";
import {
  Code,
  createMethodLayer,
  isUnaryOutput,
  lifetimeOf,
  type Interceptor,
  type MethodInfo,
  type RpcStatus,
} from "../rpc/index.js";
import { onceOver } from "./once-over.js";
import { statePerTarget, type TargetOf } from "./per-target.js";
import { isRefusal, refusal } from "./refusal.js";

/** Settings of {@link concurrency}. What is not given is as the contract says. */
export interface ConcurrencyOptions {
  /**
   * Where the limit comes from. `fixed`, the default: a bulkhead of the size that the contract or `concurrency` says.
   * `gradient2`: found out from how long calls take, as Netflix's Gradient2 does. `aimd`: one more as long as calls
   * go well, a tenth less when one is refused or not answered in time.
   */
  readonly kind?: "fixed" | "gradient2" | "aimd" | undefined;
  /** Calls of a method under way, at least 1. Where neither this nor the contract has it, `fixed` limits nothing. */
  readonly concurrency?: number | undefined;
  /** Calls that wait for others to finish, as long as their deadline allows; 0 by default. Further ones are refused. */
  readonly maxQueue?: number | undefined;
  /** What the other kinds start with; 20 by default. */
  readonly initialLimit?: number | undefined;
  /** The least that they come down to; 20 by default. */
  readonly minLimit?: number | undefined;
  /** The most that they grow to; 200 by default. */
  readonly maxLimit?: number | undefined;
  /** Milliseconds after which an answer counts as none, for aimd; 5,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** Where one client has several targets: which one a call is for. State is kept for the last 1,000 of a method. */
  readonly target?: TargetOf | undefined;
  /** Hears of every limit that was found out, in whole calls, when it has changed. */
  readonly onLimitChange?: ((change: LimitChange) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/** A limit that was found out anew. */
export interface LimitChange {
  readonly method: MethodInfo;
  /** What `target` of the options said; empty without it. */
  readonly target: string;
  readonly limit: number;
}

/**
 * Lets only so many calls of a method be under way; a few more wait in line, in the order in which they came, until
 * their deadline; what is beyond is refused with `RESOURCE_EXHAUSTED`. A stream is under way until its end.
 *
 * @throws {RangeError} when the chain is put together, for numbers that make no sense.
 * @example
 * const server = userServiceChain().use(concurrency({ concurrency: 64, maxQueue: 256 }));
 * const client = userServiceChain().use(concurrency({ kind: "gradient2" }));
 */
export function concurrency(options: ConcurrencyOptions = {}): Interceptor {
  const now = elapsed(options.clock);
  const states = statePerTarget<Limited | undefined>({
    make: (method, target) => createLimited(method, target, options),
    target: options.target,
  });
  return createMethodLayer((method) => {
    // wrong numbers are heard of now, not with the first call
    if (createLimited(method, "", options) === undefined) return (call) => ({ call });
    const stateOf = states(method);
    // how long a stream takes tells of its messages, not of its target's load
    const timed = isUnaryOutput(method.kind);
    return (call) => {
      const limited = stateOf(call.context);
      if (limited === undefined) return { call };
      const { bulkhead, limiter } = limited;
      let startedAt = 0;
      let inFlight = 0;
      const begin = (): void => {
        startedAt = now();
        inFlight = bulkhead.inFlight;
      };
      const leave = (status: RpcStatus): void => {
        if (timed) sample(limiter, status, { rttMs: now() - startedAt, inFlight });
        limited.watch();
        bulkhead.leave();
      };
      let go: () => void = () => {};
      let onEnd: (status: RpcStatus) => void = () => {};
      const enter = (): void => {
        begin();
        onEnd = onceOver(call, leave);
      };
      const waiter = {
        admit(): void {
          enter();
          go();
        },
      };
      const entered = bulkhead.enter(waiter);
      if (entered === "full") throw refusal(Code.RESOURCE_EXHAUSTED, `too many calls of ${method.path} under way`);
      if (entered === "in") {
        enter();
        return { call, onEnd };
      }
      const wait = (proceed: () => void, fail: (error: unknown) => void): void => {
        const forget = lifetimeOf(call).onAbort((reason) => {
          if (bulkhead.withdraw(waiter)) fail(reason);
        });
        go = () => {
          forget();
          proceed();
        };
      };
      return { call, wait, onEnd: (status) => onEnd(status) };
    };
  });
}

interface Limited {
  readonly bulkhead: Bulkhead;
  readonly limiter: ConcurrencyLimiter | undefined;
  /** Tells whoever wants to know of a limit that has changed. */
  watch(): void;
}

/** What holds for a method: options over the contract, field by field. */
function createLimited(method: MethodInfo, target: string, options: ConcurrencyOptions): Limited | undefined {
  const { kind = "fixed", initialLimit, minLimit, maxLimit, timeoutMs, onLimitChange, clock } = options;
  const { limit: declared } = method.policy;
  const maxQueue = options.maxQueue ?? declared?.maxQueue;
  if (kind === "fixed") {
    const most = options.concurrency ?? declared?.concurrency;
    if (most === undefined) return undefined;
    if (!(most >= 1)) throw new RangeError(`concurrency must be at least 1, not ${most}`);
    return { bulkhead: createBulkhead({ limit: () => most, maxQueue }), limiter: undefined, watch: () => {} };
  }
  const bounds = { initialLimit, minLimit, maxLimit };
  const limiter =
    kind === "aimd" ? createAimdLimiter({ ...bounds, timeoutMs }) : createGradientLimiter({ ...bounds, clock });
  let told = Math.floor(limiter.limit);
  return {
    bulkhead: createBulkhead({ limit: () => limiter.limit, maxQueue }),
    limiter,
    watch() {
      const limit = Math.floor(limiter.limit);
      if (limit === told) return;
      told = limit;
      try {
        onLimitChange?.({ method, target, limit });
      } catch {
        // a hook that fails must not fail the call
      }
    },
  };
}

const drops: ReadonlySet<Code> = new Set([Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED, Code.DEADLINE_EXCEEDED]);

/** Failures other than those of load are quick, and would make a target look so. */
const untold: ReadonlySet<Code> = new Set([Code.CANCELLED, Code.INTERNAL, Code.UNKNOWN, Code.DATA_LOSS]);

function sample(
  limiter: ConcurrencyLimiter | undefined,
  status: RpcStatus,
  { rttMs, inFlight }: { readonly rttMs: number; readonly inFlight: number },
): void {
  if (limiter === undefined || untold.has(status.code) || isRefusal(status)) return;
  limiter.sample({ rttMs, inFlight, dropped: drops.has(status.code) });
}
