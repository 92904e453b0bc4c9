import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import type { NodeConnectionOptions } from "@nats-io/transport-node";
import { passiveTracer, systemClock, type Clock, type Random, type Tracer } from "../context/index.js";
import {
  QueueError,
  toError,
  type Broker,
  type BrokerConsumer,
  type BrokerDelivery,
  type OutgoingMessage,
  type PublishResult,
  type Source,
} from "../queue/index.js";
import { browseStream } from "./nats/browse.js";
import { createConsumer, type NatsConsumer } from "./nats/consumer.js";
import { createCoreSide } from "./nats/core-side.js";
import { createDeclarations, retryAddress } from "./nats/declarations.js";
import { isInbox, openInbox } from "./nats/inbox.js";
import { openLink } from "./nats/link.js";
import { addressOf, durableName, subjectOf } from "./nats/names.js";
import { createPublisher, publishError, type Letter } from "./nats/publisher.js";
import { createRoutes, routeOf, type RouteDefaults } from "./nats/routes.js";
import { findStream } from "./nats/topology.js";

/**
 * Settings of a connection to NATS with JetStream.
 *
 * @example const broker = await connectNats("tls://orders:secret@nats.example.com", { stream: "ORDERS", replicas: 3 });
 */
export interface NatsOptions {
  /** One stream for all addresses; by default each has its own, named after it. The contract may name one, too. */
  readonly stream?: string;
  /** False: streams are somebody else's to create, an address that none keeps is an error. True by default. */
  readonly createStreams?: boolean;
  /** Copies that the cluster keeps of streams made here; 1 by default. */
  readonly replicas?: number;
  /** Milliseconds after which messages leave streams made here, whether handled or not; 7 days by default. */
  readonly retainMs?: number;
  /**
   * Milliseconds after which what a dead process held is delivered again; 30,000 by default. While a process lives, it
   * keeps its deliveries for half an hour at most.
   */
  readonly ackWaitMs?: number;
  /** Where a group begins that is new at a stream: with all that is there (the default), or with what comes. */
  readonly deliver?: "all" | "new";
  /** Deliveries of a group without a verdict, over all of its processes; 20,000 by default. */
  readonly maxAckPending?: number;
  /** Shown in the server's list of connections; `wirespan` by default. */
  readonly name?: string;
  /** Milliseconds until the first connection must stand; 10,000 by default. Later ones are tried for ever. */
  readonly connectWithinMs?: number;
  /**
   * Milliseconds that a publish may wait for a connection and its confirm; 30,000 by default. After a reconnect it is
   * sent again under the same id, which the server keeps only once.
   */
  readonly publishWithinMs?: number;
  /** Messages of channels without JetStream that wait in a consumer, at most; 65,536 by default. */
  readonly maxPending?: number;
  /** The client library's own: `tls`, `authenticator`, … */
  readonly client?: Partial<NodeConnectionOptions>;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly tracer?: Tracer;
}

const weekMs = 7 * 24 * 3_600_000;

/**
 * NATS with JetStream over one connection: streams on disk, a durable consumer per group, publishes confirmed in a
 * window and deduplicated by message id. Channels with `x-nats: { core: true }` do without streams. Retries wait as
 * copies in a stream of their own, kept back by the server, so that they never hold up the others.
 *
 * @throws {QueueError} `usage` when the address is none of NATS, `refused` for wrong credentials, `disconnected` when
 * no connection stands in time, `topology` when the server has no JetStream.
 * @example
 * const broker = await connectNats("nats://localhost:4222");
 * await publishUserCreated(broker, { id: "u1", email: "ada@example.com" });
 */
