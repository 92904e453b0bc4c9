import { hasParameters, matchAddress, QueueError, recordOf } from "../../queue/index.js";
import { boundName, groupQueue } from "./names.js";
import { rulesOf, type PublishRules } from "./rules.js";

/** What the contract's `amqp` bindings of a channel say, with what holds where they are silent. */
export interface Route {
  readonly address: string;
  readonly exchange: Exchange;
  /** Exchange routing key, with `*` in place of parameters; for queues the queue's name. */
  readonly pattern: string;
  /** The queue that the contract names, with its settings. */
  readonly queue: NamedQueue | undefined;
  /** True when the address is a queue: messages go to it directly. */
  readonly direct: boolean;
  /** True when `/` between words stands as `.` in routing keys, because only `.` separates words there. */
  readonly translated: boolean;
  readonly rules: PublishRules;
}

export interface Exchange {
  /** Empty: the default exchange, which routes by queue name. */
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
}

export interface NamedQueue {
  readonly name: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
}

const exchangeTypes: ReadonlySet<string> = new Set(["topic", "direct", "fanout", "headers"]);
const defaultExchange: Exchange = { name: "", type: "direct", durable: true, autoDelete: false };

/** Reads the bindings of an address. `direct`: it is a queue whatever they say (dead letters). */
export function routeOf(
  address: string,
  bindings: Readonly<Record<string, unknown>>,
  { exchange, direct = false }: { readonly exchange: string; readonly direct?: boolean },
): Route {
  const amqp = recordOf(bindings["amqp"]);
  const queue = namedQueue(recordOf(amqp["queue"]));
  const bound = recordOf(amqp["exchange"]);
  const rules = rulesOf(amqp);
  const isDirect = direct || amqp["is"] === "queue" || bound["type"] === "default" || bound["name"] === "";
  if (isDirect) {
    const name = queue?.name ?? groupQueue(address, "");
    return { address, exchange: defaultExchange, pattern: name, queue, direct: true, translated: false, rules };
  }
  const type = typeof bound["type"] === "string" && exchangeTypes.has(bound["type"]) ? bound["type"] : "topic";
  const open = hasParameters(address);
  if (open && type === "direct") {
    throw new QueueError("topology", `${address}: a direct exchange cannot route by parameters, use a topic exchange`);
  }
  const translated = open && address.includes("/");
  return {
    address,
    exchange: {
      name: boundName(typeof bound["name"] === "string" ? bound["name"] : exchange),
      type,
      durable: bound["durable"] !== false,
      autoDelete: bound["autoDelete"] === true,
    },
    pattern: open ? patternOf(address, translated) : boundName(address),
    queue,
    direct: false,
    translated,
    rules,
  };
}

/** `user.{id}.created` → `user.*.created`; a word that holds a parameter is a word of its own in the pattern. */
function patternOf(address: string, translated: boolean): string {
  return boundName(
    toKey(address.replace(/\{[^{}]+\}/g, "*"), translated)
      .split(".")
      .map((word) => (word.includes("*") ? "*" : word))
      .join("."),
  );
}

function toKey(address: string, translated: boolean): string {
  return translated ? address.replaceAll("/", ".") : address;
}

/** True when messages of several addresses arrive: only their routing keys tell which. */
export function isOpen({ address, direct, exchange, pattern }: Route): boolean {
  if (direct) return false;
  return address.includes("{") || (exchange.type === "topic" && pattern.split(".").some((word) => /^[*#]$/.test(word)));
}

/** The routing key of a concrete address. */
export function routingKey(route: Route, address: string): string {
  return route.direct ? route.pattern : boundName(toKey(address, route.translated));
}

/** The queue of a group: the one that the contract names when it is that group's, else one by address and group. */
export function queueOf(route: Route, group: string): string {
  if (route.direct) {
    if (group !== "" && group !== route.queue?.name && group !== route.address) {
      throw new QueueError("topology", `${route.address} is one queue: it has no group ${group}`);
    }
    return route.pattern;
  }
  return route.queue?.name === group && group !== "" ? group : groupQueue(route.address, group);
}

/** The routes a broker was told of, by concrete address. */
export interface Routes {
  add(route: Route): void;
  get(template: string): Route | undefined;
  find(address: string): Route | undefined;
}

const maxCached = 10_000;

export function createRoutes(): Routes {
  const exact = new Map<string, Route>();
  const open: Route[] = [];
  const found = new Map<string, Route | undefined>();
  return {
    add(route) {
      if (exact.has(route.address)) {
        const index = open.findIndex((other) => other.address === route.address);
        if (index >= 0) open.splice(index, 1);
      }
      exact.set(route.address, route);
      if (hasParameters(route.address)) open.push(route);
      found.clear();
    },
    get: (template) => exact.get(template),
    find(address) {
      const route = exact.get(address);
      if (route !== undefined || open.length === 0) return route;
      if (found.has(address)) return found.get(address);
      const match = open.find((candidate) => matchAddress(candidate.address)(address) !== undefined);
      if (found.size >= maxCached) found.clear();
      found.set(address, match);
      return match;
    },
  };
}

function namedQueue(binding: Readonly<Record<string, unknown>>): NamedQueue | undefined {
  const { name } = binding;
  if (typeof name !== "string" || name === "") return undefined;
  return {
    name: boundName(name),
    durable: binding["durable"] !== false,
    exclusive: binding["exclusive"] === true,
    autoDelete: binding["autoDelete"] === true,
  };
}
