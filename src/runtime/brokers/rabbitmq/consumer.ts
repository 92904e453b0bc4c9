import { setMaxListeners } from "node:events";
import type { Channel, ConsumeMessage } from "amqplib";
import { sleep, type Clock } from "../../context/index.js";
import {
  copyHeaders,
  isQueueError,
  messageHeaders,
  numberHeader,
  QueueError,
  toError,
  type BrokerConsumer,
  type BrokerDelivery,
} from "../../queue/index.js";
import type { Link } from "./link.js";
import { fromMessage } from "./properties.js";
import type { Publisher } from "./publisher.js";
import { createRetries } from "./retries.js";

export interface ConsumerInput {
  readonly link: Link;
  readonly publisher: Publisher;
  /** For this consumer's retry queues alone, with a short limit; closed with the consumer. */
  readonly retryPublisher: Publisher;
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
/** What a message waits in the consumer's hands when its retry queue is down; bounds how fast it goes round. */
const downDelayMs = 1_000;

/** A consumer on a channel of its own, which comes back with the connection. */
export interface RabbitConsumer extends BrokerConsumer {
  /** Starts on a new connection; called by the broker after each connect. */
  start(): Promise<void>;
  /** Which retry queue takes no messages, and why. */
  readonly fault: QueueError | undefined;
}

export function createConsumer(input: ConsumerInput): RabbitConsumer {
  const { link, publisher, clock, queue } = input;
  const stop = new AbortController();
  // as many may wait for it as the prefetch allows
  setMaxListeners(0, stop.signal);
  const retries = createRetries({ link, publisher: input.retryPublisher, clock, queue, tiers: input.tiers });
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
    retries.reset();
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

    const requeue = (): void => settle(() => on.nack(source, false, true));

    /** A copy with other headers at the end of the queue; where that is not safe, the original at its head. */
    async function replace(headers: Readonly<Record<string, string>>): Promise<void> {
      const copy = { ...message, headers: copyHeaders(message.headers, headers) };
      const [result] = await publisher.publish([{ message: copy, exchange: "", key: queue, address: message.address }]);
      if (result?.ok === true) return settle(() => on.ack(source));
      requeue();
      throw result?.error ?? new QueueError("refused", "no result");
    }

    const delivery: BrokerDelivery = {
      ...message,
      group: input.group,
      position: `${queue}#${source.fields.deliveryTag}`,
      attempt,
      redelivered: source.fields.redelivered,
      ack: async () => settle(() => on.ack(source)),
      nack: async (delayMs = 0, headers) => {
        if (delayMs <= 0 && headers === undefined) return requeue();
        if (!open.has(delivery)) throw new QueueError("too_late", `${message.id} has a verdict already`);
        if (delayMs <= 0) return replace(headers ?? {});
        const counted = { [messageHeaders.attempt]: String(attempt + 1) };
        const since = clock.now();
        try {
          await retries.delay({ ...message, headers: copyHeaders(message.headers, counted, headers ?? {}) }, delayMs);
        } catch (error) {
          const rest = Math.min(delayMs, downDelayMs) - (clock.now() - since);
          if (rest > 0) await sleep(clock, rest, stop.signal).catch(() => {});
          // behind the others: at the head, as many as the prefetch would let nothing else through. Not counted. Where
          // nothing can be published, or the server gives it to somebody else already, there must be no copy
          if (isQueueError(error, "disconnected") || !open.has(delivery)) requeue();
          else await replace({ ...headers, [messageHeaders.attempt]: String(attempt) });
          throw toError(error);
        }
        settle(() => on.ack(source));
      },
      // the server's limit for an unacknowledged delivery cannot be extended
      extend: async () => {},
    };
    return delivery;
  }

  return {
    get fault() {
      return retries.fault;
    },
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
      await retries.close();
      input.onClosed();
      return unfinished;
    },
  };
}
