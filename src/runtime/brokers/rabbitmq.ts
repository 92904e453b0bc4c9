import { passiveTracer, systemClock, type Clock, type Random, type Tracer } from "../context/index.js";
import {
  QueueError,
  type Broker,
  type BrokerDelivery,
  type OutgoingMessage,
  type Source,
  type TopologyAddress,
} from "../queue/index.js";
import { browse } from "./rabbitmq/browse.js";
import { createConsumer, type RabbitConsumer } from "./rabbitmq/consumer.js";
import { createDeclarations, forConsumers } from "./rabbitmq/declarations.js";
import { createInbox, isInbox, type RabbitInbox } from "./rabbitmq/inbox.js";
import { createLink, type Link } from "./rabbitmq/link.js";
import { deadQueue } from "./rabbitmq/names.js";
import { createPublisher, type Letter } from "./rabbitmq/publisher.js";
import { isOpen, queueOf, routeOf, routingKey } from "./rabbitmq/routes.js";
import { defaultRules } from "./rabbitmq/rules.js";
import { queueDepth, topologyError } from "./rabbitmq/topology.js";

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
  const declarations = createDeclarations(exchange);
  const consumers = new Set<RabbitConsumer>();
  const inboxes = new Set<RabbitInbox>();
  let consumeLink: Link | undefined;

  const publishLink = createLink({
    url,
    name: `${name} publish`,
    clock,
    random,
    letIn: false,
    onUp: async (model) => {
      const channel = await model.createChannel();
      channel.on("error", () => {});
      await channel.assertExchange(exchange, "topic", { durable: true });
      await channel.close();
      await declarations.restore(model, "published");
    },
  });
  const publisher = createPublisher(publishLink, clock, publishWithinMs);

  function consuming(): Link {
    consumeLink ??= createLink({
      url,
      name: `${name} consume`,
      clock,
      random,
      letIn: true,
      onUp: async (model) => {
        await declarations.restore(model, "consumed");
        // they wait for this very connection, so they must not be waited for here
        for (const consumer of consumers) void consumer.start().catch(() => {});
        for (const inbox of inboxes) void inbox.reopen();
      },
    });
    return consumeLink;
  }

  async function declare(topology: TopologyAddress): Promise<void> {
    const link = forConsumers(topology) ? consuming() : publishLink;
    await declarations.declare(topology, (use) => link.withChannel(connectWithinMs, use));
  }

  function letterOf(message: OutgoingMessage): Letter {
    if (isInbox(message.address)) {
      return { message, exchange: "", key: message.address, address: undefined, rules: replyRules };
    }
    const route = declarations.routeTo(message.address);
    const address = route.translated || route.address !== message.address ? message.address : undefined;
    return {
      message,
      exchange: route.exchange.name,
      key: routingKey(route, message.address),
      address,
      rules: route.rules,
    };
  }

  async function consume(source: Source, deliver: (batch: readonly BrokerDelivery[]) => void): Promise<RabbitConsumer> {
    const { address, group, prefetch, bindings = {} } = source;
    if (!declarations.isConsumed(address, group)) {
      await declare({ address, groups: [{ group, retryDelaysMs: [], deadLetter: undefined }], bindings });
    }
    const route = declarations.routeOf(address, group);
    const consumer = createConsumer({
      link: consuming(),
      publisher,
      retryPublisher: createPublisher(publishLink, clock, Math.min(publishWithinMs, retryWithinMs)),
      clock,
      queue: queueOf(route, group),
      group,
      prefetch,
      addressOf: (key) => (isOpen(route) ? key : address),
      tiers: () => declarations.tiersOf(source),
      deliver,
      restore: async () => {
        for (const topology of declarations.consumedAt(address)) await declare(topology);
      },
      onClosed: () => consumers.delete(consumer),
    });
    await consuming().ready(connectWithinMs);
    try {
      await consumer.start();
    } catch (error) {
      // else it would try again by itself, and one day consume for nobody
      await consumer.drain(0);
      throw topologyError(address, error);
    }
    consumers.add(consumer);
    return consumer;
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
      const inbox = createInbox(consuming(), clock, deliver);
      await inbox.open();
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
      const queue = queueOf(declarations.routeOf(source.address, source.group), source.group);
      return queueDepth(consuming(), connectWithinMs, queue, declarations.tiersOf(source));
    },
    browse(address, { limit, group = "" }) {
      const queue = queueOf(declarations.routeOf(address, group), group);
      return browse(consuming(), connectWithinMs, { address, queue, group, limit });
    },
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
