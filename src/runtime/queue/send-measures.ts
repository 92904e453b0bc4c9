import type { Attributes, Meter } from "../context/index.js";
import { durationSeconds, errorTypes } from "./measures.js";

/** What is measured of publishes. */
export interface SendMeasures {
  /** One publish is over: of so many messages, since that reading of `performance.now()`. Never throws. */
  record(labels: Attributes, messages: number, since: number, error: Error | undefined): void;
}

/** Instruments under OpenTelemetry's names for messaging. */
export function createSendMeasures(meter: Meter): SendMeasures {
  const sent = meter.createCounter("messaging.client.sent.messages", {
    description: "Messages that producers gave to a broker, and what became of that.",
    unit: "{message}",
  });
  const duration = meter.createHistogram("messaging.client.operation.duration", {
    description: "Duration of publishing, confirmation included.",
    unit: "s",
    advice: { explicitBucketBoundaries: [...durationSeconds] },
  });
  const errors = errorTypes();
  /** Labels of an outcome, made once: meters know an object again that cannot have changed. */
  const known = new WeakMap<Attributes, Map<string, Attributes>>();

  function labelsOf(labels: Attributes, type: string): Attributes {
    let ofType = known.get(labels);
    if (ofType === undefined) known.set(labels, (ofType = new Map()));
    let found = ofType.get(type);
    if (found === undefined) {
      const operation = { ...labels, "messaging.operation.name": "publish", "messaging.operation.type": "send" };
      found = Object.freeze(type === "" ? operation : { ...operation, "error.type": type });
      ofType.set(type, found);
    }
    return found;
  }

  return {
    record(labels, messages, since, error) {
      try {
        const attributes = labelsOf(labels, error === undefined ? "" : errors(error));
        sent.add(messages, attributes);
        duration.record((performance.now() - since) / 1e3, attributes);
      } catch {
        // what was published is published: a meter must not make a failure of it
      }
    },
  };
}
