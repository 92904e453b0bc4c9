import type { JetStreamManager } from "@nats-io/jetstream";
import type { TopologyAddress } from "../../queue/index.js";
import type { PullPlace } from "./consumer.js";
import { durableName } from "./names.js";
import { routeOf, type Route, type RouteDefaults, type Routes } from "./routes.js";
import { ensureConsumer, ensureStream, type StreamPlace } from "./topology.js";

/** Streams and durable consumers that a broker object was asked for. */
export interface Declarations {
  /** The route of an address. One that is a queue of dead letters stays so. */
  learn(address: string, bindings: Readonly<Record<string, unknown>>, direct: boolean): Route;
  declare(topology: TopologyAddress): Promise<void>;
  declareStream(route: Route): Promise<StreamPlace>;
  /** A group's durable consumer. */
  declareGroup(route: Route, group: string): Promise<PullPlace>;
  /** Where copies of a group's failed messages wait. */
  declareRetries(route: Route, group: string): Promise<PullPlace>;
  /** Undefined until its stream was declared. */
  placeOf(route: Route): StreamPlace | undefined;
  /** Makes an address's stream again; true when there is one then. */
  restoreStream(route: Route): Promise<boolean>;
  /** The stream may be gone: looked for at the next use. */
  forget(address: string): void;
}

/** The address where a group's failed messages wait. */
export function retryAddress(address: string, group: string): string {
  return `${address}.${group === "" ? "queue" : group}.retry`;
}

/** Copies that wait for a retry, at most; naks count against it, so it must never be what a group runs into. */
const maxRetriesPending = 100_000;

export function createDeclarations(input: {
  readonly jsm: JetStreamManager;
  readonly routes: Routes;
  readonly defaults: RouteDefaults;
  readonly createStreams: boolean;
  readonly deliverFrom: "all" | "new";
  readonly maxAckPending: number;
}): Declarations {
  const { jsm, routes, defaults } = input;
  const declared = new Map<string, Promise<StreamPlace>>();
  /** The same once it is known, for those who publish. */
  const places = new Map<string, StreamPlace>();

  function learn(address: string, bindings: Readonly<Record<string, unknown>>, direct: boolean): Route {
    const known = routes.get(address);
    if (known?.direct === true) return known;
    if (known !== undefined && !direct && Object.keys(bindings).length === 0) return known;
    const route = routeOf(address, bindings, { defaults, direct });
    routes.add(route);
    return route;
  }

  function declareStream(route: Route): Promise<StreamPlace> {
    let done = declared.get(route.address);
    if (done === undefined) {
      const retention = route.direct ? "workqueue" : "limits";
      const create = input.createStreams || route.direct;
      done = ensureStream(jsm, { subject: route.pattern, settings: route.stream, retention, create });
      declared.set(route.address, done);
      done.then(
        (place) => places.set(route.address, place),
        () => declared.delete(route.address),
      );
    }
    return done;
  }

  async function declareDurable(
    route: Route,
    group: string,
    more: { readonly ackWaitMs: number; readonly from: "all" | "new"; readonly maxAckPending: number },
  ): Promise<PullPlace> {
    const place = await declareStream(route);
    const durable = durableName(group, route.pattern, place.shared);
    await ensureConsumer(jsm, place.name, {
      durable_name: durable,
      ack_policy: "explicit",
      ack_wait: more.ackWaitMs * 1e6,
      deliver_policy: more.from,
      filter_subject: route.pattern,
      max_ack_pending: more.maxAckPending,
    });
    return { stream: place.name, durable };
  }

  function declareGroup(route: Route, group: string): Promise<PullPlace> {
    const from = route.direct ? "all" : input.deliverFrom;
    return declareDurable(route, group, {
      ackWaitMs: route.stream.ackWaitMs,
      from,
      maxAckPending: input.maxAckPending,
    });
  }

  return {
    learn,
    declareStream,
    declareGroup,
    declareRetries(route, group) {
      const retries = learn(retryAddress(route.address, group), {}, true);
      const { ackWaitMs } = route.stream;
      return declareDurable(retries, "", { ackWaitMs, from: "all", maxAckPending: maxRetriesPending });
    },
    async declare({ address, groups, bindings }) {
      const direct = groups.some(({ group }) => group === "");
      const route = learn(address, bindings, direct);
      if (!route.core) await declareStream(route);
      for (const { group, deadLetter } of groups) {
        if (!route.core) await declareGroup(route, group);
        if (deadLetter === undefined) continue;
        const dead = routes.get(deadLetter) ?? learn(deadLetter, {}, true);
        if (!dead.core) await declareStream(dead);
      }
    },
    placeOf: (route) => places.get(route.address),
    async restoreStream(route) {
      declared.delete(route.address);
      await declareStream(route);
      return true;
    },
    forget: (address) => void declared.delete(address),
  };
}
