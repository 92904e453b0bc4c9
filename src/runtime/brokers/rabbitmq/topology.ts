import type { Channel } from "amqplib";
import { QueueError, type TopologyAddress } from "../../queue/index.js";
import type { Link } from "./link.js";
import { boundName, retryQueue } from "./names.js";
import { queueOf, type Route } from "./routes.js";

/** Creates what an address needs on a channel of its own: a refusal of the server closes the channel. */
export async function declareAddress(
  channel: Channel,
  route: Route,
  topology: TopologyAddress,
  forConsumers: boolean,
): Promise<void> {
  const { exchange } = route;
  if (exchange.name !== "" && !exchange.name.startsWith("amq.")) {
    const { type, durable, autoDelete } = exchange;
    await channel.assertExchange(exchange.name, type, { durable, autoDelete });
  }
  for (const { group, retryDelaysMs, deadLetter } of topology.groups) {
    const queue = queueOf(route, group);
    const own = route.direct || route.queue?.name === queue ? route.queue : undefined;
    // an exclusive queue belongs to its consumer's connection: a publisher must not take it
    if (!forConsumers && (own?.exclusive === true || own?.autoDelete === true)) continue;
    await channel.assertQueue(queue, {
      durable: own?.durable ?? true,
      exclusive: own?.exclusive ?? false,
      autoDelete: own?.autoDelete ?? false,
    });
    if (exchange.name !== "") {
      await channel.bindQueue(queue, exchange.name, exchange.type === "fanout" ? "" : route.pattern);
    }
    for (const delay of retryDelaysMs) await declareTier(channel, queue, delay);
    if (deadLetter !== undefined) await channel.assertQueue(boundName(deadLetter), { durable: true });
  }
}

/**
 * A queue where messages wait before they return. One per delay, because a message that expires waits for those in
 * front of it; a quorum queue with at-least-once dead-lettering, because anything else loses confirmed messages when
 * the server is killed. A trap remains: a quorum queue that is younger than about three seconds when the server is
 * killed may be empty or take no messages afterwards (3.10 registers it on disk with a delay); `retries.ts` copes.
 */
export async function declareTier(channel: Channel, queue: string, delayMs: number): Promise<void> {
  await channel.assertQueue(retryQueue(queue, delayMs), {
    durable: true,
    arguments: {
      "x-queue-type": "quorum",
      "x-message-ttl": delayMs,
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": queue,
      "x-dead-letter-strategy": "at-least-once",
      "x-overflow": "reject-publish",
    },
  });
}

/**
 * Messages that are ready in a queue, and those that wait to return to it; what consumers hold is not counted.
 * Undefined: there is no such queue.
 */
export async function queueDepth(
  link: Link,
  withinMs: number,
  queue: string,
  tiers: readonly number[],
): Promise<number | undefined> {
  try {
    return await link.withChannel(withinMs, async (channel) => {
      let waiting = 0;
      for (const name of [queue, ...tiers.map((tier) => retryQueue(queue, tier))]) {
        waiting += (await channel.checkQueue(name)).messageCount;
      }
      return waiting;
    });
  } catch (error) {
    if (String(error).includes("404")) return undefined;
    throw topologyError(queue, error);
  }
}

/** What the server said about a declaration it refused. */
export function topologyError(address: string, cause: unknown): QueueError {
  if (cause instanceof QueueError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const help = text.includes("406") ? ": it exists with other settings, delete it or align the contract" : "";
  return new QueueError("topology", `${address}: ${text}${help}`, { cause });
}
