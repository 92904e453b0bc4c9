import type { Clock } from "../../context/index.js";
import { isQueueError, QueueError, toError, type OutgoingMessage } from "../../queue/index.js";
import { roundDelay, tierFor } from "../shared/tiers.js";
import type { Link } from "./link.js";
import { retryQueue } from "./names.js";
import type { Publisher } from "./publisher.js";
import { defaultRules } from "./rules.js";
import { declareTier } from "./topology.js";

/** The retry queues of one consumer's queue. */
export interface Retries {
  /** Resolves once a copy of the message is safe in the queue of that delay. @throws {QueueError} when it is not. */
  delay(message: OutgoingMessage, delayMs: number): Promise<void>;
  /** Which queue takes no messages, and why. */
  readonly fault: QueueError | undefined;
  /** Forgets faults: behind a new connection the server may be another one. */
  reset(): void;
  close(): Promise<void>;
}

/** How often a queue that took no messages is tried again. */
const probeEveryMs = 10_000;

export function createRetries(input: {
  readonly link: Link;
  /** Of these queues alone: one that stalls holds up every confirm of its channel, which is given up then. */
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly queue: string;
  /** Delays whose queues were declared, ascending; asked each time, because there may be more of them. */
  readonly tiers: () => readonly number[];
}): Retries {
  const { link, publisher, clock, queue } = input;
  const faults = new Map<string, { readonly error: QueueError; probeAt: number }>();

  const declare = (delayMs: number): Promise<void> =>
    link.withChannel(10_000, (channel) => declareTier(channel, queue, delayMs));

  async function send(message: OutgoingMessage, place: string): Promise<void> {
    const [result] = await publisher.publish([
      { message, exchange: "", key: place, address: message.address, rules: defaultRules },
    ]);
    if (result?.ok !== true) throw result?.error ?? new QueueError("refused", `${place}: no result`);
  }

  function noteDown(place: string, cause: unknown, probed: boolean): QueueError {
    const code = isQueueError(cause) ? cause.code : "refused";
    const error = new QueueError(code, `${place} takes no messages: ${toError(cause).message}`, { cause });
    const isNews = probed || !faults.has(place);
    faults.set(place, { error, probeAt: clock.now() + probeEveryMs });
    // its letters would pile up in the server's side of the channel, which slows down the whole connection in the end,
    // and would come as so many copies should the queue recover
    if (isNews) void publisher.close();
    return error;
  }

  return {
    get fault() {
      const [first] = faults.values();
      return first?.error;
    },
    reset: () => faults.clear(),
    close: () => publisher.close(),
    async delay(message, delayMs) {
      const known = tierFor(input.tiers(), delayMs);
      const tier = known ?? roundDelay(delayMs);
      if (known === undefined) await declare(tier);
      const place = retryQueue(queue, tier);
      const fault = faults.get(place);
      if (fault !== undefined) {
        if (clock.now() < fault.probeAt) throw fault.error;
        // one message probes, the others do not wait for what becomes of it
        fault.probeAt = clock.now() + probeEveryMs;
      }
      try {
        await send(message, place).catch(async (error: unknown) => {
          if (!isQueueError(error, "unroutable")) throw error;
          // deleted, by somebody who repairs things perhaps
          await declare(tier);
          await send(message, place);
        });
      } catch (error) {
        // without a connection nothing is known about the queue
        if (isQueueError(error, "disconnected") || isQueueError(error, "closed")) throw error;
        throw noteDown(place, error, fault !== undefined);
      }
      faults.delete(place);
    },
  };
}
