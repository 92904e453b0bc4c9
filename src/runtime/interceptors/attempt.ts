import {
  ambient,
  ambientWith,
  systemClock,
  traceHeaders,
  type Clock,
  type Span,
  type Tracer,
} from "../context/index.js";
import {
  attemptInfo,
  Code,
  codeName,
  createLayer,
  errorOfStatus,
  isPast,
  lifetimeOf,
  markExpiredAttempt,
  type CallContext,
  type Interceptor,
  type LayerPlan,
  type Metadata,
} from "../rpc/index.js";
import { checkAttemptTimeout } from "./retry/policy.js";

/** Settings of {@link attempt}. */
export interface AttemptOptions {
  /** Where a span of each attempt goes; none by default. */
  readonly tracer?: Tracer | undefined;
  /** Milliseconds for each attempt; by default what `retry` was told, then what the contract says. */
  readonly timeoutMs?: number | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
}

const layers = new WeakSet<object>();

/**
 * What each attempt of a call has for itself, inside of `retry` or `hedge` and of layers in which an attempt may have
 * to wait: a span below the one of the call, and a deadline. `retry` does the same where this layer is not in the chain.
 *
 * @example
 * const layers = chain().use(tracing({ tracer })).use(retry()).use(concurrency()).use(attempt({ tracer }));
 * @throws {RangeError} for a timeout of 0 or less.
 */
export function attempt(options: AttemptOptions = {}): Interceptor {
  const layer = createLayer(planAttempts(options));
  layers.add(layer);
  return layer;
}

/** True for layers that {@link attempt} has made. */
export function isAttemptLayer(layer: object): boolean {
  return layers.has(layer);
}

/** What the layer does with an attempt. */
export function planAttempts({ tracer, timeoutMs, clock = systemClock }: AttemptOptions): LayerPlan {
  checkAttemptTimeout(timeoutMs);
  return (call) => {
    const { context, method } = call;
    const info = attemptInfo(context);
    const timeout = timeoutMs ?? info.timeoutMs ?? method.policy.retry?.attemptTimeoutMs;
    const span = tracer?.start(`Attempt.${method.path.slice(1)}`, {
      kind: "client",
      parent: ambient().trace,
      attributes: {
        "rpc.system.name": "grpc",
        "rpc.method": method.path.slice(1),
        "previous-rpc-attempts": info.number - 1,
        "transparent-retry": info.transparent,
      },
    });
    const deadline = timeout === undefined ? undefined : clock.now() + timeout;
    if (span === undefined && deadline === undefined) return { call };
    const inner = call.change({ deadline, metadata: span && injected(context, span) });
    return {
      call: inner,
      ambient: span && ambientWith({ trace: span.trace }),
      onEnd(status) {
        // a server that keeps the same deadline may answer before our own timer runs
        if (status.code === Code.DEADLINE_EXCEEDED && isPast(deadline, clock)) markExpiredAttempt(status);
        // nothing of an attempt is left behind while its call goes on
        if (lifetimeOf(inner) !== lifetimeOf(call)) lifetimeOf(inner).end(status);
        span?.set({ "rpc.response.status_code": codeName(status.code) });
        span?.end(status.code === Code.OK ? undefined : errorOfStatus(status));
      },
    };
  };
}

function injected({ metadata: outer }: CallContext, { trace }: Span): Metadata {
  const metadata = outer.clone();
  const headers = traceHeaders(trace);
  for (const key of Object.keys(headers)) {
    try {
      metadata.set(key, headers[key] ?? "");
    } catch {
      // baggage of somebody else that cannot travel must not fail the call
      metadata.delete(key);
    }
  }
  return metadata;
}
