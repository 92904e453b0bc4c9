import type { Msg } from "@nats-io/transport-node";
import type { Clock } from "../../context/index.js";
import {
  copyHeaders,
  messageHeaders,
  QueueError,
  toError,
  type BrokerConsumer,
  type BrokerDelivery,
  type OutgoingMessage,
  type PublishResult,
} from "../../queue/index.js";
import { createIdle } from "../shared/idle.js";
import { NatsDelivery, type DeliveryOwner } from "./delivery.js";
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

/** Copies of failed messages fetched at one time; those that are not due go back at once. */
const retryWindow = 64;
/** As on RabbitMQ: a handler that has not ended by then is taken for dead. */
const longestHoldMs = 30 * 60_000;
/** What a pause or drain gives back arrives within that time, and goes back in order. */
const gatherMs = 50;
const restartDelayMs = 250;

export function createConsumer(input: ConsumerInput): NatsConsumer {
  const { link, clock, prefetch, group } = input;
  /** Delivered, without a verdict. */
  const open = new Set<NatsDelivery>();
  let ready: NatsDelivery[] = [];
  let givenBack: NatsDelivery[] = [];
  let cancelGather: (() => void) | undefined;
  let retriesHere = 0;
  let paused = false;
  let stopped = false;
  let closing: Promise<readonly BrokerDelivery[]> | undefined;
  let scheduled = false;
  let fault: QueueError | undefined;
  let restarting = false;
  const idle = createIdle(() => open.size === 0);

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
      onLost: () => void restart(restartDelayMs),
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
    if (paused || stopped || ready.length === 0 || open.size >= prefetch) return;
    const room = prefetch - open.size;
    const batch = ready.length <= room ? ready : ready.slice(0, room);
    ready = ready.length <= room ? [] : ready.slice(room);
    for (const delivery of batch) open.add(delivery);
    input.deliver(batch);
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
    const content = fromHeaders(message.headers, message.data, input.addressOf(message.subject), `${stream}#${seq}`);
    const now = clock.now();
    const early = (content.retryAt ?? 0) - now;
    if (fromRetry && early > 0) {
      nak(reply, early);
      return schedule();
    }
    const source = { reply, stream, seq, fromRetry, redelivered: fromRetry || deliveries > 1, group };
    const delivery = new NatsDelivery(content.message, source, owner, now);
    if (stopped) {
      givenBack.push(delivery);
      return;
    }
    // retries have waited long enough
    if (fromRetry) {
      retriesHere++;
      ready.splice(ready.findLastIndex((other) => other.source.fromRetry) + 1, 0, delivery);
    } else ready.push(delivery);
    schedule();
  }

  function nak(reply: string, delayMs: number): void {
    link.send(reply, delayMs <= 0 ? "-NAK" : `-NAK {"delay": ${Math.ceil(delayMs) * 1e6}}`);
  }

  /** A verdict; only one that is still here may have one. */
  function take(delivery: NatsDelivery): void {
    if (!open.delete(delivery)) {
      throw new QueueError("too_late", `${delivery.id} has a verdict already, or its consumer is gone`);
    }
    if (delivery.source.fromRetry) retriesHere--;
    idle.check();
    schedule();
  }

  async function postpone(
    delivery: NatsDelivery,
    delayMs: number,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    if (!open.has(delivery)) throw new QueueError("too_late", `${delivery.id} has a verdict already`);
    const { address, id, key, contentType, body, expiresAt, attempt, position } = delivery;
    const { reply } = delivery.source;
    const counted = { [messageHeaders.attempt]: String(attempt + (delayMs > 0 ? 1 : 0)) };
    const copied = copyHeaders(delivery.headers, counted, headers);
    const copy = { address, id, key, headers: copied, contentType, body, expiresAt };
    const result = await input.postpone(copy, clock.now() + delayMs, `${position}#${group}`);
    take(delivery);
    // not handled, and not to be delivered again: the copy is
    if (result.ok) return link.send(reply, "+TERM");
    // the server keeps it back itself, as it came: nothing is lost but the count
    nak(reply, delayMs);
    throw result.error;
  }

  const owner: DeliveryOwner = {
    ack(delivery) {
      take(delivery);
      link.send(delivery.source.reply, "+ACK");
    },
    async nack(delivery, delayMs, headers) {
      if (delayMs > 0 || headers !== undefined) return postpone(delivery, Math.max(0, delayMs), headers ?? {});
      take(delivery);
      if (paused || stopped) gather(delivery);
      else nak(delivery.source.reply, 0);
    },
    extend(delivery) {
      delivery.touched = clock.now();
      if (open.has(delivery)) link.send(delivery.source.reply, "+WPI");
    },
  };

  /** The server delivers in the order in which it is given back; what a stop gives back has to keep its own. */
  function gather(delivery: NatsDelivery): void {
    givenBack.push(delivery);
    if (!stopped) cancelGather ??= clock.after(gatherMs, releaseGiven);
  }

  function releaseGiven(): void {
    cancelGather?.();
    cancelGather = undefined;
    for (const { source } of givenBack.sort((a, b) => a.source.seq - b.source.seq)) nak(source.reply, 0);
    givenBack = [];
  }

  /** While this process lives, what it holds is not given to another one. */
  const touchEveryMs = Math.max(50, input.ackWaitMs / 3);
  function touch(): void {
    const now = clock.now();
    for (const delivery of [...open, ...ready]) {
      if (now - delivery.touched < touchEveryMs * 0.5 || now - delivery.since > longestHoldMs) continue;
      delivery.touched = now;
      if (link.state === "up") link.send(delivery.source.reply, "+WPI");
    }
    cancelTouch = clock.after(touchEveryMs, touch);
  }
  let cancelTouch = clock.after(touchEveryMs, touch);

  /** After a reconnect, and when the consumer was lost: what it needs is made again, then fetching goes on. */
  async function restart(firstDelayMs = 0): Promise<void> {
    main.restart();
    retry.restart();
    if (restarting || stopped) return;
    restarting = true;
    const isRunning = (): boolean => !stopped;
    for (let delay = firstDelayMs; isRunning(); delay = Math.min(5_000, delay * 2 + restartDelayMs)) {
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

  async function close(withinMs: number): Promise<readonly BrokerDelivery[]> {
    paused = true;
    const wait = idle.wait(clock, withinMs);
    if (wait !== undefined) await wait;
    stopped = true;
    cancelTouch();
    forgetUp();
    const unfinished = [...open];
    open.clear();
    if (link.state === "up") await Promise.all([main.stop(), retry.stop()]);
    givenBack.push(...unfinished, ...ready.splice(0));
    releaseGiven();
    input.onClosed();
    if (link.state === "up") await link.connection.flush().catch(() => {});
    return unfinished;
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
