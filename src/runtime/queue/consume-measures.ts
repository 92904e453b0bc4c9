import type { Attributes, Clock, Counter, Meter } from "../context/index.js";
import { durationSeconds, errorTypes } from "./measures.js";
import type { Observe } from "./observe.js";
import type { ConsumerSettings } from "./settings.js";
import type { Broker } from "./types.js";

/**
 * What of a consumer is measured, under OpenTelemetry's names where it has some. Labels are the broker, the contract's
 * address, the group and kinds of errors: all bounded.
 *
 * @example await consumeUserCreated(broker, handler, { metrics: { meter: otelMeter() } });
 */
export interface ConsumeMetrics {
  readonly meter: Meter;
  /** Milliseconds between two looks at how many messages wait, where the broker tells; 15,000 by default, 0: never. */
  readonly depthEveryMs?: number | undefined;
}

/** Measures events, and what is held. */
export interface ConsumeMeasures {
  readonly observe: Observe;
  /** Messages that were fetched and have no verdict yet: so many more. Never throws. */
  inFlight(change: number): void;
  /** Looks at the depth from time to time, until the function that comes back is called. Neither throws. */
  watchDepth(broker: Broker): () => void;
}

const defaultDepthEveryMs = 15_000;

export function createConsumeMeasures(
  { meter, depthEveryMs = defaultDepthEveryMs }: ConsumeMetrics,
  settings: Pick<ConsumerSettings, "spanAttributes" | "address" | "source" | "clock">,
): ConsumeMeasures {
  const labels = Object.freeze({ ...settings.spanAttributes });
  const received = Object.freeze({
    ...labels,
    "messaging.operation.name": "receive",
    "messaging.operation.type": "receive",
  });
  const consumed = meter.createCounter("messaging.client.consumed.messages", {
    description: "Messages that a broker delivered.",
    unit: "{message}",
  });
  const duration = meter.createHistogram("messaging.process.duration", {
    description: "Duration of one run of a handler.",
    unit: "s",
    advice: { explicitBucketBoundaries: [...durationSeconds] },
  });
  const retries = meter.createCounter("wirespan.queue.retries", {
    description: "Runs of handlers beyond the first of a message.",
    unit: "{attempt}",
  });
  const dead = meter.createCounter("wirespan.queue.dead_letters", {
    description: "Messages that became dead letters.",
    unit: "{message}",
  });
  const held = meter.createUpDownCounter("wirespan.queue.in_flight", {
    description: "Messages that were fetched and have no verdict yet.",
    unit: "{message}",
  });
  const depth = meter.createUpDownCounter("wirespan.queue.depth", {
    description: "Messages that wait for a group.",
    unit: "{message}",
  });
  const errors = errorTypes();
  const processed = labelled({
    ...labels,
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
  });
  const died = labelled(labels, "wirespan.queue.dead_reason");

  return {
    observe(event) {
      switch (event.kind) {
        case "received":
          return consumed.add(1, received);
        case "attempt":
          duration.record(event.durationMs / 1e3, processed(event.error === undefined ? "" : errors(event.error)));
          if (event.attempt > 1) retries.add(1, labels);
          return;
        case "dead":
          return dead.add(1, died(event.reason));
        default:
      }
    },
    inFlight(change) {
      try {
        held.add(change, labels);
      } catch {
        // a meter must not change what happens to messages
      }
    },
    watchDepth: (broker) =>
      depthEveryMs > 0 && broker.depth !== undefined
        ? watchDepth(broker, settings, depthEveryMs, depth, labels)
        : () => {},
  };
}

/** Labels with one that varies, each made once: meters know an object again that cannot have changed. */
function labelled(base: Attributes, name = "error.type"): (value: string) => Attributes {
  const known = new Map<string, Attributes>();
  return (value) => {
    let found = known.get(value);
    if (found === undefined) {
      found = Object.freeze(value === "" ? { ...base } : { ...base, [name]: value });
      known.set(value, found);
    }
    return found;
  };
}

/** A level told in differences, as counters want it. */
function watchDepth(
  broker: Broker,
  { address, source, clock }: { readonly address: string; readonly source: string; readonly clock: Clock },
  everyMs: number,
  counter: Counter,
  labels: Attributes,
): () => void {
  let told = 0;
  let stopped = false;
  let cancel = (): void => {};

  function tell(depth: number): void {
    if (depth !== told) counter.add(depth - told, labels);
    told = depth;
  }

  async function look(): Promise<void> {
    try {
      const depth = await broker.depth?.({ address, group: source });
      if (depth !== undefined && !stopped) tell(depth);
    } catch {
      // the broker is away; the next look tells
    }
    if (!stopped) cancel = clock.after(everyMs, () => void look());
  }

  void look();
  return () => {
    if (stopped) return;
    stopped = true;
    cancel();
    try {
      // another consumer of the group goes on telling
      tell(0);
    } catch {
      // a meter must not keep a consumer from its end
    }
  };
}
