import type { Attributes } from "../context/index.js";
import { codeName, createLayer, type Interceptor, type RpcStatus } from "../rpc/index.js";
import { serverAttributes } from "./address.js";
import { isFailure } from "./faults.js";

/** Where measurements go: a part of OpenTelemetry's `Meter`, so that one of those fits. */
export interface Meter {
  createHistogram(name: string, options?: InstrumentOptions): Histogram;
  createCounter(name: string, options?: InstrumentOptions): Counter;
  createUpDownCounter(name: string, options?: InstrumentOptions): Counter;
}

/** What an instrument is about. */
export interface InstrumentOptions {
  readonly description?: string;
  /** UCUM: `s`, `By`, `{call}`. */
  readonly unit?: string;
  readonly advice?: { readonly explicitBucketBoundaries?: number[] };
}

/** Distributions. */
export interface Histogram {
  record(value: number, attributes?: Attributes): void;
}

/** Sums. */
export interface Counter {
  add(value: number, attributes?: Attributes): void;
}

/** Settings of {@link metrics}. */
export interface MetricsOptions {
  readonly meter: Meter;
}

const seconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * Duration of calls and calls under way, under OpenTelemetry's names. Labels are method and code, both bounded by
 * the contract, and on a client the target of its transport.
 *
 * @example
 * const meter = createMetrics();
 * const layers = chain().use(metrics({ meter }));
 * http.get("/metrics", () => meter.prometheus());
 */
export function metrics({ meter }: MetricsOptions): Interceptor {
  const instruments = { client: instrumentsOf(meter, "client"), server: instrumentsOf(meter, "server") };
  return createLayer((call) => {
    const { side, peer } = call.context;
    const { duration, active } = instruments[side];
    const method = {
      "rpc.system.name": "grpc",
      "rpc.method": call.method.path.slice(1),
      ...(side === "client" ? serverAttributes(peer) : undefined),
    };
    const started = performance.now();
    active.add(1, method);
    const onEnd = ({ code }: RpcStatus): void => {
      active.add(-1, method);
      const name = codeName(code);
      duration.record((performance.now() - started) / 1e3, {
        ...method,
        "rpc.response.status_code": name,
        ...(isFailure(side, code) ? { "error.type": name } : undefined),
      });
    };
    return { call, onEnd };
  });
}

function instrumentsOf(meter: Meter, side: "client" | "server"): { duration: Histogram; active: Counter } {
  return {
    duration: meter.createHistogram(`rpc.${side}.call.duration`, {
      description: `Duration of calls, ${side} side.`,
      unit: "s",
      advice: { explicitBucketBoundaries: seconds },
    }),
    active: meter.createUpDownCounter(`rpc.${side}.active_calls`, {
      description: `Calls under way, ${side} side.`,
      unit: "{call}",
    }),
  };
}
