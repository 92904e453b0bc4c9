import type { Clock } from "../../context/index.js";
import type { BrokerConsumer, BrokerDelivery, OutgoingMessage, PublishResult, Source } from "../../queue/index.js";
import { createCoreConsumer, createCorePublisher, type CoreConsumer } from "./core.js";
import type { NatsLink } from "./link.js";
import { addressOf, safeName, subjectOf } from "./names.js";
import type { Route } from "./routes.js";
import { publishError } from "./publisher.js";

/** Everything without streams: all of `nats-core`, and the channels of `nats` that ask for it. */
export interface CoreSide {
  publish(messages: readonly OutgoingMessage[]): Promise<PublishResult[]>;
  consume(source: Source, route: Route, deliver: (batch: readonly BrokerDelivery[]) => void): Promise<BrokerConsumer>;
  /** Messages that found no room in this process. */
  readonly lost: number;
  readonly consumers: ReadonlySet<CoreConsumer>;
}

export function createCoreSide(input: {
  readonly link: NatsLink;
  readonly clock: Clock;
  readonly publishWithinMs: number;
  readonly maxPending: number;
  readonly find: (address: string) => Route | undefined;
}): CoreSide {
  const { link, clock } = input;
  const publisher = createCorePublisher(link, clock, input.publishWithinMs);
  const consumers = new Set<CoreConsumer>();
  let lostBefore = 0;
  return {
    get lost() {
      return [...consumers].reduce((sum, { lost }) => sum + lost, lostBefore);
    },
    consumers,
    async publish(messages) {
      const results: (PublishResult | undefined)[] = [];
      const letters: { readonly message: OutgoingMessage; readonly subject: string }[] = [];
      for (const message of messages) {
        try {
          letters.push({ message, subject: subjectOf(message.address, input.find(message.address)?.open === true) });
          results.push(undefined);
        } catch (error) {
          results.push({ ok: false, error: publishError({ message }, error) });
        }
      }
      const sent = (await publisher.publish(letters)).values();
      return results.map((result) => result ?? sent.next().value ?? { ok: true });
    },
    async consume({ address, group, prefetch }, route, deliver) {
      const consumer = createCoreConsumer({
        link,
        clock,
        subject: route.pattern,
        group,
        queue: safeName(group === "" ? "queue" : group),
        prefetch,
        maxPending: input.maxPending,
        addressOf: (subject) => addressOf(address, route.open, subject),
        deliver,
        onClosed: () => {
          consumers.delete(consumer);
          lostBefore += consumer.lost;
        },
      });
      consumers.add(consumer);
      // from here on nothing that is published is missed
      await link.connection.flush();
      return consumer;
    },
  };
}
