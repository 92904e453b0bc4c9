import type { ConfirmChannel, Message } from "amqplib";
import type { Clock } from "../../context/index.js";
import { QueueError, toError, type OutgoingMessage, type PublishResult } from "../../queue/index.js";
import { createPlaces } from "../shared/places.js";
import type { Link } from "./link.js";
import { propertyText, toProperties } from "./properties.js";
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

/** The letters of one call on their way: one promise for all, and nothing for each but its place in a list. */
interface Batch {
  readonly letters: readonly Letter[];
  readonly results: (PublishResult | undefined)[];
  /** What the server said about letters that it gave back; their confirms are still to come. */
  returned: Map<number, string> | undefined;
  /** Letters without a result. */
  left: number;
  /** How many were sent. */
  sent: number;
  expiresAt: number;
  resolve: (results: PublishResult[]) => void;
}

/** Letters without a confirm at one time; further ones wait, one batch alone may be larger. */
const maxInFlight = 2_048;
/** Bytes that may be put into the client's buffer before it is waited for. */
const maxBuffered = 1_048_576;

export function createPublisher(link: Link, clock: Clock, timeoutMs: number): Publisher {
  let opening: Promise<ConfirmChannel> | undefined;
  /** In the order of publishing, which is that of their limits: one timer is enough for all. */
  const batches = new Set<Batch>();
  const places = createPlaces(() => maxInFlight);
  let watching = false;
  /** Resolves when the last of those that wait for the client's buffer has gone into it. */
  let sending: Promise<void> | undefined;

  async function openChannel(): Promise<ConfirmChannel> {
    const channel = await (await link.ready(timeoutMs)).createConfirmChannel();
    channel.on("error", () => {});
    channel.on("return", noteReturn);
    return channel;
  }

  /** A message that came back bears its id, and comes before its confirm. */
  function noteReturn({ fields, properties }: Message): void {
    const id = String(properties.messageId);
    for (const batch of batches) {
      for (let i = 0; i < batch.sent; i++) {
        const letter = batch.letters[i];
        if (letter === undefined || batch.results[i] !== undefined || batch.returned?.has(i) === true) continue;
        if (letter.key !== fields.routingKey || letter.exchange !== fields.exchange) continue;
        if (propertyText(letter.message.id) !== id) continue;
        batch.returned ??= new Map();
        batch.returned.set(i, "replyText" in fields ? String(fields.replyText) : "returned");
        return;
      }
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

  function settle(batch: Batch, i: number, result: PublishResult): void {
    if (batch.results[i] !== undefined) return;
    batch.results[i] = result;
    places.leave(1);
    if (--batch.left > 0) return;
    batches.delete(batch);
    // sound: each has one by now
    batch.resolve(batch.results as PublishResult[]);
  }

  /** Gives up what has waited for its confirm for too long. */
  function watch(): void {
    const [oldest] = batches;
    watching = oldest !== undefined;
    if (oldest === undefined) return;
    clock.after(Math.max(1, oldest.expiresAt - clock.now()), () => {
      const now = clock.now();
      for (const batch of batches) {
        if (batch.expiresAt > now) break;
        failRest(batch, 0, (to) => failure("timeout", `${to}: no confirm within ${timeoutMs} ms`));
      }
      watch();
    });
  }

  function failRest(batch: Batch, from: number, fail: (address: string) => PublishResult): void {
    for (let i = from; i < batch.letters.length; i++) {
      if (batch.results[i] === undefined) settle(batch, i, fail(batch.letters[i]?.message.address ?? ""));
    }
  }

  function confirmed(batch: Batch, i: number, error: unknown): void {
    const address = batch.letters[i]?.message.address ?? "";
    const returned = batch.returned?.get(i);
    if (error !== null && error !== undefined) settle(batch, i, refusal(address, error));
    else if (returned === undefined) settle(batch, i, confirmedResult);
    else settle(batch, i, failure("unroutable", `${address}: no queue takes it (${returned})`));
  }

  /** One batch after the other: while one waits for the buffer, none may go before the rest of it. */
  function sendInTurn(open: ConfirmChannel, batch: Batch, done: Promise<unknown>): Promise<void> {
    const turn = sending === undefined ? sendAll(open, batch, done) : sending.then(() => sendAll(open, batch, done));
    sending = turn;
    return turn.then(() => {
      if (sending === turn) sending = undefined;
    });
  }

  /** In order, and in one write where the buffer allows it. */
  async function sendAll(open: ConfirmChannel, batch: Batch, done: Promise<unknown>): Promise<void> {
    // given up while it waited for its turn
    if (batch.left === 0) return;
    const now = clock.now();
    let buffered = 0;
    for (const letter of batch.letters) {
      const i = batch.sent++;
      const { body } = letter.message;
      try {
        const full = !open.publish(
          letter.exchange,
          letter.key,
          Buffer.from(body.buffer, body.byteOffset, body.byteLength),
          toProperties(letter, now),
          (error: unknown) => confirmed(batch, i, error),
        );
        buffered += body.byteLength;
        if (!full || buffered < maxBuffered) continue;
        buffered = 0;
        await drained(open, done);
        // given up while the buffer was full
        if (batch.left === 0) return;
      } catch (error) {
        if (toError(error).name === "IllegalOperationError") {
          // the channel is gone; on another the rest would come out of order
          return failRest(batch, i, (to) => failure("disconnected", `${to}: ${toError(error).message}`, error));
        }
        // what AMQP cannot hold: a header's name of more than 255 bytes
        const { address } = letter.message;
        settle(batch, i, failure("usage", `${address}: ${letter.message.id}: ${toError(error).message}`, error));
      }
    }
  }

  return {
    async publish(letters) {
      if (letters.length === 0) return [];
      await new Promise<void>((go) => places.enter(letters.length, go));
      let open: ConfirmChannel;
      try {
        open = await channel();
      } catch (error) {
        places.leave(letters.length);
        return letters.map(() => ({ ok: false, error: toError(error) }));
      }
      const batch: Batch = {
        letters,
        results: letters.map(() => undefined),
        returned: undefined,
        left: letters.length,
        sent: 0,
        expiresAt: clock.now() + timeoutMs,
        resolve: () => {},
      };
      const done = new Promise<PublishResult[]>((resolve) => {
        batch.resolve = resolve;
      });
      batches.add(batch);
      if (!watching) watch();
      await sendInTurn(open, batch, done);
      return done;
    },
    async close() {
      const last = opening;
      opening = undefined;
      const open = await last?.catch(() => undefined);
      await open?.close().catch(() => {});
    },
  };
}

const confirmedResult: PublishResult = { ok: true };

function refusal(address: string, error: unknown): PublishResult {
  const lost = toError(error).message.includes("closed");
  return lost
    ? failure("disconnected", `${address}: the connection was lost before the confirm`, error)
    : failure("refused", `${address}: RabbitMQ refused the message`, error);
}

function failure(
  code: "disconnected" | "refused" | "timeout" | "unroutable" | "usage",
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
