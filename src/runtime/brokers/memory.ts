import { randomUUID } from "node:crypto";
import { passiveTracer, systemClock, type Clock, type Random, type Tracer } from "../context/index.js";
import {
  copyHeaders,
  hasParameters,
  matchAddress,
  QueueError,
  type AddressMatcher,
  type Broker,
  type OutgoingMessage,
  type PublishResult,
} from "../queue/index.js";
import { createMemoryInbox, type MemoryInbox } from "./memory/inbox.js";
import { createMemoryGroup, type MemoryGroup } from "./memory/group.js";
import { browsed } from "./shared/browsed.js";

/** Settings of a broker in memory. */
export interface MemoryBrokerOptions {
  /** Time of delays and expiry. */
  readonly clock?: Clock;
  readonly random?: Random;
  readonly tracer?: Tracer;
  /** Messages that a group holds, at most; what would be more is refused. 100,000 by default. */
  readonly maxMessages?: number;
}

interface Address {
  readonly template: string;
  readonly matches: AddressMatcher;
  readonly groups: Map<string, MemoryGroup>;
}

/**
 * A broker inside the process, with the semantics of the real ones: groups, competing consumers, prefetch, manual
 * acknowledgement, delayed redelivery, dead letters. A message for which no group exists is refused, as everywhere.
 * What it holds is gone with the process.
 *
 * @example
 * const broker = createMemoryBroker();
 * await consumeUserCreated(broker, async (user) => console.log(user.email));
 * await publishUserCreated(broker, { id: "u1", email: "ada@example.com" });
 */
export function createMemoryBroker(options: MemoryBrokerOptions = {}): Broker {
  const { clock = systemClock, random = Math.random, tracer = passiveTracer, maxMessages = 100_000 } = options;
  const exact = new Map<string, Address>();
  const open: Address[] = [];
  const inboxes = new Map<string, MemoryInbox>();
  let sequence = 0;
  let closed = false;

  function addressOf(template: string): Address {
    let address = exact.get(template);
    if (address === undefined) {
      address = { template, matches: matchAddress(template), groups: new Map() };
      exact.set(template, address);
      if (hasParameters(template)) open.push(address);
    }
    return address;
  }

  function groupOf(address: Address, name: string): MemoryGroup {
    let group = address.groups.get(name);
    if (group === undefined) {
      group = createMemoryGroup({ name, clock, maxMessages });
      address.groups.set(name, group);
    }
    return group;
  }

  function groupsFor(address: string): MemoryGroup[] {
    const found = [...(exact.get(address)?.groups.values() ?? [])];
    for (const candidate of open) {
      if (candidate.template !== address && candidate.matches(address) !== undefined) {
        found.push(...candidate.groups.values());
      }
    }
    return found;
  }

  function publishOne(message: OutgoingMessage): PublishResult {
    if (closed) return { ok: false, error: new QueueError("closed", "the memory broker is closed") };
    const inbox = inboxes.get(message.address);
    if (inbox !== undefined) return inbox(message);
    const groups = groupsFor(message.address);
    if (groups.length === 0) {
      return { ok: false, error: new QueueError("unroutable", `nobody consumes ${message.address}`) };
    }
    if (groups.some((group) => group.size >= maxMessages)) {
      return { ok: false, error: new QueueError("full", `${message.address} holds ${maxMessages} messages`) };
    }
    const position = ++sequence;
    // what the sender does to its arrays afterwards must not reach consumers
    const kept: OutgoingMessage = {
      ...message,
      headers: Object.freeze(copyHeaders(message.headers)),
      // not slice(): a Buffer's is a view of the same memory
      body: new Uint8Array(message.body),
    };
    for (const group of groups) group.add({ message: kept, position, crashes: 0, redelivered: false });
    return { ok: true, position: String(position) };
  }

  return {
    id: "memory",
    capabilities: {
      confirms: true,
      redelivery: true,
      fanOut: true,
      openParameters: true,
      batch: true,
      delayedRetry: true,
      deadLetter: true,
      browse: true,
      headers: true,
      requestReply: true,
      durable: false,
      reconnect: false,
    },
    settings: { clock, random, tracer },
    deadLetterAddress: (address, group) => (group === "" ? `${address}.dead` : `${address}.${group}.dead`),
    ensure: async (topology) => {
      for (const { address, groups } of topology.addresses) {
        for (const { group, deadLetter } of groups) {
          groupOf(addressOf(address), group);
          if (deadLetter !== undefined) groupOf(addressOf(deadLetter), "");
        }
      }
    },
    publish: async (batch) => batch.map(publishOne),
    consume: async (source, deliver) => {
      if (closed) throw new QueueError("closed", "the memory broker is closed");
      return groupOf(addressOf(source.address), source.group).consume(source.prefetch, deliver);
    },
    openInbox: async (deliver) => {
      if (closed) throw new QueueError("closed", "the memory broker is closed");
      const address = `inbox:memory:${randomUUID()}`;
      inboxes.set(address, createMemoryInbox(deliver, maxMessages, clock));
      return { address, close: async () => void inboxes.delete(address) };
    },
    depth: async ({ address, group }) => exact.get(address)?.groups.get(group)?.waiting ?? 0,
    async *browse(address, { limit, group = "" }) {
      const entries = exact.get(address)?.groups.get(group)?.entries() ?? [];
      for (const { message, position, redelivered, crashes } of entries.slice(0, limit)) {
        yield browsed(message, { group, position: String(position), redelivered }, crashes);
      }
    },
    health: async () => ({ ok: !closed, detail: closed ? "closed" : `in memory, ${exact.size} addresses` }),
    close: async () => {
      closed = true;
      inboxes.clear();
      for (const address of exact.values()) {
        for (const group of address.groups.values()) await group.close();
      }
    },
  };
}
