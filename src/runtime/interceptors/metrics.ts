import type { Attributes, Counter, Histogram, Meter } from "../context/index.js";
import { codeName, createMethodLayer, type Code, type Interceptor, type RpcStatus } from "../rpc/index.js";
import { serverAttributes } from "./address.js";
import { isFailure } from "./faults.js";

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
  return createMethodLayer(({ path }) => {
    const server = new Labels(path, "server", "");
    let client = new Labels(path, "client", "");
    return (call) => {
      const { side, peer } = call.context;
      const { duration, active } = instruments[side];
      // a client's calls go to one target, nearly always
      if (side === "client" && client.target !== peer) client = new Labels(path, "client", peer);
      const { ofMethod, ofCode } = side === "client" ? client : server;
      const started = performance.now();
      active.add(1, ofMethod);
      const onEnd = ({ code }: RpcStatus): void => {
        active.add(-1, ofMethod);
        duration.record((performance.now() - started) / 1e3, ofCode(code));
      };
      return { call, onEnd };
    };
  });
}

/** The labels of a method's calls, made once: meters know an object again that cannot have changed. */
class Labels {
  readonly ofMethod: Attributes;
  readonly ofCode: (code: Code) => Attributes;
  readonly target: string;
  readonly #side: "client" | "server";

  constructor(path: string, side: "client" | "server", target: string) {
    this.#side = side;
    this.target = target;
    this.ofMethod = Object.freeze({
      "rpc.system.name": "grpc",
      "rpc.method": path.slice(1),
      ...serverAttributes(target),
    });
    const known: (Attributes | undefined)[] = [];
    this.ofCode = (code) => (known[code] ??= this.#labelsOf(code));
  }

  #labelsOf(code: Code): Attributes {
    const name = codeName(code);
    return Object.freeze({
      ...this.ofMethod,
      "rpc.response.status_code": name,
      ...(isFailure(this.#side, code) ? { "error.type": name } : undefined),
    });
  }
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
