import type { Channel, ChannelModel } from "amqplib";
import type { Source, TopologyAddress } from "../../queue/index.js";
import { createRoutes, routeOf, type Route } from "./routes.js";
import { declareAddress, topologyError } from "./topology.js";

/** What publishers and consumers asked for: where messages go, and what to declare again after a reconnect. */
export interface Declarations {
  declare(
    topology: TopologyAddress,
    withChannel: (use: (channel: Channel) => Promise<void>) => Promise<void>,
  ): Promise<void>;
  /** Declares again what publishers or consumers need; their connection is new. */
  restore(model: ChannelModel, of: "published" | "consumed"): Promise<void>;
  isConsumed(address: string, group: string): boolean;
  consumedAt(address: string): readonly TopologyAddress[];
  /** Where a message to a concrete address goes. */
  routeTo(address: string): Route;
  /** The route of an address as it was declared, or would be without bindings. */
  routeOf(address: string, group: string): Route;
  /** Delays of a group that have queues, ascending. */
  tiersOf(source: Pick<Source, "address" | "group">): readonly number[];
}

/** True when it takes a consumer to want that: publishers need no groups, and dead letters go to a queue that is there. */
export function forConsumers({ groups }: TopologyAddress): boolean {
  return groups.some(
    ({ group, retryDelaysMs, deadLetter }) => group !== "" || retryDelaysMs.length > 0 || deadLetter !== undefined,
  );
}

export function createDeclarations(exchange: string): Declarations {
  const routes = createRoutes();
  const published = new Map<string, TopologyAddress>();
  const consumed = new Map<string, TopologyAddress>();

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

  return {
    async declare(topology, withChannel) {
      const { address, groups } = topology;
      const route = learn(topology);
      const declared = forConsumers(topology) ? consumed : published;
      const key = JSON.stringify([address, groups.map(({ group }) => group)]);
      try {
        await withChannel((channel) => declareAddress(channel, route, topology, declared === consumed));
      } catch (error) {
        throw topologyError(address, error);
      }
      declared.set(key, mergeTiers(declared.get(key), topology));
    },
    async restore(model, of) {
      const declared = of === "consumed" ? consumed : published;
      for (const topology of declared.values()) {
        const route = routes.get(topology.address);
        if (route === undefined) continue;
        const channel = await model.createChannel();
        channel.on("error", () => {});
        try {
          await declareAddress(channel, route, topology, of === "consumed");
        } finally {
          await channel.close().catch(() => {});
        }
      }
    },
    isConsumed: (address, group) =>
      [...consumed.values()].some(
        (topology) => topology.address === address && topology.groups.some((candidate) => candidate.group === group),
      ),
    consumedAt: (address) => [...consumed.values()].filter((topology) => topology.address === address),
    routeTo: (address) => routes.find(address) ?? routeOf(address, {}, { exchange }),
    routeOf: (address, group) => routes.get(address) ?? routeOf(address, {}, { exchange, direct: group === "" }),
    tiersOf({ address, group }) {
      const delays = [...consumed.values()]
        .filter((topology) => topology.address === address)
        .flatMap((topology) => topology.groups.filter((candidate) => candidate.group === group))
        .flatMap(({ retryDelaysMs }) => retryDelaysMs);
      return [...new Set(delays)].filter((delay) => delay > 0).sort((a, b) => a - b);
    },
  };
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
