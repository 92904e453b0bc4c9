import type { ChannelModel, GetMessage } from "amqplib";
import { passiveTracer, systemClock, type Clock, type Random, type Tracer } from "../context/index.js";
import {
  messageHeaders,
  numberHeader,
  QueueError,
  type Broker,
  type BrokerDelivery,
  type OutgoingMessage,
  type Source,
  type TopologyAddress,
} from "../queue/index.js";
import { createConsumer, type RabbitConsumer } from "./rabbitmq/consumer.js";
import { createInbox, isInbox, type RabbitInbox } from "./rabbitmq/inbox.js";
import { createLink, type Link } from "./rabbitmq/link.js";
import { deadQueue } from "./rabbitmq/names.js";
import { fromMessage } from "./rabbitmq/properties.js";
import { createPublisher, type Letter } from "./rabbitmq/publisher.js";
import { createRoutes, queueOf, routeOf, routingKey, type Route } from "./rabbitmq/routes.js";
import { defaultRules } from "./rabbitmq/rules.js";
import { declareAddress, queueDepth, topologyError } from "./rabbitmq/topology.js";

/**
 * Settings of a connection to RabbitMQ.
 *
 * @example const broker = await connectRabbitmq("amqps://orders:secret@mq.example.com/shop", { name: "orders", publishWithinMs: 5_000 });
 */
export interface RabbitmqOptions {
  /** The topic exchange of channels whose contract names none; `wirespan` by default. */
  readonly exchange?: string;
  /** Shown in the server's list of connections; `wirespan` by default. */
  readonly name?: string;
  /** Milliseconds until the first connection must stand; 10,000 by default. Later ones are tried for ever. */
  readonly connectWithinMs?: number;
  /**
   * Milliseconds that a publish may wait for a connection and its confirm; 30,000 by default. One whose connection is
   * lost in between rejects at once: nobody knows whether it arrived.
   */
  readonly publishWithinMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly tracer?: Tracer;
}

/** Nobody waits for a reply across a restart of the server; one whose asker is gone is an error all the same. */
const replyRules = { ...defaultRules, persistent: false };

/** A retry queue confirms within milliseconds or is in trouble; a failed message takes up prefetch until then. */
const retryWithinMs = 5_000;

/**
 * RabbitMQ over amqplib: two connections, one to publish (confirmed, persistent, returned when no queue takes it) and
 * one to consume (manual acknowledgement, prefetch); both come back after a loss, with all that was declared and
 * consumed. Retries wait in quorum queues, one per delay.
 *
 * @throws {QueueError} `usage` when the address is no AMQP URL, `disconnected` when no connection stands in time.
 * @example
 * const broker = await connectRabbitmq("amqp://localhost");
 * await publishUserCreated(broker, { id: "u1", email: "ada@example.com" });
 */
