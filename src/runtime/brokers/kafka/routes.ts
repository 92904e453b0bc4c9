import { hasParameters, matchAddress, recordOf } from "../../queue/index.js";
import { topicName } from "./names.js";

/** What the contract's `kafka` bindings say about an address, with what holds where they are silent. */
export interface Route {
  readonly address: string;
  readonly topic: string;
  /** True when every address that fits the template goes to this one topic. */
  readonly shared: boolean;
  /** True while the parameters of the address decide about the topic. */
  readonly open: boolean;
  /** -1: the server's default. */
  readonly partitions: number;
  readonly replicas: number;
  readonly configuration: Readonly<Record<string, string>>;
  /** The group that the contract names as it is; other groups get a name of their own for each topic. */
  readonly groupId: string | undefined;
  readonly clientId: string | undefined;
}

/** Reads the bindings of channel and operation. */
export function routeOf(address: string, bindings: Readonly<Record<string, unknown>>): Route {
  const kafka = recordOf(bindings["kafka"]);
  const named = textOf(kafka["topic"]);
  const open = hasParameters(named ?? address);
  return {
    address,
    topic: named === undefined || open ? topicName(address) : topicName(named),
    shared: !open && hasParameters(address),
    open,
    partitions: countOf(kafka["partitions"]),
    replicas: countOf(kafka["replicas"]),
    configuration: configurationOf(recordOf(kafka["topicConfiguration"])),
    groupId: onlyValue(kafka["groupId"]),
    clientId: onlyValue(kafka["clientId"]),
  };
}

/** Bindings of the operation are schemas; one that admits a single value names it. */
function onlyValue(binding: unknown): string | undefined {
  const text = textOf(binding);
  if (text !== undefined) return text;
  const schema = recordOf(binding);
  const choices = schema["enum"];
  return textOf(schema["const"]) ?? (Array.isArray(choices) && choices.length === 1 ? textOf(choices[0]) : undefined);
}

function configurationOf(binding: Readonly<Record<string, unknown>>): Record<string, string> {
  const configuration: Record<string, string> = {};
  for (const [name, value] of Object.entries(binding)) {
    if (!/^[a-z][a-z0-9.]{0,100}$/.test(name)) continue;
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (values.every((item) => typeof item === "string" || typeof item === "number" || typeof item === "boolean")) {
      configuration[name] = values.join(",");
    }
  }
  return configuration;
}

function countOf(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value <= 100_000 ? value : -1;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The routes a broker was told of. */
export interface Routes {
  /** The route of an address or template; with bindings that say something it is learnt anew. */
  learn(address: string, bindings: Readonly<Record<string, unknown>>): Route;
  /** Where a message to a concrete address goes. */
  find(address: string): Route;
}

/** Addresses that are made up at run time must not fill the memory. */
const maxCached = 10_000;

export function createRoutes(): Routes {
  const told = new Map<string, Route>();
  const templates: Route[] = [];
  const found = new Map<string, Route>();

  function search(address: string): Route {
    const template = templates.find((candidate) => matchAddress(candidate.address)(address) !== undefined);
    return template === undefined ? routeOf(address, {}) : { ...template, address };
  }

  return {
    learn(address, bindings) {
      const known = told.get(address);
      if (known !== undefined && Object.keys(recordOf(bindings["kafka"])).length === 0) return known;
      const fresh = routeOf(address, bindings);
      // the channel's bindings come with one call, those of an operation with another
      const route: Route = known === undefined ? fresh : merge(known, fresh, recordOf(bindings["kafka"]));
      const index = templates.findIndex((candidate) => candidate.address === address);
      if (index >= 0) templates.splice(index, 1);
      if (route.shared) templates.push(route);
      if (told.size >= maxCached) told.clear();
      told.set(address, route);
      found.clear();
      return route;
    },
    find(address) {
      const exact = told.get(address) ?? found.get(address);
      if (exact !== undefined) return exact;
      const route = search(address);
      if (found.size >= maxCached) found.clear();
      found.set(address, route);
      return route;
    },
  };
}

function merge(known: Route, fresh: Route, kafka: Readonly<Record<string, unknown>>): Route {
  const topic = kafka["topic"] === undefined ? known : fresh;
  return {
    ...fresh,
    topic: topic.topic,
    shared: topic.shared,
    open: topic.open,
    partitions: fresh.partitions === -1 ? known.partitions : fresh.partitions,
    replicas: fresh.replicas === -1 ? known.replicas : fresh.replicas,
    configuration: { ...known.configuration, ...fresh.configuration },
    groupId: fresh.groupId ?? known.groupId,
    clientId: fresh.clientId ?? known.clientId,
  };
}
