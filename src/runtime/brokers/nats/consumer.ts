import type { Msg } from "@nats-io/transport-node";
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
import { fromHeaders } from "./headers.js";
import type { NatsLink } from "./link.js";
import { createPulls, type Pulls } from "./pulls.js";

/** A durable consumer and the stream it is on. */
export interface PullPlace {
  readonly stream: string;
  readonly durable: string;
}

export interface ConsumerInput {
  readonly link: NatsLink;
  readonly clock: Clock;
  readonly group: string;
  readonly prefetch: number;
  readonly ackWaitMs: number;
  readonly main: PullPlace;
  /** Where copies wait for their next attempt. */
  readonly retry: PullPlace;
  readonly addressOf: (subject: string) => string;
  readonly deliver: (batch: readonly BrokerDelivery[]) => void;
  /** Stores a copy for later. `seq` tells which message it is of. */
  readonly postpone: (message: OutgoingMessage, retryAt: number, dedupe: string) => Promise<PublishResult>;
  /** Creates streams and consumers again after they were deleted. */
  readonly restore: () => Promise<void>;
  readonly onClosed: () => void;
}

export interface NatsConsumer extends BrokerConsumer {
  /** Why nothing is fetched at the moment. */
  readonly fault: QueueError | undefined;
}

/** A message here, delivered to the pipeline or about to be. */
interface Held {
  readonly delivery: BrokerDelivery;
  readonly reply: string;
  readonly seq: number;
  readonly fromRetry: boolean;
  readonly since: number;
  touched: number;
}

/** Copies of failed messages fetched at one time; those that are not due go back at once. */
const retryWindow = 64;
/** As on RabbitMQ: a handler that has not ended by then is taken for dead. */
const longestHoldMs = 30 * 60_000;
/** What a pause or drain gives back arrives within that time, and goes back in order. */
const gatherMs = 50;
const restartDelayMs = 250;

