import type { EventMessage } from "../../model/index.js";
import { addressesMeet } from "./addresses.js";
import type { LinkedChannel, LinkedOperation } from "./channels.js";
import type { Context } from "./context.js";

/**
 * Reports operations that share a group and do not take the same messages. A message goes to one consumer of its group,
 * and that of an operation which does not take it would acknowledge it unhandled.
 */
export function checkGroups(
  context: Context,
  operations: readonly LinkedOperation[],
  channels: readonly LinkedChannel[],
): void {
  const queues = queueAddresses(operations, channels);
  const receivers = operations.filter(({ operation }) => operation.action === "receive");
  receivers.forEach((one, i) => {
    const first = receivers.slice(0, i).find((other) => meetInGroup(one, other, queues));
    if (first === undefined || namesOf(one).join("\n") === namesOf(first).join("\n")) return;
    const { operation, channel } = one;
    const source = operation.policy.sources.get("group");
    const queue = isQueue(channel, queues);
    context.fault(
      "E3026",
      operation.origin,
      {
        operations: [first, one].map((other) => ({ id: other.operation.id, messages: namesOf(other) })),
        group: queue ? undefined : groupOf(one),
        bound: source?.level === "binding",
      },
      [
        { message: `${first.operation.id}, which shares them`, origin: first.operation.origin },
        ...(queue || source === undefined ? [] : [{ message: "the group is named here", origin: source.origin }]),
      ],
    );
  });
}

function meetInGroup(one: LinkedOperation, other: LinkedOperation, queues: ReadonlySet<string>): boolean {
  if (!sameAddress(one.channel, other.channel)) return false;
  return isQueue(one.channel, queues) || isQueue(other.channel, queues) || groupOf(one) === groupOf(other);
}

function sameAddress(one: LinkedChannel, other: LinkedChannel): boolean {
  if (one === other) return true;
  const { address } = one.channel;
  return address !== undefined && address === other.channel.address && shareServers(one, other);
}

/** What consumers are called where the contract does not say. */
function groupOf({ operation }: LinkedOperation): string {
  return operation.policy.group ?? operation.id;
}

/** Names of the messages that an operation takes: all of its channel where it does not restrict them. */
function namesOf({ operation, channel }: LinkedOperation): readonly string[] {
  const all = channel.channel.messages;
  const taken = all.filter(({ id }) => operation.messages.includes(id));
  const unique = new Set(all.map(({ name }) => name)).size === all.length;
  const nameOf = ({ id, name }: EventMessage): string => (unique && name !== "" ? name : id);
  return (taken.length === 0 ? all : taken).map(nameOf).toSorted();
}

/** Addresses where dead letters are kept: each is one queue, whatever the groups of those who read it. */
function queueAddresses(
  operations: readonly LinkedOperation[],
  channels: readonly LinkedChannel[],
): ReadonlySet<string> {
  const policies = [...operations.map(({ operation }) => operation), ...channels.map(({ channel }) => channel)].map(
    ({ policy }) => policy,
  );
  return new Set(policies.flatMap(({ deadLetter }) => deadLetter?.address ?? []));
}

function isQueue({ channel }: LinkedChannel, queues: ReadonlySet<string>): boolean {
  const amqp = channel.bindings.get("amqp");
  if (typeof amqp === "object" && amqp !== null && "is" in amqp && amqp.is === "queue") return true;
  return channel.address !== undefined && queues.has(channel.address);
}

/** Channels without a word about servers are on all of them. */
export function shareServers(one: LinkedChannel, other: LinkedChannel): boolean {
  if (one.servers.length === 0 || other.servers.length === 0) return true;
  return one.servers.some(({ server }) => other.servers.some((its) => its.server.id === server.id));
}

/** Reports dead letters that come back to where they were refused, at once or by way of other consumers. */
export function checkDeadLetters(context: Context, operations: readonly LinkedOperation[]): void {
  const receivers = operations.filter(({ operation }) => operation.action === "receive");
  const reported = new Set<LinkedOperation>();
  for (const one of receivers) {
    const way = reported.has(one) ? undefined : wayBack(one, receivers);
    const { address } = one.operation.policy.deadLetter ?? {};
    if (way === undefined || address === undefined) continue;
    for (const step of way) reported.add(step);
    const { operation } = one;
    const origin = operation.policy.sources.get("deadLetter")?.origin ?? operation.origin;
    const through = way.slice(1).map((step) => step.operation.id);
    context.fault("E3027", origin, { operation: operation.id, address, through });
  }
}

/** The operations that pass a dead letter of one on until it is there again; undefined where it stays somewhere. */
function wayBack(
  start: LinkedOperation,
  receivers: readonly LinkedOperation[],
): readonly LinkedOperation[] | undefined {
  const seen = new Set<LinkedOperation>();
  const ways: (readonly LinkedOperation[])[] = [[start]];
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const last = way.at(-1) ?? start;
    const address = last.operation.policy.deadLetter?.address;
    if (address === undefined) continue;
    for (const next of receivers) {
      const target = next.channel.channel.address;
      if (target === undefined || !addressesMeet(target, address) || !shareServers(last.channel, next.channel))
        continue;
      if (next === start) return way;
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}
