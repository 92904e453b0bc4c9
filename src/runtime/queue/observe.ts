import type { PayloadType } from "../wire/index.js";
import type { ConsumerEvent, PlainEvent } from "./delivery.js";
import type { BrokerDelivery } from "./types.js";

/** What an event is about. */
export interface Observed {
  readonly source: BrokerDelivery;
  /** Milliseconds, by the consumer's clock. */
  readonly receivedAt: number;
  /** The message once more, for logs that show it; undefined where it cannot be decoded. */
  readAgain?(): { readonly type: PayloadType<unknown, never>; readonly message: unknown } | undefined;
}

/** Hears of all that a consumer does. Never throws. */
export type Observe = (event: PlainEvent, about: Observed | undefined) => void;

/**
 * One observer of several: the program's, measurements, logs. Undefined without any, so that events nobody hears of are
 * not made.
 */
export function observeAll(
  channel: string,
  group: string,
  onEvent: ((event: ConsumerEvent) => void) | undefined,
  others: readonly (Observe | undefined)[],
): Observe | undefined {
  const observers: Observe[] = others.filter((observe) => observe !== undefined);
  if (onEvent !== undefined) observers.push((event) => onEvent({ channel, group, ...event }));
  if (observers.length === 0) return undefined;
  return (event, about) => {
    for (const observe of observers) {
      try {
        observe(event, about);
      } catch {
        // an observer must not change what happens to messages
      }
    }
  };
}