export function createConsumer(input: ConsumerInput): NatsConsumer {
  const { link, clock, prefetch, group } = input;
  const open = new Map<BrokerDelivery, Held>();
  const ready: Held[] = [];
  let givenBack: Held[] = [];
  let cancelGather: (() => void) | undefined;
  let retriesHere = 0;
  let paused = false;
  let stopped = false;
  let closing: Promise<readonly BrokerDelivery[]> | undefined;
  let scheduled = false;
  let fault: QueueError | undefined;
  let restarting = false;
  let settled = (): void => {};

  const main = createPulls(pullsInput(input.main, false));
  const retry = createPulls(pullsInput(input.retry, true));
  const forgetUp = link.onUp(() => void restart());

  function pullsInput(place: PullPlace, fromRetry: boolean): Parameters<typeof createPulls>[0] {
    return {
      link,
      clock,
      ...place,
      onMessage: (message) => arrive(message, fromRetry),
      onEnded: schedule,
      onLost: () => void restart(),
    };
  }

  /** Everything that one read of the socket brought is one batch, and so are the orders that follow from it. */
  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      hand();
      order();
    });
  }

  function hand(): void {
    if (paused || stopped || ready.length === 0) return;
    const batch: BrokerDelivery[] = [];
    while (open.size < prefetch) {
      const held = ready.shift();
      if (held === undefined) break;
      open.set(held.delivery, held);
      batch.push(held.delivery);
    }
    if (batch.length > 0) input.deliver(batch);
  }

  function order(): void {
    if (paused || stopped || restarting) return;
    const room = prefetch - open.size - ready.length;
    // single orders would cost as much as single messages
    demand(main, room, Math.max(1, Math.floor(prefetch / 4)));
    demand(retry, Math.min(prefetch, retryWindow) - retriesHere, 1);
  }

  function demand(pulls: Pulls, room: number, atLeast: number): void {
    if (room >= atLeast) pulls.want(room);
  }

  function arrive(message: Msg, fromRetry: boolean): void {
    const reply = message.reply ?? "";
    const info = readAck(reply);
    if (info === undefined) return;
    const { seq, deliveries, stream } = info;
    const address = input.addressOf(message.subject);
    const position = `${stream}#${seq}`;
    const content = fromHeaders(message.headers, message.data, address, position);
    const early = (content.retryAt ?? 0) - clock.now();
    if (fromRetry && early > 0) {
      nak(reply, early);
      return schedule();
    }
    const held = hold(content.message, { reply, seq, position, fromRetry, redelivered: fromRetry || deliveries > 1 });
    if (stopped) {
      givenBack.push(held);
      return;
    }
    // retries have waited long enough
    if (fromRetry) {
      retriesHere++;
      ready.splice(ready.findLastIndex((other) => other.fromRetry) + 1, 0, held);
    } else ready.push(held);
    schedule();
  }

  function nak(reply: string, delayMs: number): void {
    link.send(reply, delayMs <= 0 ? "-NAK" : `-NAK {"delay": ${Math.ceil(delayMs) * 1e6}}`);
  }

  function hold(
    message: OutgoingMessage,
    place: { reply: string; seq: number; position: string; fromRetry: boolean; redelivered: boolean },
  ): Held {
    const { reply, seq, fromRetry } = place;
    const attempt = numberHeader(message.headers, messageHeaders.attempt, 1) ?? 1;

    /** A verdict; only one that is still here may have one. */
    function take(): void {
      if (!open.delete(delivery)) {
        throw new QueueError("too_late", `${message.id} has a verdict already, or its consumer is gone`);
      }
      if (fromRetry) retriesHere--;
      settled();
      schedule();
    }

    async function postpone(delayMs: number, headers: Readonly<Record<string, string>>): Promise<void> {
      if (!open.has(delivery)) throw new QueueError("too_late", `${message.id} has a verdict already`);
      const counted = { [messageHeaders.attempt]: String(attempt + (delayMs > 0 ? 1 : 0)) };
      const copy = { ...message, headers: copyHeaders(message.headers, counted, headers) };
      const result = await input.postpone(copy, clock.now() + delayMs, `${place.position}#${group}`);
      take();
      // not handled, and not to be delivered again: the copy is
      if (result.ok) return link.send(reply, "+TERM");
      // the server keeps it back itself, as it came: nothing is lost but the count
      nak(reply, delayMs);
      throw result.error;
    }

    const delivery: BrokerDelivery = {
      ...message,
      group,
      position: place.position,
      attempt,
      redelivered: place.redelivered,
      ack: async () => {
        take();
        link.send(reply, "+ACK");
      },
      nack: async (delayMs = 0, headers) => {
        if (delayMs > 0 || headers !== undefined) return postpone(Math.max(0, delayMs), headers ?? {});
        take();
        if (paused || stopped) return gather(held);
        nak(reply, 0);
      },
      extend: async () => {
        held.touched = clock.now();
        if (open.has(delivery)) link.send(reply, "+WPI");
      },
    };
    const now = clock.now();
    const held: Held = { delivery, reply, seq, fromRetry, since: now, touched: now };
    return held;
  }

  /** The server delivers in the order in which it is given back; what a stop gives back has to keep its own. */
  function gather(held: Held): void {
    givenBack.push(held);
    if (!stopped) cancelGather ??= clock.after(gatherMs, releaseGiven);
  }

  function releaseGiven(): void {
    cancelGather?.();
    cancelGather = undefined;
    for (const { reply } of givenBack.sort((a, b) => a.seq - b.seq)) nak(reply, 0);
    givenBack = [];
  }

  /** While this process lives, what it holds is not given to another one. */
  const touchEveryMs = Math.max(50, input.ackWaitMs / 3);
  function touch(): void {
    const now = clock.now();
    for (const held of [...open.values(), ...ready]) {
      if (now - held.touched < touchEveryMs * 0.5 || now - held.since > longestHoldMs) continue;
      held.touched = now;
      if (link.state === "up") link.send(held.reply, "+WPI");
    }
    cancelTouch = clock.after(touchEveryMs, touch);
  }
  let cancelTouch = clock.after(touchEveryMs, touch);

  /** After a reconnect, and when the consumer was lost: what it needs is made again, then fetching goes on. */
  async function restart(): Promise<void> {
    main.restart();
    retry.restart();
    if (restarting || stopped) return;
    restarting = true;
    for (let delay = 0; !stopped; delay = Math.min(5_000, delay * 2 + restartDelayMs)) {
      if (delay > 0) await new Promise<void>((resolve) => void clock.after(delay, resolve));
      try {
        await link.ready(2 ** 31);
        await input.restore();
        fault = undefined;
        break;
      } catch (error) {
        fault = new QueueError("topology", toError(error).message, { cause: error });
      }
    }
    restarting = false;
    schedule();
  }

  function allSettled(withinMs: number): Promise<void> {
    if (open.size === 0 || withinMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = clock.after(withinMs, resolve);
      settled = () => {
        if (open.size > 0) return;
        cancel();
        resolve();
      };
    });
  }

  async function close(withinMs: number): Promise<readonly BrokerDelivery[]> {
    paused = true;
    await allSettled(withinMs);
    stopped = true;
    cancelTouch();
    forgetUp();
    const unfinished = [...open.values()];
    open.clear();
    if (link.state === "up") await Promise.all([main.stop(), retry.stop()]);
    givenBack.push(...unfinished, ...ready.splice(0));
    releaseGiven();
    input.onClosed();
    if (link.state === "up") await link.connection.flush().catch(() => {});
    return unfinished.map(({ delivery }) => delivery);
  }

  schedule();
  return {
    get fault() {
      return fault;
    },
    pause() {
      paused = true;
    },
    resume() {
      if (stopped) return;
      paused = false;
      releaseGiven();
      schedule();
    },
    drain: (withinMs) => (closing ??= close(withinMs)),
  };
}

/** What the reply subject of a delivery tells: `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<deliveries>.<seq>.…`. */
export function readAck(
  reply: string,
): { readonly stream: string; readonly seq: number; readonly deliveries: number } | undefined {
  const words = reply.split(".");
  if (words[0] !== "$JS" || words[1] !== "ACK" || words.length < 9) return undefined;
  const at = words.length === 9 ? 2 : 4;
  const seq = Number(words[at + 3]);
  const deliveries = Number(words[at + 2]);
  if (!Number.isSafeInteger(seq) || !Number.isSafeInteger(deliveries)) return undefined;
  return { stream: words[at] ?? "", seq, deliveries };
}
