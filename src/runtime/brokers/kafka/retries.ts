import { sleep, type Clock } from "../../context/index.js";
import {
  copyHeaders,
  messageHeaders,
  QueueError,
  toError,
  type BrokerDelivery,
  type OutgoingMessage,
} from "../../queue/index.js";
import { roundDelay, tierFor } from "../shared/tiers.js";
import { delayOf, retryTopic } from "./names.js";
import type { Publisher } from "./publisher.js";
import { adapterHeaders } from "./records.js";

/** The retry topics of one group at one topic. */
export interface Retries {
  /** Names of those that exist. */
  topics(): readonly string[];
  /** Those that exist already, made by an earlier version of the contract perhaps: messages may wait in them. */
  adopt(names: readonly string[]): void;
  /** Creates the topic of a delay. */
  declare(delayMs: number): Promise<void>;
  /** Resolves once a copy of the message is safe there; `isNew`: the topic was made for it. */
  delay(message: OutgoingMessage, delayMs: number): Promise<{ readonly isNew: boolean }>;
}

export function createRetries(input: {
  readonly topic: string;
  readonly group: string;
  readonly clock: Clock;
  readonly publisher: Publisher;
  /** Milliseconds until a copy must be confirmed. */
  readonly withinMs: number;
  readonly create: (topic: string) => Promise<void>;
}): Retries {
  const { topic, group, clock, publisher } = input;
  let tiers: readonly number[] = [];

  function add(delayMs: number): void {
    if (!tiers.includes(delayMs)) tiers = [...tiers, delayMs].sort((a, b) => a - b);
  }

  async function declare(delayMs: number): Promise<void> {
    if (tiers.includes(delayMs)) return;
    await input.create(retryTopic(topic, group, delayMs));
    add(delayMs);
  }

  return {
    topics: () => tiers.map((tier) => retryTopic(topic, group, tier)),
    adopt(names) {
      for (const name of names) {
        const delay = delayOf(name, topic, group);
        if (delay !== undefined) add(delay);
      }
    },
    declare,
    async delay(message, delayMs) {
      const known = tierFor(tiers, delayMs);
      const tier = known ?? roundDelay(delayMs);
      if (known === undefined) await declare(tier);
      const due = clock.now() + tier;
      const headers = { [adapterHeaders.retryAt]: String(due), [adapterHeaders.address]: message.address };
      const [result] = await publisher.send(
        [{ message, topic: retryTopic(topic, group, tier), headers }],
        input.withinMs,
      );
      if (result?.ok !== true) throw result?.error ?? new QueueError("refused", `${topic}: no result`);
      return { isNew: known === undefined };
    },
  };
}

/** What a message waits in the consumer's hands when its retry topic takes nothing; bounds how fast it goes round. */
const downDelayMs = 1_000;

/** The copy is safe, or why not and with which headers the original goes on: the attempt is not counted then. */
export type Delayed =
  | { readonly error: undefined; readonly isNew: boolean }
  | { readonly error: Error; readonly headers: Readonly<Record<string, string>> };

/** Puts a copy of a message where it waits for its next attempt. Never rejects. */
export async function delayDelivery(
  { retries, clock, signal }: { readonly retries: Retries; readonly clock: Clock; readonly signal: AbortSignal },
  delivery: BrokerDelivery,
  delayMs: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<Delayed> {
  const counted = { [messageHeaders.attempt]: String(delivery.attempt + 1) };
  const since = clock.now();
  try {
    const copy = { ...delivery, headers: copyHeaders(delivery.headers, counted, headers) };
    const { isNew } = await retries.delay(copy, delayMs);
    return { error: undefined, isNew };
  } catch (error) {
    const rest = Math.min(delayMs, downDelayMs) - (clock.now() - since);
    if (rest > 0) await sleep(clock, rest, signal).catch(() => {});
    const again = { ...headers, [messageHeaders.attempt]: String(delivery.attempt) };
    return { error: toError(error), headers: again };
  }
}
