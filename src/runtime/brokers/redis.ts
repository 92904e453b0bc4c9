import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { passiveTracer, systemClock, type Clock, type Random, type Tracer } from "../context/index.js";
import {
  QueueError,
  type Broker,
  type BrokerDelivery,
  type Source,
  type Topology,
  type TopologyAddress,
} from "../queue/index.js";
import { browse } from "./redis/browse.js";
import { createConsumer, type RedisConsumer } from "./redis/consumer.js";
import { openInbox, type RedisInbox } from "./redis/inbox.js";
import { createLink, queueError, type Link, type RedisClientLike } from "./redis/link.js";
import { createKeys, deadAddress, groupName } from "./redis/names.js";
import { createPublisher } from "./redis/publisher.js";
import { depth } from "./redis/scripts.js";
import { declareAddress } from "./redis/topology.js";
import { createTrimmer, retentionOf } from "./redis/trimmer.js";
import { createWatcher, type Watcher } from "./redis/watcher.js";
import { credentialsOf } from "./shared/credentials.js";

export type { RedisClientLike } from "./redis/link.js";

/**
 * Settings of a connection to Redis.
 *
 * @example const broker = await connectRedis("rediss://orders:secret@redis.example.com", { keyPrefix: "shop:", claimIdleMs: 10_000 });
 */
export interface RedisOptions {
  /** Shown in the server's list of clients, begins the names of consumers; `wirespan` by default. */
  readonly name?: string;
  /** Before all keys; empty by default. */
  readonly keyPrefix?: string;
  /**
   * Puts addresses into braces, so that all keys of a stream lie in one slot of a cluster; false by default. Streams
   * have other names then: the same for all programs.
   */
  readonly hashTags?: boolean;
  /**
   * Milliseconds without a sign of life after which the deliveries of a consumer go to others; 30,000 by default, at
   * least 100. Consumers at work give signs by themselves, however long their handlers take.
   */
  readonly claimIdleMs?: number;
  /**
   * Milliseconds that entries stay although all groups are done with them; they are deleted at once by default. The
   * contract's `x-redis` counts more.
   */
  readonly retainMs?: number;
  /** Milliseconds between two looks for entries that all groups are done with; 10,000 by default. */
  readonly trimEveryMs?: number;
  /** Milliseconds until the first connection must stand; 10,000 by default. Later ones are tried for ever. */
  readonly connectWithinMs?: number;
  /**
   * Milliseconds that a publish may wait for a connection and its answer; 30,000 by default. One whose connection is
   * lost in between fails at once: nobody knows whether it arrived.
   */
  readonly publishWithinMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly tracer?: Tracer;
}

/**
 * Redis Streams over `redis`: a consumer group per group, one connection for commands and, once something is consumed,
 * one that waits. Both come back after a loss, with all that was declared and consumed. A failed message waits in a
 * sorted set; what a consumer leaves that dies goes to another after `claimIdleMs`; entries that all groups are done
 * with are deleted.
 *
 * `source`: an address, or a client of `redis` whose settings are used for connections of the broker's own; the client
 * itself stays the program's.
 *
 * @throws {QueueError} `usage` when the address is no Redis URL, `refused` when user or password are wrong,
 * `disconnected` when no connection stands in time.
 * @example
 * const broker = await connectRedis("redis://localhost");
 * await publishOrderPlaced(broker, { id: "o1" });
 */
