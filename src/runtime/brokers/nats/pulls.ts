import { createInbox, type Msg, type Subscription } from "@nats-io/transport-node";
import type { Clock } from "../../context/index.js";
import type { NatsLink } from "./link.js";

/** Fetches from a durable consumer as much as is asked for, never more: the client library's own loop runs ahead. */
export interface Pulls {
  /** Brings what the server may still send up to that number. */
  want(count: number): void;
  /** Takes a new inbox, after a reconnect: what was asked for before is forgotten. */
  restart(): void;
  /** Ends it. What was on its way is handed over before this resolves. */
  stop(): Promise<void>;
}

export interface PullsInput {
  readonly link: NatsLink;
  readonly clock: Clock;
  readonly stream: string;
  readonly durable: string;
  readonly onMessage: (message: Msg) => void;
  /** Room came back without a message: ask again. */
  readonly onEnded: () => void;
  /** The consumer is gone, or does not answer. */
  readonly onLost: () => void;
}

const expiresMs = 30_000;
/** A server that deletes a stream may make a consumer on what is left of it: for a while orders are short-lived. */
const shortExpiresMs = 1_000;
const shortForMs = 10_000;
/** What the server tells when an order ended by itself: 404 nothing there, 408 its time is over. */
const ended: ReadonlySet<number> = new Set([404, 408]);

export function createPulls(input: PullsInput): Pulls {
  const { link, clock } = input;
  const target = `$JS.API.CONSUMER.MSG.NEXT.${input.stream}.${input.durable}`;
  let inbox = "";
  let subscription: Subscription | undefined;
  let credit = 0;
  let shortUntil = 0;
  let stopped = false;
  let cancelWatch = (): void => {};

  function receive(message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (code === 0 || message.data.length > 0) {
      credit = Math.max(0, credit - 1);
      return input.onMessage(message);
    }
    if (code === 100) return;
    const left = message.headers?.get("Nats-Pending-Messages") ?? "";
    // a server that does not tell what is left of the order: rather too much held here than nothing fetched
    credit = /^[0-9]+$/.test(left) ? Math.max(0, credit - Number(left)) : 0;
    if (stopped) return;
    if (ended.has(code)) input.onEnded();
    else lose();
  }

  function lose(): void {
    credit = 0;
    shortUntil = clock.now() + shortForMs;
    input.onLost();
  }

  /**
   * Orders whose inbox is gone stay with the server until it looks at them. Should it do so when it has a message for
   * them, that one loses its place and its count of deliveries. A short order makes it look now.
   */
  async function clearOrders(): Promise<void> {
    const order = JSON.stringify({ batch: 1, expires: 5e6 });
    const answer = await link.connection.request(target, order, { timeout: 1_000, noMux: true }).catch(() => undefined);
    if (answer !== undefined && (answer.headers?.code ?? 0) === 0) input.onMessage(answer);
  }

  /** An order that neither brings messages nor ends: the consumer, or what it was on, is gone without a word. */
  function watch(withinMs: number): void {
    cancelWatch();
    cancelWatch = clock.after(withinMs * 1.2, () => {
      if (!stopped && credit > 0 && link.state === "up") lose();
    });
  }

  function open(): void {
    inbox = createInbox();
    subscription = link.connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error === null) receive(message);
        else lose();
      },
    });
  }

  return {
    want(count) {
      const missing = Math.floor(count - credit);
      if (stopped || link.state !== "up" || missing < 1) return;
      if (subscription === undefined) open();
      credit += missing;
      const withinMs = clock.now() < shortUntil ? shortExpiresMs : expiresMs;
      const order = { batch: missing, expires: withinMs * 1e6 };
      link.connection.publish(target, JSON.stringify(order), { reply: inbox });
      watch(withinMs);
    },
    restart() {
      subscription?.unsubscribe();
      subscription = undefined;
      credit = 0;
    },
    async stop() {
      stopped = true;
      cancelWatch();
      if (subscription === undefined) return;
      await subscription.drain().catch(() => {});
      if (credit > 0 && link.state === "up") await clearOrders();
    },
  };
}
