import { passiveTracer, systemClock, type Clock, type Random, type Tracer } from "../../context/index.js";
import {
  QueueError,
  toError,
  type Broker,
  type BrokerDelivery,
  type Inbox,
  type OutgoingMessage,
  type Source,
  type TopologyAddress,
} from "../../queue/index.js";
import { browseTopic } from "./browse.js";
import { createConsumer, type KafkaConsumer } from "./consumer.js";
import { toQueueError } from "./failure.js";
import { inboxOf, openInbox } from "./inbox.js";
import { deadTopic, groupName, topicName } from "./names.js";
import type { KafkaPort } from "./port.js";
import { createPublisher, type Letter } from "./publisher.js";
import { adapterHeaders } from "./records.js";
import { createRetries, type Retries } from "./retries.js";
import { createRoutes, type Route } from "./routes.js";
import { createTopics } from "./topics.js";
import { persist, within } from "./wait.js";

/** Settings that both Kafka adapters share. */
export interface KafkaBrokerOptions {
  /** Milliseconds until the first connection must stand, a group be joined, a topic be made; 10,000 by default. */
  readonly connectWithinMs?: number;
  /**
   * Milliseconds that a publish may wait for a connection and its confirm; 30,000 by default. It is repeated in
   * between; with `idempotent` no repetition is written twice. One that was given up may have arrived.
   */
  readonly publishWithinMs?: number;
  /**
   * Milliseconds for which acknowledgements are collected before the offsets are committed; 5 by default. More saves
   * requests, and repeats as many more messages after a crash.
   */
  readonly commitIntervalMs?: number;
  /** The topic for replies, shared by all that ask; `wirespan.replies` by default. */
  readonly replyTopic?: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly tracer?: Tracer;
}

const healthWithinMs = 3_000;
/** A retry topic confirms within milliseconds or is in trouble; a failed message takes up prefetch until then. */
const retryWithinMs = 5_000;
/** Dead letters wait for people: the server's week is not theirs. */
const deadConfiguration = { "retention.ms": "-1" };

