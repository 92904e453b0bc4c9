import { hasParameters, matchAddress, recordOf } from "../../queue/index.js";
import { patternOf, safeName } from "./names.js";

/** What the contract says of an address, with what holds where it is silent. */
export interface Route {
  readonly address: string;
  /** What consumers subscribe to. */
  readonly pattern: string;
  /** It has parameters. */
  readonly open: boolean;
  /** The address is one queue: work for whoever is there, dead letters. */
  readonly direct: boolean;
  /** Without JetStream: nothing is stored. */
  readonly core: boolean;
  readonly stream: StreamSettings;
}

export interface StreamSettings {
  readonly name: string;
  /** Several addresses are in it. */
  readonly shared: boolean;
  readonly replicas: number;
  readonly storage: "file" | "memory";
  /** 0: for ever. */
  readonly retainMs: number;
  /** -1: no limit. */
  readonly maxBytes: number;
  readonly maxMessages: number;
  /** Milliseconds in which a second message of an id is dropped; undefined: the server's. */
  readonly duplicateWindowMs: number | undefined;
  readonly ackWaitMs: number;
}

export interface RouteDefaults {
  /** One stream for all addresses; undefined: one each. */
  readonly stream: string | undefined;
  readonly replicas: number;
  readonly retainMs: number;
  readonly ackWaitMs: number;
}

/** Reads the bindings `nats`, and ours, `x-nats` and `x-jetstream`, beside or below it. */
export function routeOf(
  address: string,
  bindings: Readonly<Record<string, unknown>>,
  { defaults, direct = false }: { readonly defaults: RouteDefaults; readonly direct?: boolean },
): Route {
  const nats = recordOf(bindings["nats"]);
  const extensions = [nats, nats["x-nats"], nats["x-jetstream"], bindings["x-nats"], bindings["x-jetstream"]];
  const said = Object.assign({}, ...extensions.map(recordOf)) as Readonly<Record<string, unknown>>;
  // a queue's name is a name, whatever braces it has
  const open = !direct && hasParameters(address);
  const pattern = patternOf(address, open);
  const name = direct ? undefined : (textOf(said["stream"]) ?? defaults.stream);
  return {
    address,
    pattern,
    open,
    direct,
    core: said["core"] === true,
    stream: {
      name: safeName(name ?? pattern),
      shared: name !== undefined,
      replicas: numberOf(said["replicas"]) ?? defaults.replicas,
      storage: said["storage"] === "memory" ? "memory" : "file",
      maxBytes: numberOf(said["maxBytes"]) ?? -1,
      maxMessages: numberOf(said["maxMessages"]) ?? -1,
      duplicateWindowMs: numberOf(said["duplicateWindowMs"]),
      retainMs: direct ? 0 : (numberOf(said["retainMs"]) ?? defaults.retainMs),
      ackWaitMs: numberOf(said["ackWaitMs"]) ?? defaults.ackWaitMs,
    },
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
const numberOf = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) && value > 0 ? value : undefined;

/** The routes a broker was told of, by concrete address. */
export interface Routes {
  add(route: Route): void;
  get(template: string): Route | undefined;
  /** The route of a concrete address. */
  find(address: string): Route | undefined;
}

const maxCached = 10_000;

export function createRoutes(): Routes {
  const exact = new Map<string, Route>();
  const found = new Map<string, Route | undefined>();
  return {
    add(route) {
      exact.set(route.address, route);
      found.clear();
    },
    get: (template) => exact.get(template),
    find(address) {
      const route = exact.get(address);
      if (route !== undefined) return route;
      if (found.has(address)) return found.get(address);
      let match: Route | undefined;
      for (const candidate of exact.values()) {
        if (candidate.open && matchAddress(candidate.address)(address) !== undefined) {
          match = candidate;
          break;
        }
      }
      if (found.size >= maxCached) found.clear();
      found.set(address, match);
      return match;
    },
  };
}