export async function connectRabbitmq(url: string, options: RabbitmqOptions = {}): Promise<Broker> {
  const { exchange = "wirespan", name = "wirespan", connectWithinMs = 10_000, publishWithinMs = 30_000 } = options;
  if (!/^amqps?:\/\//.test(url) || !URL.canParse(url)) {
    throw new QueueError(
      "usage",
      "the address of RabbitMQ must be a URL such as amqp://localhost or amqps://user@host/vhost",
    );
  }
  const { clock = systemClock, random = Math.random, tracer = passiveTracer } = options;
  const routes = createRoutes();
  /** What publishers and consumers asked for, to be declared again after a reconnect. */
  const published = new Map<string, TopologyAddress>();
  const consumed = new Map<string, TopologyAddress>();
  const consumers = new Set<RabbitConsumer>();
  const inboxes = new Set<RabbitInbox>();
  let consumeLink: Link | undefined;

  async function restore(model: ChannelModel, declared: ReadonlyMap<string, TopologyAddress>): Promise<void> {
    for (const topology of declared.values()) {
      const route = routes.get(topology.address);
      if (route === undefined) continue;
      const channel = await model.createChannel();
      channel.on("error", () => {});
      try {
        await declareAddress(channel, route, topology, declared === consumed);
      } finally {
        await channel.close().catch(() => {});
      }
    }
  }

  const publishLink = createLink({
    url,
    name: `${name} publish`,
    clock,
    random,
    onUp: async (model) => {
      const channel = await model.createChannel();
      channel.on("error", () => {});
      await channel.assertExchange(exchange, "topic", { durable: true });
      await channel.close();
      await restore(model, published);
    },
  });
  const publisher = createPublisher(publishLink, clock, publishWithinMs);

  function consuming(): Link {
    consumeLink ??= createLink({
      url,
      name: `${name} consume`,
      clock,
      random,
      onUp: async (model) => {
        await restore(model, consumed);
        // they wait for this very connection, so they must not be waited for here
        for (const started of [...consumers, ...inboxes]) void started.start().catch(() => {});
      },
    });
    return consumeLink;
  }

  /** The route of an address. One that is a queue of dead letters stays so until bindings say otherwise. */
  function learn({ address, groups, bindings }: TopologyAddress): Route {
    const direct = groups.some(({ group }) => group === "");
    const known = routes.get(address);
    if (known?.direct === true && Object.keys(bindings).length === 0) return known;
    const route = routeOf(address, bindings, { exchange, direct });
    routes.add(route);
    for (const { deadLetter } of groups) {
      if (deadLetter !== undefined && routes.get(deadLetter) === undefined) {
        routes.add(routeOf(deadLetter, {}, { exchange, direct: true }));
      }
    }
    return route;
  }

  async function declare(topology: TopologyAddress): Promise<void> {
    const { address, groups } = topology;
    const route = learn(topology);
    const forConsumers = groups.some(({ group, retryDelaysMs, deadLetter }) => {
      return group !== "" || retryDelaysMs.length > 0 || deadLetter !== undefined;
    });
    const link = forConsumers ? consuming() : publishLink;
    const declared = forConsumers ? consumed : published;
    const key = JSON.stringify([address, groups.map(({ group }) => group)]);
    try {
      await link.withChannel(connectWithinMs, (channel) => declareAddress(channel, route, topology, forConsumers));
    } catch (error) {
      throw topologyError(address, error);
    }
    declared.set(key, mergeTiers(declared.get(key), topology));
  }

  function letterOf(message: OutgoingMessage): Letter {
    if (isInbox(message.address)) {
      return { message, exchange: "", key: message.address, address: undefined, rules: replyRules };
    }
    const route = routes.find(message.address) ?? routeOf(message.address, {}, { exchange });
    const address = route.translated || route.address !== message.address ? message.address : undefined;
    return {
      message,
      exchange: route.exchange.name,
      key: routingKey(route, message.address),
      address,
      rules: route.rules,
    };
  }

  function tiersOf({ address, group }: Pick<Source, "address" | "group">): readonly number[] {
    const delays = [...consumed.values()]
      .filter((topology) => topology.address === address)
      .flatMap((topology) => topology.groups.filter((candidate) => candidate.group === group))
      .flatMap(({ retryDelaysMs }) => retryDelaysMs);
    return [...new Set(delays)].filter((delay) => delay > 0).sort((a, b) => a - b);
  }

  async function consume(source: Source, deliver: (batch: readonly BrokerDelivery[]) => void): Promise<RabbitConsumer> {
    const { address, group, prefetch } = source;
    if (routes.get(address) === undefined || !isDeclared(consumed, address, group)) {
      await declare({ address, groups: [{ group, retryDelaysMs: [], deadLetter: undefined }], bindings: {} });
    }
    const route = routes.get(address) ?? routeOf(address, {}, { exchange });
    const consumer = createConsumer({
      link: consuming(),
      publisher,
      retryPublisher: createPublisher(publishLink, clock, Math.min(publishWithinMs, retryWithinMs)),
      clock,
      queue: queueOf(route, group),
      group,
      prefetch,
      addressOf: (key) => (route.direct || !address.includes("{") ? address : key),
      tiers: () => tiersOf(source),
      deliver,
      restore: async () => {
        for (const topology of consumed.values()) if (topology.address === address) await declare(topology);
      },
      onClosed: () => consumers.delete(consumer),
    });
    await consuming().ready(connectWithinMs);
    try {
      await consumer.start();
    } catch (error) {
      throw topologyError(address, error);
    }
    consumers.add(consumer);
    return consumer;
  }

  async function* browse(address: string, limit: number, group: string): AsyncIterable<BrokerDelivery> {
    const route = routes.get(address) ?? routeOf(address, {}, { exchange, direct: group === "" });
    const queue = queueOf(route, group);
    const messages = await consuming().withChannel(connectWithinMs, async (channel) => {
      const found: GetMessage[] = [];
      while (found.length < limit) {
        const message = await channel.get(queue, { noAck: false });
        if (message === false) break;
        found.push(message);
      }
      // closing the channel puts them back where they were
      return found;
    });
    for (const message of messages) yield browsed(message, fromMessage(message, address), group);
  }

  const broker: Broker = {
    id: "rabbitmq",
    capabilities: {
      confirms: true,
      redelivery: true,
      fanOut: true,
      openParameters: true,
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
    deadLetterAddress: (address, group, bindings) =>
      deadQueue(queueOf(routeOf(address, bindings, { exchange, direct: group === "" }), group)),
    ensure: async ({ addresses }) => {
      for (const address of addresses) await declare(address);
    },
    publish: (batch) => publisher.publish(batch.map(letterOf)),
    consume,
    async openInbox(deliver) {
      await consuming().ready(connectWithinMs);
      const inbox = createInbox(consuming(), deliver);
      await inbox.start();
      inboxes.add(inbox);
      return {
        address: inbox.address,
        close: async () => {
          inboxes.delete(inbox);
          await inbox.close();
        },
      };
    },
    depth: (source) => {
      const { address, group } = source;
      const route = routes.get(address) ?? routeOf(address, {}, { exchange, direct: group === "" });
      return queueDepth(consuming(), connectWithinMs, queueOf(route, group), tiersOf(source));
    },
    browse: (address, { limit, group = "" }) => browse(address, limit, group),
    health: async () => {
      const links = consumeLink === undefined ? [publishLink] : [publishLink, consumeLink];
      const down = links.find(({ state }) => state !== "up");
      if (down !== undefined) return { ok: false, detail: `${down.state}: ${down.lastError?.message ?? "connecting"}` };
      if (publishLink.blocked) return { ok: false, detail: "the server takes no messages (memory or disk alarm)" };
      const fault = [...consumers].map((consumer) => consumer.fault).find((error) => error !== undefined);
      if (fault !== undefined) return { ok: false, detail: fault.message };
      return { ok: true, detail: `connected, ${consumers.size} consumers` };
    },
    close: async () => {
      await Promise.all([...consumers].map((consumer) => consumer.drain(0)));
      await Promise.all([...inboxes].map((inbox) => inbox.close()));
      await consumeLink?.close();
      await publisher.close();
      await publishLink.close();
    },
  };
  try {
    await publishLink.ready(connectWithinMs);
  } catch (error) {
    await publishLink.close();
    throw error;
  }
  return broker;
}

function isDeclared(declared: ReadonlyMap<string, TopologyAddress>, address: string, group: string): boolean {
  return [...declared.values()].some(
    (topology) => topology.address === address && topology.groups.some((candidate) => candidate.group === group),
  );
}

/** Tiers that an earlier consumer of the group asked for stay: messages may wait in them. */
function mergeTiers(before: TopologyAddress | undefined, now: TopologyAddress): TopologyAddress {
  if (before === undefined) return now;
  const groups = now.groups.map((group) => {
    const known = before.groups.find((candidate) => candidate.group === group.group);
    if (known === undefined) return group;
    const retryDelaysMs = [...new Set([...known.retryDelaysMs, ...group.retryDelaysMs])].sort((a, b) => a - b);
    return { ...group, retryDelaysMs };
  });
  return { ...now, groups };
}

function browsed(message: GetMessage, content: OutgoingMessage, group: string): BrokerDelivery {
  const refuse = (): Promise<never> => Promise.reject(new QueueError("usage", "a browsed message cannot be settled"));
  return {
    ...content,
    group,
    position: `${message.fields.routingKey}#${message.fields.deliveryTag}`,
    attempt: numberHeader(content.headers, messageHeaders.attempt, 1) ?? 1,
    redelivered: message.fields.redelivered,
    ack: refuse,
    nack: refuse,
    extend: refuse,
  };
}
