import { randomUUID } from "node:crypto";
import type { Clock } from "../../context/index.js";
import {
  copyHeaders,
  messageHeaders,
  numberHeader,
  QueueError,
  toError,
  type BrokerConsumer,
  type BrokerDelivery,
  type OutgoingMessage,
  type PublishResult,
} from "../../queue/index.js";
import { createIdle } from "../shared/idle.js";
import { toHeaders } from "./headers.js";
import { plainMessage } from "./inbox.js";
import type { NatsLink } from "./link.js";
import { publishError } from "./publisher.js";

/** Publishes without streams: a result is ok once the server has read the message. Who got it, nobody knows. */
export interface CorePublisher {
  publish(
    letters: readonly { readonly message: OutgoingMessage; readonly subject: string }[],
  ): Promise<PublishResult[]>;
}

export function createCorePublisher(link: NatsLink, clock: Clock, timeoutMs: number): CorePublisher {
  let flushing: Promise<void> | undefined;

  /** One round trip for all that was published in this turn. */
  function flushed(): Promise<void> {
    flushing ??= Promise.resolve().then(() => {
      flushing = undefined;
      return link.connection.flush();
    });
    return flushing;
  }

  function inTime(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(timeoutMs, () =>
        reject(new QueueError("timeout", `NATS has not read it within ${timeoutMs} ms`)),
      );
      work
        .then(resolve, (cause: unknown) =>
          reject(new QueueError("disconnected", "the connection to NATS was lost before it had read it", { cause })),
        )
        .finally(cancel);
    });
  }

  return {
    async publish(letters) {
      try {
        await link.ready(timeoutMs);
      } catch (error) {
        return letters.map(() => ({ ok: false, error: toError(error) }));
      }
      const results = letters.map((letter): PublishResult => {
        const { message, subject } = letter;
        try {
          const reply = message.headers[messageHeaders.replyTo];
          const headers = toHeaders(message, {});
          link.connection.publish(subject, message.body, { headers, ...(reply === undefined ? {} : { reply }) });
          return { ok: true };
        } catch (error) {
          return { ok: false, error: publishError(letter, error) };
        }
      });
      try {
        await inTime(flushed());
        return results;
      } catch (error) {
        return results.map((result) => (result.ok ? { ok: false, error: toError(error) } : result));
      }
    },
  };
}

export interface CoreConsumerInput {
  readonly link: NatsLink;
  readonly clock: Clock;
  readonly subject: string;
  /** The queue group: each message goes to one of its members. */
  readonly group: string;
  readonly queue: string;
  readonly prefetch: number;
  /** Messages that wait here, at most: the server does not slow down, what is more is lost. */
  readonly maxPending: number;
  readonly addressOf: (subject: string) => string;
  readonly deliver: (batch: readonly BrokerDelivery[]) => void;
  readonly onClosed: () => void;
}

export interface CoreConsumer extends BrokerConsumer {
  /** Messages that found no room. */
  readonly lost: number;
}

interface Waiting {
  readonly message: OutgoingMessage;
  readonly position: string;
  readonly redelivered: boolean;
}

/** Consumes what is published while it is there. What the process holds is gone with it. */
export function createCoreConsumer(input: CoreConsumerInput): CoreConsumer {
  const { link, clock } = input;
  const open = new Map<BrokerDelivery, Waiting>();
  const delayed = new Map<Waiting, () => void>();
  let ready: Waiting[] = [];
  let sequence = 0;
  let lost = 0;
  let paused = false;
  let stopped = false;
  let scheduled = false;
  const idle = createIdle(() => open.size === 0);

  const subscription = link.connection.subscribe(input.subject, {
    queue: input.queue,
    callback: (error, received) => {
      if (error !== null || stopped) return;
      if (ready.length + delayed.size >= input.maxPending) {
        lost++;
        return;
      }
      const message = plainMessage(received, input.addressOf(received.subject));
      const named = message.headers[messageHeaders.id] === undefined ? { ...message, id: randomUUID() } : message;
      ready.push({ message: named, position: `${received.subject}#${++sequence}`, redelivered: false });
      schedule();
    },
  });

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      hand();
    });
  }

  function hand(): void {
    if (paused || stopped || ready.length === 0) return;
    const batch: BrokerDelivery[] = [];
    const count = Math.min(ready.length, input.prefetch - open.size);
    for (const waiting of ready.splice(0, Math.max(0, count))) {
      const delivery = createDelivery(waiting);
      open.set(delivery, waiting);
      batch.push(delivery);
    }
    if (batch.length > 0) input.deliver(batch);
  }

  function createDelivery(waiting: Waiting): BrokerDelivery {
    const { message, position } = waiting;
    const attempt = numberHeader(message.headers, messageHeaders.attempt, 1) ?? 1;
    const take = (): void => {
      if (!open.delete(delivery)) {
        throw new QueueError("too_late", `${message.id} has a verdict already, or its consumer is gone`);
      }
      idle.check();
      schedule();
    };
    const delivery: BrokerDelivery = {
      ...message,
      group: input.group,
      position,
      attempt,
      redelivered: waiting.redelivered,
      ack: async () => take(),
      nack: async (delayMs = 0, headers = {}) => {
        take();
        if (stopped) return;
        const counted = delayMs > 0 ? { [messageHeaders.attempt]: String(attempt + 1) } : {};
        const again: Waiting = {
          message: { ...message, headers: copyHeaders(message.headers, counted, headers) },
          position,
          redelivered: true,
        };
        if (delayMs <= 0) {
          ready.unshift(again);
          return;
        }
        const back = (): void => {
          delayed.delete(again);
          ready.push(again);
          schedule();
        };
        delayed.set(again, clock.after(delayMs, back));
      },
      extend: async () => {},
    };
    return delivery;
  }

  return {
    get lost() {
      return lost;
    },
    pause() {
      paused = true;
    },
    resume() {
      if (stopped) return;
      paused = false;
      schedule();
    },
    async drain(withinMs) {
      if (stopped) return [];
      paused = true;
      // other members of the group get what comes from now on
      subscription.unsubscribe();
      const wait = idle.wait(clock, withinMs);
      if (wait !== undefined) await wait;
      stopped = true;
      for (const cancel of delayed.values()) cancel();
      delayed.clear();
      ready = [];
      const unfinished = [...open.keys()];
      open.clear();
      input.onClosed();
      return unfinished;
    },
  };
}
