import type { NodeConnectionOptions } from "@nats-io/transport-node";
import { passiveTracer, systemClock, type Clock, type Random, type Tracer } from "../context/index.js";
import { QueueError, type Broker } from "../queue/index.js";
import { createCoreSide } from "./nats/core-side.js";
import { openInbox } from "./nats/inbox.js";
import { openLink } from "./nats/link.js";
import { createRoutes, routeOf, type Route, type RouteDefaults } from "./nats/routes.js";

/**
 * Settings of a connection to NATS without JetStream.
 *
 * @example const broker = await connectNatsCore(["nats://a:4222", "nats://b:4222"], { name: "orders", maxPending: 10_000 });
 */
export interface NatsCoreOptions {
  /** Shown in the server's list of connections; `wirespan` by default. */
  readonly name?: string;
  /** Milliseconds until the first connection must stand; 10,000 by default. Later ones are tried for ever. */
  readonly connectWithinMs?: number;
  /** Milliseconds that a publish may wait for a connection and the server; 30,000 by default. */
  readonly publishWithinMs?: number;
  /** Messages that wait in a consumer, at most; what would be more is lost, `health()` counts it. 65,536 by default. */
  readonly maxPending?: number;
  /** The client library's own: `tls`, `authenticator`, … */
  readonly client?: Partial<NodeConnectionOptions>;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly tracer?: Tracer;
}

const noStreams: RouteDefaults = { stream: undefined, replicas: 1, retainMs: 0, ackWaitMs: 30_000 };

/**
 * NATS as it is without JetStream, over one connection: at most once, nothing is stored. Groups are queue groups; who
 * is not there when a message is published never gets it. Retries and what a consumer has fetched live in its process.
 *
 * @throws {QueueError} `usage` when the address is none of NATS, `refused` for wrong credentials, `disconnected` when
 * no connection stands in time.
 * @example
 * const broker = await connectNatsCore("nats://localhost:4222");
 * await consumePriceChanged(broker, async (price) => cache.set(price.sku, price));
 */
export async function connectNatsCore(
  servers: string | readonly string[],
  options: NatsCoreOptions = {},
): Promise<Broker> {
  const { name = "wirespan", connectWithinMs = 10_000, publishWithinMs = 30_000, maxPending = 65_536 } = options;
  const { clock = systemClock, random = Math.random, tracer = passiveTracer, client = {} } = options;
  const link = await openLink({ servers, name, client, connectWithinMs, clock, random });
  const routes = createRoutes();
  const core = createCoreSide({ link, clock, publishWithinMs, maxPending, find: routes.find });

  function learn(address: string): Route {
    const known = routes.get(address);
    if (known !== undefined) return known;
    const route = routeOf(address, {}, { defaults: noStreams });
    routes.add(route);
    return route;
  }

  return {
    id: "nats-core",
    capabilities: {
      confirms: false,
      redelivery: false,
      fanOut: true,
      openParameters: true,
      batch: false,
      delayedRetry: false,
      deadLetter: true,
      browse: false,
      headers: true,
      requestReply: true,
      durable: false,
      reconnect: true,
    },
    settings: { clock, random, tracer },
    deadLetterAddress: (address, group) => (group === "" ? `${address}.dead` : `${address}.${group}.dead`),
    ensure: async ({ addresses }) => {
      for (const { address } of addresses) learn(address);
    },
    publish: core.publish,
    consume: async (source, deliver) => {
      await link.ready(connectWithinMs);
      return core.consume(source, learn(source.address), deliver);
    },
    openInbox: async (deliver) => openInbox(link, deliver),
    // eslint-disable-next-line require-yield
    async *browse(address) {
      throw new QueueError("usage", `${address}: NATS keeps nothing without JetStream, so there is nothing to browse`);
    },
    health: async () => {
      if (link.state !== "up") return { ok: false, detail: link.detail };
      const lost = core.lost === 0 ? "" : `, ${core.lost} messages lost because handlers are too slow`;
      return { ok: true, detail: `connected to ${link.detail}, ${core.consumers.size} consumers${lost}` };
    },
    close: async () => {
      await Promise.all([...core.consumers].map((consumer) => consumer.drain(0)));
      await link.close();
    },
  };
}