/** The broker over either client library. Pings the server first. */
export async function openKafkaBroker(
  port: KafkaPort,
  options: KafkaBrokerOptions & { readonly transactional: boolean },
): Promise<Broker> {
  const { connectWithinMs = 10_000, publishWithinMs = 30_000, commitIntervalMs = 5 } = options;
  const { clock = systemClock, random = Math.random, tracer = passiveTracer } = options;
  const replyTopic = topicName(options.replyTopic ?? "wirespan.replies");
  const routes = createRoutes();
  const topics = createTopics(port, clock);
  const publishing = { port, topics, clock, transactional: options.transactional };
  const publisher = createPublisher({ ...publishing, withinMs: publishWithinMs });
  const consumers = new Set<KafkaConsumer>();
  const inboxes = new Set<Inbox>();
  const retries = new Map<string, Retries>();
  let closed = false;
  // without a connection nothing else keeps the process alive, and a consumer must be there when the server is
  const held = setInterval(() => {}, 2 ** 31 - 1);

  function groupIdOf(route: Route, group: string): string {
    return route.groupId === group && group !== "" ? group : groupName(route.topic, group);
  }

  /** The route of what is to be consumed or browsed. */
  function closedRoute(address: string, bindings: Readonly<Record<string, unknown>> = {}): Route {
    const route = routes.learn(address, bindings);
    if (!route.open) return route;
    throw new QueueError(
      "unsupported",
      `${address}: Kafka cannot consume an address with its parameters open; give them values, or let all share a topic (bindings.kafka.topic)`,
    );
  }

  function retriesOf(route: Route, group: string): Retries {
    const key = `${route.topic}\0${group}`;
    let known = retries.get(key);
    if (known === undefined) {
      const { topic, replicas } = route;
      known = createRetries({
        topic,
        group,
        clock,
        publisher,
        withinMs: Math.min(publishWithinMs, retryWithinMs),
        create: async (name) => {
          // as many as the topic has, so that a key stays with its kind
          const partitions = (await topics.partitions(topic, connectWithinMs)) ?? -1;
          await topics.create({ topic: name, partitions, replicas, configuration: {} }, connectWithinMs);
        },
      });
      retries.set(key, known);
    }
    return known;
  }

  async function declare({ address, groups, bindings }: TopologyAddress): Promise<void> {
    const route = routes.learn(address, bindings);
    if (route.open) {
      // a publisher gives values to the parameters; each address has a topic of its own then, made by whom consumes it
      if (groups.length > 0) closedRoute(address);
      return;
    }
    const { topic, partitions, replicas, configuration } = route;
    await topics.create({ topic, partitions, replicas, configuration }, connectWithinMs);
    for (const { group, retryDelaysMs, deadLetter } of groups) {
      for (const delay of retryDelaysMs) if (delay > 0) await retriesOf(route, group).declare(delay);
      if (deadLetter === undefined) continue;
      const dead = routes.find(deadLetter);
      const settings = { partitions: dead.partitions, replicas: dead.replicas === -1 ? replicas : dead.replicas };
      const configured = { ...deadConfiguration, ...dead.configuration };
      await topics.create({ topic: dead.topic, ...settings, configuration: configured }, connectWithinMs);
    }
  }

  function letterOf(message: OutgoingMessage): Letter {
    const { address } = message;
    const inbox = inboxOf(address);
    if (inbox !== undefined) {
      const { topic, partition, id } = inbox;
      return { message, topic, partition, headers: { [adapterHeaders.inbox]: id } };
    }
    const { topic } = routes.find(address);
    return { message, topic, headers: topic === address ? undefined : { [adapterHeaders.address]: address } };
  }

  async function consume(
    { address, group, prefetch, bindings }: Source,
    deliver: (batch: readonly BrokerDelivery[]) => void,
  ): Promise<KafkaConsumer> {
    if (closed) throw new QueueError("closed", "the broker is closed");
    const route = closedRoute(address, bindings);
    const { topic } = route;
    if ((await topics.partitions(topic, connectWithinMs).catch(rethrow(address))) === undefined) {
      throw new QueueError("topology", `${address}: there is no topic ${topic}; create it, or call ensure first`);
    }
    const tiers = retriesOf(route, group);
    tiers.adopt(await persist(clock, connectWithinMs, () => port.topics()).catch(rethrow(address)));
    const consumer = await createConsumer({
      port,
      clock,
      groupId: groupIdOf(route, group),
      clientId: route.clientId,
      group,
      address,
      topic,
      prefetch,
      commitIntervalMs,
      connectWithinMs,
      retries: tiers,
      deliver,
      onClosed: () => consumers.delete(consumer),
    });
    consumers.add(consumer);
    return consumer;
  }

  async function* browse(address: string, limit: number, group: string): AsyncIterable<BrokerDelivery> {
    const route = closedRoute(address);
    const { topic } = route;
    if ((await topics.partitions(topic, connectWithinMs).catch(rethrow(address))) === undefined) {
      throw new QueueError("topology", `${address}: there is no topic ${topic}`);
    }
    const groupId = groupIdOf(route, group);
    try {
      yield* browseTopic({ port, clock, topic, groupId, address, group, limit, withinMs: connectWithinMs });
    } catch (error) {
      throw toQueueError(address, error);
    }
  }

  /** What was written and not committed, retries that wait included. */
  async function depth(address: string, group: string): Promise<number | undefined> {
    const route = closedRoute(address);
    const names = [route.topic, ...retriesOf(route, group).topics()];
    try {
      return await persist(clock, connectWithinMs, async () => {
        const committed = await port.committed(groupIdOf(route, group), names);
        let sum = 0;
        for (const name of names) {
          for (const { partition, low, high } of await port.offsets(name)) {
            const known = committed.find((one) => one.topic === name && one.partition === partition);
            sum += Math.max(0, high - Math.max(low, known?.offset ?? low));
          }
        }
        return sum;
      });
    } catch (error) {
      throw toQueueError(address, error);
    }
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    await Promise.all([...consumers].map((consumer) => consumer.drain(0)));
    await Promise.all([...inboxes].map((inbox) => inbox.close()));
    await publisher.close();
    await port.close();
    clearInterval(held);
  }

  try {
    await within(
      clock,
      connectWithinMs,
      persist(clock, connectWithinMs, () => port.ping()),
    );
  } catch (error) {
    clearInterval(held);
    // it may be connecting still: nobody has to wait for that
    void port.close().catch(() => {});
    throw new QueueError("disconnected", `no connection to Kafka at ${port.servers}: ${toError(error).message}`, {
      cause: error,
    });
  }
  return {
    id: "kafka",
    capabilities: {
      confirms: true,
      redelivery: true,
      fanOut: true,
      openParameters: false,
      batch: true,
      delayedRetry: true,
      deadLetter: true,
      browse: true,
      headers: true,
      requestReply: true,
      durable: true,
      reconnect: true,
    },
    settings: { clock, random, tracer },
    deadLetterAddress: (address, group, bindings) => deadTopic(routes.learn(address, bindings).topic, group),
    ensure: async ({ addresses }) => {
      if (closed) throw new QueueError("closed", "the broker is closed");
      for (const address of addresses) await declare(address);
    },
    publish: (batch) => publisher.send(batch.map(letterOf)),
    consume,
    openInbox: async (deliver) => {
      if (closed) throw new QueueError("closed", "the broker is closed");
      const inbox = await openInbox(
        { port, clock, topics, topic: replyTopic, withinMs: connectWithinMs },
        deliver,
      ).catch(rethrow(replyTopic));
      inboxes.add(inbox);
      return {
        address: inbox.address,
        close: async () => {
          if (inboxes.delete(inbox)) await inbox.close();
        },
      };
    },
    depth: ({ address, group }) => depth(address, group),
    browse: (address, { limit, group = "" }) => browse(address, limit, group),
    health: async () => {
      if (closed) return { ok: false, detail: "closed" };
      const failed = await within(clock, healthWithinMs, port.ping()).then(() => undefined, toError);
      if (failed !== undefined) return { ok: false, detail: `${port.servers}: ${failed.message}` };
      const fault = [...consumers].map((consumer) => consumer.fault).find((error) => error !== undefined);
      if (fault !== undefined) return { ok: false, detail: fault.message };
      return { ok: true, detail: `connected to ${port.servers}, ${consumers.size} consumers` };
    },
    close,
  };
}

function rethrow(what: string): (error: unknown) => never {
  return (error) => {
    throw toQueueError(what, error);
  };
}
