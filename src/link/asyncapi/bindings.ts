import {
  type Bindings,
  canonicalProtocol,
  type Channel,
  type JsonNode,
  type JsonValue,
  refOf,
} from "../../model/index.js";
import { type BoundObject, checkedBinding } from "./binding-rules.js";
import { readBrokerKeys } from "./broker-keys.js";
import type { Context } from "./context.js";
import { children, type Place } from "./place.js";

/** Nodes that the bindings of one object may have once their `$ref`s are replaced by what these lead to. */
const mostNodes = 10_000;

/**
 * The `bindings` of a server, channel, operation or message by protocol, wirespan's own keys of brokers beside them.
 * What is unknown is reported and stays; a value that the protocol cannot have is reported and left out.
 */
export function readBindings(context: Context, place: Place, on: BoundObject): Bindings {
  const bindings = new Map<string, JsonValue>();
  const budget = { nodes: mostNodes };
  for (const binding of children(context.field(place, "bindings"))) {
    const protocol = canonicalProtocol(binding.key);
    if (protocol.startsWith("x-") || bindings.has(protocol)) continue;
    const value = resolved(context, binding, budget, new Set());
    const followed = context.refs.follow(binding);
    bindings.set(protocol, followed === undefined ? value : checkedBinding(context, followed, value, protocol, on));
  }
  for (const [name, value] of on === "channel" ? readBrokerKeys(context, place) : []) bindings.set(name, value);
  return bindings;
}

/** Bindings over one another: keys of the later ones win, protocol by protocol. */
export function mergeBindings(...all: readonly Bindings[]): Bindings {
  const merged = new Map<string, JsonValue>();
  for (const bindings of all) {
    for (const [protocol, value] of bindings) {
      const before = merged.get(protocol);
      merged.set(protocol, isObject(before) && isObject(value) ? { ...before, ...value } : value);
    }
  }
  return merged;
}

function isObject(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Plain JSON with `$ref`s replaced; null where one is broken or comes back to itself. */
function resolved(context: Context, place: Place, budget: { nodes: number }, above: Set<JsonNode>): JsonValue {
  const target = refOf(place.node) === undefined ? place : context.refs.follow(place);
  if (target === undefined || above.has(target.node) || budget.nodes-- <= 0) return null;
  const { node } = target;
  if (node.kind === "scalar") return node.value;
  above.add(node);
  const inner = children(target).map((item) => [item.key, resolved(context, item, budget, above)] as const);
  above.delete(node);
  return node.kind === "array" ? inner.map(([, value]) => value) : Object.fromEntries(inner);
}

/** The consumer group that bindings name: a queue of RabbitMQ, the group id of Kafka. */
export function groupOfBindings(channel: Bindings, operation: Bindings): string | undefined {
  const queue = at(at(channel.get("amqp"), "queue"), "name");
  const groupId = at(operation.get("kafka"), "groupId");
  // Kafka's is a schema; one that admits a single value names it
  const values = at(groupId, "enum");
  const only = Array.isArray(values) && values.length === 1 ? (values as readonly JsonValue[])[0] : undefined;
  const durableName = at(operation.get("nats"), "queue");
  return [queue, groupId, at(groupId, "const"), only, durableName].find(
    (name): name is string => typeof name === "string" && name !== "",
  );
}

/** A text in a binding; empty where there is none. */
export function textAt(value: JsonValue | undefined, key: string): string {
  const found = at(value, key);
  return typeof found === "string" ? found : "";
}

/** Keys of messages that adapters look for where the channel's are: one message's can stand there. */
const ofOneMessage: Readonly<Record<string, readonly string[]>> = {
  amqp: ["contentEncoding", "messageType"],
  mqtt: ["payloadFormatIndicator", "responseTopic"],
};

/** Says where bindings of messages have no effect because their channel has several. */
export function checkMessageBindings(context: Context, { id, messages }: Channel): void {
  if (messages.length < 2) return;
  for (const { bindings, origin } of messages) {
    for (const [protocol, keys] of Object.entries(ofOneMessage)) {
      for (const key of keys) {
        if (at(bindings.get(protocol), key) === undefined) continue;
        const reason = `the channel ${id} has several messages, and what a binding says holds for all of them`;
        context.warn("E3022", origin, { key: `bindings.${protocol}.${key}`, reason, nearest: undefined });
      }
    }
  }
}

function at(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
