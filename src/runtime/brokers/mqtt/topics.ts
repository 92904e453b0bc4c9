import { createHash } from "node:crypto";
import { hasParameters, matchAddress, QueueError, recordOf } from "../../queue/index.js";

/** What the contract says of an address, with what holds where it is silent. */
export interface Route {
  readonly address: string;
  /** What consumers subscribe to: parameters become `+`. */
  readonly filter: string;
  /** It has parameters. */
  readonly open: boolean;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** Seconds after which the server drops what nobody fetched. */
  readonly expirySeconds: number | undefined;
  /** True: payloads are UTF-8, which servers and receivers may check. */
  readonly payloadFormatIndicator: boolean | undefined;
  /** Where replies go to messages that do not say it themselves. */
  readonly responseTopic: string | undefined;
}

/** Reads the bindings `mqtt`. `direct`: its name is a name, whatever braces it has (dead letters). */
export function routeOf(
  address: string,
  bindings: Readonly<Record<string, unknown>>,
  { qos, direct = false }: { readonly qos: 0 | 1 | 2; readonly direct?: boolean },
): Route {
  const mqtt = recordOf(bindings["mqtt"]);
  const open = !direct && hasParameters(address);
  const asked = mqtt["qos"];
  const { messageExpiryInterval: expiry, payloadFormatIndicator: format, responseTopic } = mqtt;
  return {
    address,
    filter: open ? filterOf(address) : address,
    open,
    qos: asked === 0 || asked === 1 || asked === 2 ? asked : qos,
    retain: mqtt["retain"] === true,
    expirySeconds: typeof expiry === "number" && expiry > 0 ? Math.ceil(expiry) : undefined,
    payloadFormatIndicator: format === 0 || format === 1 ? format === 1 : undefined,
    responseTopic: typeof responseTopic === "string" ? responseTopic : undefined,
  };
}

function filterOf(address: string): string {
  return address
    .replace(/\{[^{}]+\}/g, "+")
    .split(/[./]/)
    .map((level) => (level.includes("+") ? "+" : level))
    .join("/");
}

/**
 * The topic of a concrete address. Below an address with parameters `.` is a level's end like `/`, because only levels
 * can be left open.
 *
 * @throws {QueueError} `usage` when it holds a wildcard or is no topic.
 */
export function topicOf(address: string, open: boolean): string {
  const topic = open ? address.replaceAll(".", "/") : address;
  if (topic === "" || /[+#\p{Cc}\p{Cs}\p{NChar}]/u.test(topic) || Buffer.byteLength(topic) > 65_535) {
    throw new QueueError("usage", `${JSON.stringify(address.slice(0, 100))} is no MQTT topic to publish to`);
  }
  return topic;
}

/** The address that a topic stands for, with the separators of its template. */
export function addressOf(route: Route, topic: string): string {
  if (!route.open) return route.filter.includes("+") || route.filter.includes("#") ? topic : route.address;
  const separators = route.address.match(/[./]/g) ?? [];
  const levels = topic.split("/");
  if (levels.length !== separators.length + 1) return topic;
  return levels.map((level, i) => level + (separators[i] ?? "")).join("");
}

/** The shared subscription of a group: each message goes to one of its members. */
export function sharedFilter(group: string, filter: string): string {
  const own = group === "" ? "queue" : group;
  const name = own.replace(/[/+#\0]/g, "_");
  return `$share/${name === own ? name : `${name}-${shortHash(own)}`}/${filter}`;
}

export function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
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
      const match = [...exact.values()].find(
        (candidate) => candidate.open && matchAddress(candidate.address)(address) !== undefined,
      );
      if (found.size >= maxCached) found.clear();
      found.set(address, match);
      return match;
    },
  };
}
