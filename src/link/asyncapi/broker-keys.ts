import { nearest } from "../../diagnostics/index.js";
import type { JsonValue } from "../../model/index.js";
import type { Context } from "./context.js";
import type { Place } from "./place.js";
import { type FieldReader, openFields, wrong } from "./policy-reader.js";

/** How a key of a broker is read, and what it is called in the emitted bindings. */
interface BrokerField {
  readonly as: string;
  readonly read: (fields: FieldReader, key: string) => JsonValue | undefined;
}

const count: BrokerField["read"] = (fields, key) => fields.count(key);
const amount: BrokerField["read"] = (fields, key) => fields.amount(key);
const duration: BrokerField["read"] = (fields, key) => fields.duration(key);
const text: BrokerField["read"] = (fields, key) => fields.text(key);
const flag: BrokerField["read"] = (fields, key) => fields.flag(key);

/** What the bindings of AsyncAPI have no words for: keys of channels (and of the document, for all channels). */
export const brokerKeys: Readonly<Record<string, Readonly<Record<string, BrokerField>>>> = {
  "x-nats": { core: { as: "core", read: flag } },
  "x-jetstream": {
    stream: { as: "stream", read: text },
    storage: { as: "storage", read: (fields, key) => fields.oneOf(key, ["file", "memory"]) },
    replicas: { as: "replicas", read: count },
    retain: { as: "retainMs", read: duration },
    maxMessages: { as: "maxMessages", read: amount },
    maxBytes: { as: "maxBytes", read: amount },
    ackWait: { as: "ackWaitMs", read: duration },
    duplicateWindow: { as: "duplicateWindowMs", read: duration },
  },
  "x-redis": {
    maxLength: { as: "maxLength", read: amount },
    retain: { as: "retainMs", read: duration },
  },
};

/** The protocols that a broker's key means something to. */
const protocolOf: ReadonlyMap<string, string> = new Map([
  ["x-nats", "nats"],
  ["x-jetstream", "nats"],
  ["x-redis", "redis"],
]);

/** The most that JetStream replicates. */
const mostReplicas = 5;

/** The broker keys of a place as bindings. */
export function readBrokerKeys(context: Context, place: Place): ReadonlyMap<string, JsonValue> {
  const found = new Map<string, JsonValue>();
  for (const [name, known] of Object.entries(brokerKeys)) {
    const value = context.field(place, name);
    const fields = value && openFields(context, value, name, Object.keys(known));
    if (fields === undefined) continue;
    const entries = Object.entries(known).flatMap(([key, { as, read }]) => {
      const setting = read(fields, key);
      return setting === undefined ? [] : [[as, setting] as const];
    });
    const settings: { readonly [key: string]: JsonValue } = Object.fromEntries(entries);
    const replicas = fields.place("replicas")?.node;
    if (replicas !== undefined && Number(settings["replicas"] ?? 0) > mostReplicas) {
      wrong(context, replicas, `${name}.replicas`, `at most ${mostReplicas}`);
    }
    found.set(name, settings);
  }
  return found;
}

/** Says where a broker's key has no effect because another broker is meant. */
export function checkBrokerKeys(context: Context, places: readonly Place[], protocols: readonly string[]): void {
  if (protocols.length === 0) return;
  for (const place of places) {
    if (place.node.kind !== "object") continue;
    for (const { key, origin } of place.node.entries) {
      const protocol = protocolOf.get(key);
      if (protocol === undefined || protocols.includes(protocol)) continue;
      const reason = `the document speaks ${protocols.join(", ")}, not ${protocol}`;
      context.warn("E3022", origin, { key, reason, nearest: nearest(key, []) });
    }
  }
}