export async function connectRedis(source: string | RedisClientLike, options: RedisOptions = {}): Promise<Broker> {
  const { name = "wirespan", keyPrefix = "", hashTags = false } = options;
  const { claimIdleMs = 30_000, retainMs, trimEveryMs = 10_000 } = options;
  const { connectWithinMs = 10_000, publishWithinMs = 30_000 } = options;
  const { clock = systemClock, random = Math.random, tracer = passiveTracer } = options;
  if (typeof source === "string" && (!/^rediss?:\/\//.test(source) || !URL.canParse(source))) {
    throw new QueueError(
      "usage",
      "the address of Redis must be a URL such as redis://localhost or rediss://user@host/0",
    );
  }
  if (typeof source === "string") credentialsOf(new URL(source));
  if (!(claimIdleMs >= 100)) throw new QueueError("usage", `claimIdleMs must be at least 100, not ${claimIdleMs}`);
  const keys = createKeys(keyPrefix, hashTags);
  /** What was asked for, to be created again should the server lose it. */
  const declared = new Map<string, TopologyAddress>();
  const queues = new Set<string>();
  const bindings = new Map<string, Readonly<Record<string, unknown>>>();
  const consumers = new Set<RedisConsumer>();
  const inboxes = new Set<RedisInbox>();
  let consuming: { readonly link: Link; readonly watcher: Watcher } | undefined;

  const link = createLink({ source, name, clock, random, onUp: () => void restore() });
  const publisher = createPublisher({ link, clock, withinMs: publishWithinMs, streamOf: (to) => keys.stream(to) });
  const trimmer = createTrimmer({ link, clock, random, everyMs: trimEveryMs });

  async function restore(): Promise<void> {
    for (const topology of declared.values()) await declareAddress(link, keys, topology).catch(() => {});
    for (const consumer of consumers) consumer.wakeUp();
    for (const inbox of inboxes) inbox.renew();
  }

  function watch(): { readonly link: Link; readonly watcher: Watcher } {
    if (consuming === undefined) {
      const waiting = createLink({ source, name: `${name}-consume`, clock, random, onUp: () => {} });
      consuming = { link: waiting, watcher: createWatcher({ link: waiting, other: link, clock }) };
    }
    return consuming;
  }

  async function declare(topology: TopologyAddress): Promise<void> {
    await link.ready(connectWithinMs);
    await declareAddress(link, keys, topology);
    for (const { group, deadLetter } of topology.groups) {
      if (group === "") queues.add(topology.address);
      if (deadLetter !== undefined) queues.add(deadLetter);
    }
    if (topology.groups.length === 0) return;
    if (Object.keys(topology.bindings).length > 0) bindings.set(topology.address, topology.bindings);
    declared.set(JSON.stringify([topology.address, topology.groups.map(({ group }) => group)]), topology);
  }

  async function consume(source: Source, deliver: (batch: readonly BrokerDelivery[]) => void): Promise<RedisConsumer> {
    const { address, group, prefetch } = source;
    await declare({ address, groups: [{ group, retryDelaysMs: [], deadLetter: undefined }], bindings: {} });
    const known = source.bindings ?? bindings.get(address) ?? {};
    const { link: waiting, watcher } = watch();
    await waiting.ready(connectWithinMs);
    const stream = keys.stream(address);
    const queue = group === "";
    const release = queue ? () => {} : trimmer.use(stream, retentionOf(known, { ageMs: retainMs, length: undefined }));
    const consumer: RedisConsumer = createConsumer({
      place: {
        link,
        keys: { main: stream, redeliver: keys.redeliver(address, group) },
        wake: keys.wake(address, group),
        retry: keys.retry(address, group),
        group: groupName(group),
        consumer: `${name}-${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`,
        queue,
      },
      watcher,
      clock,
      random,
      address,
      group,
      prefetch,
      claimIdleMs,
      deliver,
      restore,
      onClosed: () => {
        consumers.delete(consumer);
        release();
      },
    });
    consumers.add(consumer);
    return consumer;
  }

  const broker: Broker = {
    id: "redis",
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
    deadLetterAddress: deadAddress,
    ensure: async ({ addresses }: Topology) => {
      for (const address of addresses) await declare(address);
    },
    publish: (batch) => publisher.publish(batch),
    consume,
    openInbox: async (deliver) => {
      const { link: waiting, watcher } = watch();
      await Promise.all([link.ready(connectWithinMs), waiting.ready(connectWithinMs)]);
      const inbox = await openInbox({ link, watcher, clock, deliver, streamOf: (address) => keys.stream(address) });
      inboxes.add(inbox);
      return {
        address: inbox.address,
        close: () => {
          inboxes.delete(inbox);
          return inbox.close();
        },
      };
    },
    depth: async ({ address, group }) => {
      const places = [keys.stream(address), keys.redeliver(address, group), keys.retry(address, group)];
      const queue = group === "" || queues.has(address);
      try {
        const waiting = Number(await link.run(depth, places, [groupName(group), queue ? 1 : 0]));
        return waiting < 0 ? undefined : waiting;
      } catch (error) {
        throw queueError(address, error);
      }
    },
    browse: (address, { limit, group = "" }) => browse(link, keys, { address, group, limit }),
    health: async () => {
      const links = consuming === undefined ? [link] : [link, consuming.link];
      const down = links.find(({ state }) => state !== "up");
      if (down !== undefined) return { ok: false, detail: `${down.state}: ${down.lastError?.message ?? "connecting"}` };
      return { ok: true, detail: `connected, ${consumers.size} consumers` };
    },
    close: async () => {
      await Promise.all([...consumers].map((consumer) => consumer.drain(0)));
      // without a connection there is nobody to tell; their streams expire
      if (link.state === "up") await Promise.all([...inboxes].map((inbox) => inbox.close()));
      trimmer.close();
      await consuming?.watcher.close();
      link.close();
    },
  };
  try {
    await link.ready(connectWithinMs);
  } catch (error) {
    link.close();
    throw error;
  }
  return broker;
}