export async function connectNats(servers: string | readonly string[], options: NatsOptions = {}): Promise<Broker> {
  const { name = "wirespan", connectWithinMs = 10_000, publishWithinMs = 30_000, maxPending = 65_536 } = options;
  const { clock = systemClock, random = Math.random, tracer = passiveTracer, client = {} } = options;
  const { createStreams = true, deliver: deliverFrom = "all", maxAckPending = 20_000 } = options;
  const defaults: RouteDefaults = {
    stream: options.stream,
    replicas: options.replicas ?? 1,
    retainMs: options.retainMs ?? weekMs,
    ackWaitMs: options.ackWaitMs ?? 30_000,
  };
  const link = await openLink({ servers, name, client, connectWithinMs, clock, random });
  let jsm: JetStreamManager;
  try {
    jsm = await jetstreamManager(link.connection, { timeout: connectWithinMs });
  } catch (cause) {
    await link.close();
    const why = "start the server with -js, or connect with connectNatsCore";
    throw new QueueError("topology", `NATS has no JetStream for this account (${toError(cause).message}): ${why}`, {
      cause,
    });
  }
  const routes = createRoutes();
  const declarations = createDeclarations({ jsm, routes, defaults, createStreams, deliverFrom, maxAckPending });
  const { learn, declareGroup, declareRetries } = declarations;
  const core = createCoreSide({ link, clock, publishWithinMs, maxPending, find: routes.find });
  const publisher = createPublisher(link, clock, publishWithinMs);
  const consumers = new Set<NatsConsumer>();

  function letterOf(message: OutgoingMessage): Letter {
    const route = routes.find(message.address);
    const subject = subjectOf(message.address, route?.open === true);
    if (route === undefined) return { message, subject, shared: true };
    const place = declarations.placeOf(route);
    const restore = place === undefined ? undefined : () => declarations.restoreStream(route);
    return { message, subject, shared: place?.shared ?? true, restore };
  }

  async function publish(batch: readonly OutgoingMessage[]): Promise<readonly PublishResult[]> {
    const isCore = ({ address }: OutgoingMessage): boolean => isInbox(address) || routes.find(address)?.core === true;
    if (batch.some(isCore)) return publishMixed(batch, isCore);
    const letters: Letter[] = [];
    const failed = new Map<OutgoingMessage, PublishResult>();
    for (const message of batch) {
      try {
        letters.push(letterOf(message));
      } catch (error) {
        failed.set(message, { ok: false, error: publishError({ message }, error) });
      }
    }
    const sent = await publisher.publish(letters);
    if (failed.size === 0) return sent;
    const rest = sent.values();
    return batch.map((message) => failed.get(message) ?? rest.next().value ?? { ok: true });
  }

  async function publishMixed(
    batch: readonly OutgoingMessage[],
    isCore: (message: OutgoingMessage) => boolean,
  ): Promise<readonly PublishResult[]> {
    const plain = core.publish(batch.filter(isCore));
    const stored = publish(batch.filter((message) => !isCore(message)));
    const [fromCore, fromStreams] = [(await plain).values(), (await stored).values()];
    return batch.map((message) => (isCore(message) ? fromCore : fromStreams).next().value ?? { ok: true });
  }

  async function consume(source: Source, deliver: (batch: readonly BrokerDelivery[]) => void): Promise<BrokerConsumer> {
    await link.ready(connectWithinMs);
    const { address, group, prefetch } = source;
    const route = learn(address, source.bindings ?? {}, group === "");
    if (route.core) return core.consume(source, route, deliver);
    const main = await declareGroup(route, group);
    const retry = await declareRetries(route, group);
    const retries = retryAddress(address, group);
    const consumer = createConsumer({
      link,
      clock,
      group,
      prefetch,
      ackWaitMs: route.stream.ackWaitMs,
      main,
      retry,
      addressOf: (subject) => addressOf(address, route.open, subject),
      deliver,
      postpone: async (message, retryAt, dedupe) => {
        const extras = { address: message.address, retryAt, dedupe };
        const [result] = await publisher.publish([
          { message, subject: subjectOf(retries, false), shared: false, extras },
        ]);
        return result ?? { ok: false, error: new QueueError("refused", `${retries}: no result`) };
      },
      restore: async () => {
        declarations.forget(address);
        declarations.forget(retries);
        await declareGroup(route, group);
        await declareRetries(route, group);
      },
      onClosed: () => consumers.delete(consumer),
    });
    consumers.add(consumer);
    return consumer;
  }

  async function* browse(address: string, limit: number, group: string): AsyncIterable<BrokerDelivery> {
    const route = routes.get(address) ?? routeOf(address, {}, { defaults, direct: group === "" });
    let left = limit;
    for (const place of [route, routes.get(retryAddress(address, group))]) {
      if (place === undefined || left <= 0) continue;
      const found = declarations.placeOf(place) ?? (await findStream(jsm, place.pattern));
      if (found === undefined) continue;
      const durable = durableName(place === route ? group : "", place.pattern, found.shared);
      const request = { stream: found.name, subject: place.pattern, durable, limit: left };
      for await (const letter of browseStream(jsm, request)) {
        left--;
        yield letter(addressOf(address, route.open, letter.subject), group);
      }
    }
  }

  async function depth({ address, group }: Pick<Source, "address" | "group">): Promise<number | undefined> {
    const route = routes.get(address) ?? routeOf(address, {}, { defaults, direct: group === "" });
    if (route.core) return undefined;
    try {
      const place = declarations.placeOf(route) ?? (await findStream(jsm, route.pattern));
      if (place === undefined) return undefined;
      const info = await jsm.consumers.info(place.name, durableName(group, route.pattern, place.shared));
      const waiting = info.num_pending + info.num_ack_pending;
      const retries = await findStream(jsm, subjectOf(retryAddress(address, group), false));
      return retries === undefined ? waiting : waiting + (await jsm.streams.info(retries.name)).state.messages;
    } catch {
      // no such group
      return undefined;
    }
  }

  return {
    id: "nats",
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
    deadLetterAddress: (address, group) => (group === "" ? `${address}.dead` : `${address}.${group}.dead`),
    ensure: async ({ addresses }) => {
      await link.ready(connectWithinMs);
      for (const address of addresses) await declarations.declare(address);
    },
    publish,
    consume,
    openInbox: async (deliver) => openInbox(link, deliver),
    depth,
    browse: (address, { limit, group = "" }) => browse(address, limit, group),
    health: async () => {
      if (link.state !== "up") return { ok: false, detail: link.detail };
      const fault = [...consumers].map((consumer) => consumer.fault).find((error) => error !== undefined);
      if (fault !== undefined) return { ok: false, detail: fault.message };
      const lost = core.lost === 0 ? "" : `, ${core.lost} messages lost because handlers are too slow`;
      return {
        ok: true,
        detail: `connected to ${link.detail}, ${consumers.size + core.consumers.size} consumers${lost}`,
      };
    },
    close: async () => {
      await Promise.all([...consumers, ...core.consumers].map((consumer) => consumer.drain(0)));
      publisher.close();
      await link.close();
    },
  };
}
