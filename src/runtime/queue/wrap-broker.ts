import type {
  Broker,
  BrokerConsumer,
  BrokerDelivery,
  OutgoingMessage,
  PublishResult,
  Source,
  Topology,
} from "./types.js";

/** What to put in the way of a broker's calls; `next` is the call itself. */
export interface BrokerWrapper {
  readonly ensure?: (topology: Topology, next: (topology: Topology) => Promise<void>) => Promise<void>;
  readonly publish?: (
    batch: readonly OutgoingMessage[],
    next: (batch: readonly OutgoingMessage[]) => Promise<readonly PublishResult[]>,
  ) => Promise<readonly PublishResult[]>;
  readonly consume?: (source: Source, next: (source: Source) => Promise<BrokerConsumer>) => Promise<BrokerConsumer>;
  /** Every delivery on its way to a consumer: {@link wrapDelivery} changes its verdicts, undefined drops it unseen. */
  readonly deliver?: (delivery: BrokerDelivery, source: Source) => BrokerDelivery | undefined;
}

/**
 * A broker with something in the way of its calls: the one place for fault injection, recording and delays.
 *
 * @example
 * const flaky = wrapBroker(broker, {
 *   publish: (batch, next) =>
 *     random() < 0.1 ? Promise.resolve(batch.map(() => ({ ok: false, error: new Error("injected") }))) : next(batch),
 * });
 */
export function wrapBroker(broker: Broker, wrapper: BrokerWrapper): Broker {
  const { deliver: change } = wrapper;
  const { openInbox, depth } = broker;
  return {
    id: broker.id,
    capabilities: broker.capabilities,
    settings: broker.settings,
    deadLetterAddress: (address, group, bindings) => broker.deadLetterAddress(address, group, bindings),
    ensure: (topology) =>
      wrapper.ensure === undefined
        ? broker.ensure(topology)
        : wrapper.ensure(topology, (changed) => broker.ensure(changed)),
    publish: (batch) =>
      wrapper.publish === undefined
        ? broker.publish(batch)
        : wrapper.publish(batch, (changed) => broker.publish(changed)),
    consume(source, deliver) {
      const changed =
        change === undefined
          ? deliver
          : (batch: readonly BrokerDelivery[]): void => {
              const kept = batch
                .map((delivery) => change(delivery, source))
                .filter((delivery) => delivery !== undefined);
              if (kept.length > 0) deliver(kept);
            };
      return wrapper.consume === undefined
        ? broker.consume(source, changed)
        : wrapper.consume(source, (other) => broker.consume(other, changed));
    },
    ...(openInbox === undefined ? {} : { openInbox: (receive) => openInbox.call(broker, receive) }),
    ...(depth === undefined ? {} : { depth: (source) => depth.call(broker, source) }),
    browse: (address, options) => broker.browse(address, options),
    health: () => broker.health(),
    close: () => broker.close(),
  };
}

/**
 * A delivery whose verdicts are others. `{ ...delivery }` has none at all: they are methods of a class.
 *
 * @example
 * const slow = wrapBroker(broker, {
 *   deliver: (delivery) =>
 *     wrapDelivery(delivery, { ack: async () => { await sleep(50); await delivery.ack(); } }),
 * });
 */
export function wrapDelivery(
  delivery: BrokerDelivery,
  verdicts: Partial<Pick<BrokerDelivery, "ack" | "nack" | "extend">>,
): BrokerDelivery {
  const { address, id, key, headers, contentType, body, expiresAt } = delivery;
  const { group, position, attempt, redelivered } = delivery;
  const told = { address, id, key, headers, contentType, body, expiresAt, group, position, attempt, redelivered };
  return {
    ...told,
    ack: verdicts.ack ?? (() => delivery.ack()),
    nack: verdicts.nack ?? ((delayMs, more) => delivery.nack(delayMs, more)),
    extend: verdicts.extend ?? (() => delivery.extend()),
  };
}
