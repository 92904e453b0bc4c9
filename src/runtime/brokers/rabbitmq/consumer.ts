import { setMaxListeners } from "node:events";
import { sleep, type Clock } from "../../context/index.js";
import {
  copyHeaders,
  isQueueError,
  messageHeaders,
  QueueError,
  toError,
  type BrokerConsumer,
  type BrokerDelivery,
  type OutgoingMessage,
} from "../../queue/index.js";
import { createIdle } from "../shared/idle.js";
import { RabbitDelivery, tooLate, type Settler } from "./delivery.js";
import type { Link } from "./link.js";
import { fromMessage } from "./properties.js";
import type { Publisher } from "./publisher.js";
import { defaultRules } from "./rules.js";
import { createRetries } from "./retries.js";
import { createSession, type Session } from "./session.js";

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
  let session: Session | undefined;
  let tag: string | undefined;
  let paused = false;
  let work: Promise<void> = Promise.resolve();
  const idle = createIdle(() => session === undefined || session.open.size === 0);
  /** Delivered in this turn, to be handed on together. */
  let arrived: RabbitDelivery[] = [];

  /** Changes of state run one after the other: a cancel must not overtake the consume before it. */
  function enqueue(step: () => Promise<void>): Promise<void> {
    const next = work.then(step);
    work = next.catch(() => {});
    return next;
  }

  async function openChannel(): Promise<void> {
    if (stop.signal.aborted || session !== undefined) return;
    const opened = await (await link.ready(30_000)).createChannel();
    opened.on("error", () => {});
    opened.on("close", () => {
      if (session?.channel !== opened) return;
      forget();
      // the server closed the channel alone (an unacknowledged delivery grew too old): open another
      if (link.state === "up" && !stop.signal.aborted) void restart();
    });
    await opened.prefetch(input.prefetch);
    retries.reset();
    session = createSession(opened);
    if (!paused) await subscribe(session);
  }

  function forget(): void {
    session?.end();
    session = undefined;
    tag = undefined;
    idle.check();
  }

  const isLost = (): boolean => !stop.signal.aborted && link.state === "up" && session === undefined;

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

  async function subscribe(on: Session): Promise<void> {
    const reply = await on.channel.consume(
      queue,
      (source) => {
        if (source === null) {
          // the queue was deleted
          tag = undefined;
          void on.channel.close().catch(() => {});
          return;
        }
        const message = fromMessage(source, input.addressOf(source.fields.routingKey));
        const { deliveryTag, redelivered } = source.fields;
        const place = { group: input.group, queue, tag: deliveryTag, redelivered };
        const delivery = new RabbitDelivery(message, place, settler);
        on.add(delivery);
        arrived.push(delivery);
        // all that came with one read of the socket
        if (arrived.length === 1) queueMicrotask(hand);
      },
      { noAck: false },
    );
    tag = reply.consumerTag;
  }

  function hand(): void {
    const batch = arrived;
    arrived = [];
    // the channel that is being closed gives them back
    if (!stop.signal.aborted) input.deliver(batch);
  }

  const isOpen = (delivery: RabbitDelivery): boolean => session?.open.get(delivery.tag) === delivery;

  const settler: Settler = {
    ack(delivery) {
      if (session === undefined) throw tooLate(delivery.id);
      session.ack(delivery);
      idle.check();
    },
    requeue(delivery) {
      if (session === undefined) throw tooLate(delivery.id);
      session.requeue(delivery);
      idle.check();
    },
    async replace(delivery, headers) {
      if (!isOpen(delivery)) throw tooLate(delivery.id);
      const copy = changed(delivery, headers);
      const [result] = await publisher.publish([{ ...toQueue, message: copy, key: queue, address: delivery.address }]);
      if (result?.ok === true) return settler.ack(delivery);
      settler.requeue(delivery);
      throw result?.error ?? new QueueError("refused", "no result");
    },
    async later(delivery, delayMs, headers) {
      if (!isOpen(delivery)) throw tooLate(delivery.id);
      const since = clock.now();
      try {
        await retries.delay(changed(delivery, headers), delayMs);
      } catch (error) {
        const rest = Math.min(delayMs, downDelayMs) - (clock.now() - since);
        if (rest > 0) await sleep(clock, rest, stop.signal).catch(() => {});
        // behind the others: at the head, as many as the prefetch would let nothing else through. Not counted. Where
        // nothing can be published there is no copy, nor of what the server gives to somebody else already
        if (isQueueError(error, "disconnected")) settler.requeue(delivery);
        else await settler.replace(delivery, { ...headers, [messageHeaders.attempt]: String(delivery.attempt) });
        throw toError(error);
      }
      settler.ack(delivery);
    },
  };

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
        if (current !== undefined) await session?.channel.cancel(current);
      }).catch(() => {});
    },
    resume() {
      if (!paused) return;
      paused = false;
      void enqueue(async () => {
        if (session !== undefined && tag === undefined && !paused) await subscribe(session);
      }).catch(() => {});
    },
    async drain(withinMs) {
      if (stop.signal.aborted) return [];
      this.pause();
      // without a connection nothing can be cancelled, and waiting for one could take for ever
      if (link.state === "up") await work;
      const wait = idle.wait(clock, withinMs);
      if (wait !== undefined) await wait;
      stop.abort();
      const unfinished = [...(session?.open.values() ?? [])];
      const last = session?.channel;
      session?.flush();
      forget();
      // closing waits for the server, which has handled all verdicts before and gives back the rest
      await last?.close().catch(() => {});
      await retries.close();
      input.onClosed();
      return unfinished;
    },
  };
}

/** Straight to a queue, persistent, returned when it is not there. */
const toQueue = { exchange: "", rules: defaultRules } as const;

function changed(delivery: RabbitDelivery, headers: Readonly<Record<string, string>>): OutgoingMessage {
  const { address, id, key, contentType, body, expiresAt } = delivery;
  return { address, id, key, contentType, body, expiresAt, headers: copyHeaders(delivery.headers, headers) };
}
