import type { ConfirmChannel, Message } from "amqplib";
import type { Clock } from "../../context/index.js";
import { QueueError, toError, type OutgoingMessage, type PublishResult } from "../../queue/index.js";
import type { Link } from "./link.js";
import { toProperties } from "./properties.js";
import type { PublishRules } from "./rules.js";

/** A message and where the server is to put it. */
export interface Letter {
  readonly message: OutgoingMessage;
  readonly exchange: string;
  readonly key: string;
  /** Sent along where the routing key does not tell the address. */
  readonly address: string | undefined;
  readonly rules: PublishRules;
}

/** Publishes over one confirm channel. */
export interface Publisher {
  /** A result per letter once the server has confirmed or refused it. Never rejects. */
  publish(letters: readonly Letter[]): Promise<PublishResult[]>;
  /** Gives up the channel, and with it what it has no confirm for; a later publish opens another. */
  close(): Promise<void>;
}

interface Pending {
  readonly letter: Letter;
  readonly expiresAt: number;
  returned: string | undefined;
  settle(result: PublishResult): void;
}

/** Letters without a confirm at one time; further ones wait. */
const maxInFlight = 2_048;

export function createPublisher(link: Link, clock: Clock, timeoutMs: number): Publisher {
  let opening: Promise<ConfirmChannel> | undefined;
  /** By message id: a returned message comes back with its id, before its confirm. */
  const pending = new Map<string, Set<Pending>>();
  const waiting: (() => void)[] = [];
  let inFlight = 0;
  /** In the order of publishing, which is that of their limits: one timer is enough for all. */
  const order = new Set<Pending>();
  let watching = false;

  /** Gives up what has waited for its confirm for too long. */
  function watch(): void {
    const [oldest] = order;
    watching = oldest !== undefined;
    if (oldest === undefined) return;
    clock.after(Math.max(1, oldest.expiresAt - clock.now()), () => {
      const now = clock.now();
      for (const entry of order) {
        if (entry.expiresAt > now) break;
        entry.settle(failure("timeout", `${entry.letter.message.address}: no confirm within ${timeoutMs} ms`));
      }
      watch();
    });
  }

  async function openChannel(): Promise<ConfirmChannel> {
    const channel = await (await link.ready(timeoutMs)).createConfirmChannel();
    channel.on("error", () => {});
    channel.on("return", noteReturn);
    return channel;
  }

  function noteReturn({ fields, properties }: Message): void {
    const id: unknown = properties.messageId;
    for (const candidate of pending.get(String(id)) ?? []) {
      const { letter } = candidate;
      if (candidate.returned !== undefined) continue;
      if (letter.exchange !== fields.exchange || letter.key !== fields.routingKey) continue;
      candidate.returned = "replyText" in fields ? String(fields.replyText) : "returned";
      return;
    }
  }

  /** The channel, opened anew after it was lost. */
  function channel(): Promise<ConfirmChannel> {
    if (opening !== undefined) return opening;
    const mine = openChannel();
    const forget = (): void => {
      if (opening === mine) opening = undefined;
    };
    mine.then((open) => open.on("close", forget), forget);
    opening = mine;
    return mine;
  }

  function takePlace(): Promise<void> | undefined {
    if (inFlight < maxInFlight) {
      inFlight++;
      return undefined;
    }
    return new Promise((resolve) => waiting.push(resolve));
  }

  function freePlace(): void {
    const next = waiting.shift();
    if (next === undefined) inFlight--;
    else next();
  }

  function send(
    open: ConfirmChannel,
    letter: Letter,
  ): { readonly result: Promise<PublishResult>; readonly full: boolean } {
    const options = toProperties(letter, clock.now());
    const id = String(options.messageId);
    let full = false;
    const result = new Promise<PublishResult>((resolve) => {
      const entry: Pending = {
        letter,
        expiresAt: clock.now() + timeoutMs,
        returned: undefined,
        settle(outcome) {
          order.delete(entry);
          const group = pending.get(id);
          group?.delete(entry);
          if (group?.size === 0) pending.delete(id);
          freePlace();
          resolve(outcome);
          entry.settle = () => {};
        },
      };
      let group = pending.get(id);
      if (group === undefined) pending.set(id, (group = new Set()));
      group.add(entry);
      order.add(entry);
      if (!watching) watch();
      const { body } = letter.message;
      try {
        full = !open.publish(
          letter.exchange,
          letter.key,
          Buffer.from(body.buffer, body.byteOffset, body.byteLength),
          options,
          (error: unknown) => entry.settle(outcomeOf(entry, error)),
        );
      } catch (error) {
        const text = toError(error).message;
        entry.settle(failure("disconnected", `${letter.message.address}: ${text}`, error));
      }
    });
    return { result, full };
  }

  return {
    async publish(letters) {
      const results: (Promise<PublishResult> | PublishResult)[] = [];
      let lost: PublishResult | undefined;
      for (const letter of letters) {
        if (lost !== undefined) {
          results.push(lost);
          continue;
        }
        const place = takePlace();
        if (place !== undefined) await place;
        let open: ConfirmChannel;
        try {
          open = await channel();
        } catch (error) {
          freePlace();
          // the others of the batch would wait as long in vain, and out of order
          lost = { ok: false, error: toError(error) };
          results.push(lost);
          continue;
        }
        const { result, full } = send(open, letter);
        results.push(result);
        if (full) await drained(open, result);
      }
      return Promise.all(results);
    },
    async close() {
      const last = opening;
      opening = undefined;
      const open = await last?.catch(() => undefined);
      await open?.close().catch(() => {});
    },
  };
}

function outcomeOf({ letter, returned }: Pending, error: unknown): PublishResult {
  const { address } = letter.message;
  if (error !== null && error !== undefined) {
    const text = toError(error).message;
    const lost = text.includes("closed");
    return lost
      ? failure("disconnected", `${address}: the connection was lost before the confirm`, error)
      : failure("refused", `${address}: RabbitMQ refused the message`, error);
  }
  if (returned !== undefined) return failure("unroutable", `${address}: no queue takes it (${returned})`);
  return { ok: true };
}

function failure(
  code: "disconnected" | "refused" | "timeout" | "unroutable",
  text: string,
  cause?: unknown,
): PublishResult {
  return { ok: false, error: new QueueError(code, text, { cause }) };
}

/** Waits until the channel's buffer has room, or is gone. */
function drained(channel: ConfirmChannel, settled: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      channel.off("drain", done);
      channel.off("close", done);
      resolve();
    };
    channel.on("drain", done);
    channel.on("close", done);
    void settled.then(done);
  });
}
