import type { Clock } from "../context/index.js";
import { createShedder, createUtilization, type Criticality } from "../resilience/index.js";
import { Code, createLayer, type CallContext, type Interceptor, type RpcStatus } from "../rpc/index.js";
import { onceOver } from "./once-over.js";
import { refusal } from "./refusal.js";

/** Settings of {@link shed}. */
export interface ShedOptions {
  /**
   * How busy this process is, 0 to 1; the event loop's utilisation by default, smoothed over 500 ms. For another pace,
   * `createUtilization` of `@wirespan/runtime/resilience`.
   */
  readonly utilization?: (() => number) | undefined;
  /** From where on calls may be refused, above 0, below 1; 0.9 by default. */
  readonly threshold?: number | undefined;
  /** Which calls are too many: as `go-zero` reckons, by default, or as kratos' aegis does, `bbr`. */
  readonly kind?: "bbr" | "go-zero" | undefined;
  /**
   * Which calls go first. None by default; the name of a header whose value is `critical`, `default` or `sheddable`,
   * where its senders can be trusted; or a function.
   */
  readonly criticality?: string | ((context: CallContext) => Criticality) | undefined;
  /** Calls that are never refused, beside those of `grpc.health.v1.Health`. */
  readonly exempt?: ((context: CallContext) => boolean) | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Refuses calls with `UNAVAILABLE` that an overloaded server could not answer in time, so that it goes on answering
 * the others: more than are under way at its best throughput. Does nothing while there is time to spare. One layer for
 * all services of a process, for they share its event loop.
 *
 * @throws {RangeError} for numbers that make no sense.
 * @example
 * const admission = shed({ criticality: "x-criticality" });
 * registerUserService(server, handler, { chain: userServiceChain().use(admission) });
 */
export function shed(options: ShedOptions = {}): Interceptor {
  const { clock, threshold, kind, exempt = () => false } = options;
  const shedder = createShedder({
    utilization: options.utilization ?? createUtilization({ clock }),
    threshold,
    kind,
    clock,
  });
  const criticalityOf = readerOf(options.criticality);
  return createLayer((call) => {
    const { context, method } = call;
    if (method.service === healthService || exempt(context)) return { call };
    const ticket = shedder.enter(criticalityOf(context));
    if (ticket === undefined) throw refusal(Code.UNAVAILABLE, "the server is overloaded", retryAfterMs);
    return { call, onEnd: onceOver(call, (status) => shedder.leave(ticket, isWork(status))) };
  });
}

/** Who sheds a health check is taken for dead and gets restarted, and its load goes to the others. */
const healthService = "grpc.health.v1.Health";
const retryAfterMs = 1_000;

function readerOf(criticality: ShedOptions["criticality"]): (context: CallContext) => Criticality {
  if (criticality === undefined) return () => "default";
  if (typeof criticality === "function") return criticality;
  return ({ metadata }) => {
    const value = metadata.get(criticality);
    return value === "critical" || value === "sheddable" ? value : "default";
  };
}

/** Answers that cost no work, or that nobody waited for, say nothing of what a server can do. */
const idle: ReadonlySet<Code> = new Set([
  Code.CANCELLED,
  Code.DEADLINE_EXCEEDED,
  Code.INVALID_ARGUMENT,
  Code.UNIMPLEMENTED,
  Code.UNAVAILABLE,
  Code.UNAUTHENTICATED,
  Code.PERMISSION_DENIED,
  Code.RESOURCE_EXHAUSTED,
]);

function isWork({ code }: RpcStatus): boolean {
  return !idle.has(code);
}
