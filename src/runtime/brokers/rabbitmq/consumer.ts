import type { Channel, ConsumeMessage } from "amqplib";
import { sleep, type Clock } from "../../context/index.js";
import {
  copyHeaders,
  messageHeaders,
  numberHeader,
  QueueError,
  toError,
  type BrokerConsumer,
  type BrokerDelivery,
} from "../../queue/index.js";
import { declareTier } from "./topology.js";
import type { Link } from "./link.js";
import { retryQueue, roundDelay, tierFor } from "./names.js";
import { fromMessage } from "./properties.js";
import type { Publisher } from "./publisher.js";

export interface ConsumerInput {
  readonly link: Link;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly queue: string;
  readonly group: string;
  readonly prefetch: number;
  /** The address of a message by its routing key. */
  readonly addressOf: (routingKey: string) => string;
  /** Retry tiers that exist, ascending; asked at each retry, because they may grow. */
  readonly tiers: () => readonly number[];
  readonly deliver: (batch: readonly BrokerDelivery[]) => void;
  /** Creates the queue again after it was deleted. */
  readonly restore: () => Promise<void>;
  readonly onClosed: () => void;
}

const restartDelayMs = 500;

/** A consumer on a channel of its own, which comes back with the connection. */
export interface RabbitConsumer extends BrokerConsumer {
  /** Starts on a new connection; called by the broker after each connect. */
  start(): Promise<void>;
}

export function createConsumer(input: ConsumerInput): RabbitConsumer {
  const { link, publisher, clock, queue } = input;
  const stop = new AbortController();
  let channel: Channel | undefined;
  let tag: string | undefined;
  let paused = false;
  let work: Promise<void> = Promise.resolve();
  const open = new Set<BrokerDelivery>();
  let settled = (): void => {};

  /** Changes of state run one after the other: a cancel must not overtake the consume before it. */
  function enqueue(step: () => Promise<void>): Promise<void> {
    const next = work.then(step);
    work = next.catch(() => {});
    return next;
  }

  async function openChannel(): Promise<void> {
    if (stop.signal.aborted || channel !== undefined) return;
    const opened = await (await link.ready(30_000)).createChannel();
    opened.on("error", () => {});
    opened.on("close", () => {
      if (channel !== opened) return;
      forget();
      // the server closed the channel alone (an unacknowledged delivery grew too old): open another
      if (link.state === "up" && !stop.signal.aborted) void restart();
    });
    await opened.prefetch(input.prefetch);
    channel = opened;
    if (!paused) await subscribe(opened);
  }

  function forget(): void {
    channel = undefined;
    tag = undefined;
    open.clear();
    settled();
  }

  const isLost = (): boolean => !stop.signal.aborted && link.state === "up" && channel === undefined;

  async function restart(): Promise<void> {
    while (isLost()) {
      try {
        await sleep(clock, restartDelayMs, stop.signal);
        await input.restore();
        await enqueue(openChannel);
      } catch {
        // tried again until it works, the connection goes, or the consumer is stopped
      }
    }
  }

  async function subscribe(on: Channel): Promise<void> {
    const reply = await on.consume(
      queue,
      (message) => {
        if (message === null) {
          // the queue was deleted
          tag = undefined;
          void on.close().catch(() => {});
          return;
        }
        const delivery = createDelivery(on, message);
        open.add(delivery);
        input.deliver([delivery]);
      },
      { noAck: false },
    );
    tag = reply.consumerTag;
  }

  function createDelivery(on: Channel, source: ConsumeMessage): BrokerDelivery {
    const message = fromMessage(source, input.addressOf(source.fields.routingKey));
    const attempt = numberHeader(message.headers, messageHeaders.attempt, 1) ?? 1;

    /** Sends a verdict; the channel that delivered is the only one that may. */
    function settle(send: () => void): void {
      if (!open.has(delivery) || channel !== on) {
        throw new QueueError("too_late", `${message.id} has a verdict already, or its channel is gone`);
      }
      try {
        send();
      } catch (cause) {
        throw new QueueError("too_late", `${message.id}: ${toError(cause).message}`, { cause });
      }
      open.delete(delivery);
      settled();
    }

    const delivery: BrokerDelivery = {
      ...message,
      group: input.group,
      position: `${queue}#${source.fields.deliveryTag}`,
      attempt,
      redelivered: source.fields.redelivered,
      ack: async () => settle(() => on.ack(source)),
      nack: async (delayMs = 0, headers) => {
        if (delayMs <= 0 && headers === undefined) return settle(() => on.nack(source, false, true));
        if (!open.has(delivery)) throw new QueueError("too_late", `${message.id} has a verdict already`);
        const counted = { [messageHeaders.attempt]: String(attempt + (delayMs > 0 ? 1 : 0)) };
        try {
          const key = delayMs > 0 ? await retryPlace(delayMs) : queue;
          const again = { ...message, headers: copyHeaders(message.headers, counted, headers ?? {}) };
          const [result] = await publisher.publish([{ message: again, exchange: "", key, address: message.address }]);
          if (result?.ok !== true) throw result?.error ?? new QueueError("refused", "no result");
        } catch (error) {
          // the copy is not safe, so the original stays
          settle(() => on.nack(source, false, true));
          throw toError(error);
        }
        settle(() => on.ack(source));
      },
      // the server's limit for an unacknowledged delivery cannot be extended
      extend: async () => {},
    };
    return delivery;
  }

  async function retryPlace(delayMs: number): Promise<string> {
    const tier = tierFor(input.tiers(), delayMs);
    if (tier !== undefined) return retryQueue(queue, tier);
    const rounded = roundDelay(delayMs);
    await link.withChannel(10_000, (temporary) => declareTier(temporary, queue, rounded));
    return retryQueue(queue, rounded);
  }

  return {
    start: () => enqueue(openChannel),
    pause() {
      if (paused) return;
      paused = true;
      void enqueue(async () => {
        const current = tag;
        tag = undefined;
        if (current !== undefined) await channel?.cancel(current);
      }).catch(() => {});
    },
    resume() {
      if (!paused) return;
      paused = false;
      void enqueue(async () => {
        if (channel !== undefined && tag === undefined && !paused) await subscribe(channel);
      }).catch(() => {});
    },
    async drain(withinMs) {
      if (stop.signal.aborted) return [];
      this.pause();
      // without a connection nothing can be cancelled, and waiting for one could take for ever
      if (link.state === "up") await work;
      if (open.size > 0 && withinMs > 0) {
        await new Promise<void>((resolve) => {
          const cancel = clock.after(withinMs, resolve);
          settled = () => {
            if (open.size > 0) return;
            cancel();
            resolve();
          };
        });
      }
      stop.abort();
      const unfinished = [...open];
      const last = channel;
      forget();
      // closing waits for the server, which has handled all verdicts before and gives back the rest
      await last?.close().catch(() => {});
      input.onClosed();
      return unfinished;
    },
  };
}
