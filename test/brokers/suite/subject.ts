import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import {
  encodeMessage,
  publisherTopology,
  type Broker,
  type BrokerDelivery,
  type Source,
} from "../../../src/runtime/queue/index.js";
import type { OwnServer } from "../../support/services/kind.js";
import type { ConnectBroker } from "./client.js";
import type { BrokerId, Cell, Row } from "./table.js";
import { channelOf, type Item, type Task } from "./worker.js";
import { eventually, type Worker } from "./workers.js";

/** A broker under test, as its test file describes it. */
export interface BrokerSubject {
  readonly id: BrokerId;
  /** `Redis 7.0.15`: the output says which server of which version was used. */
  readonly title: string;
  /** The row of the requirements that names the broker, `M23`; begins the titles of the tests. */
  readonly mission: string;
  /** Of the server that all tests of the run share; empty where there is none. */
  readonly url: string;
  readonly connect: ConnectBroker;
  /** Path of the module that exports `connect`, for other processes. Undefined: everything lives in this one. */
  readonly clientModule: string | undefined;
  /** A server of this file's own, to be killed. Needed where the table says that messages survive that. */
  readonly startOwn?: () => Promise<OwnServer | undefined>;
  /** Where a client with a wrong password would connect to. */
  readonly wrongCredentials?: () => Promise<string | undefined>;
  /** Where nobody listens; by default the shared server's address with that port. */
  readonly absent?: (port: number) => string;
  /**
   * False: another subject of the broker runs what is the pipeline's alone, and this one what another client or another
   * version of the server may do differently.
   */
  readonly pipeline?: boolean;
  /** True: its tests wait more than they work, and all run beside each other. */
  readonly concurrent?: boolean;
  /** Bindings of all channels, for brokers whose defaults do not fit the tests. */
  readonly bindings?: Readonly<Record<string, unknown>>;
}

/** What the tests of a row work with. */
export interface SuiteContext {
  readonly subject: BrokerSubject;
  readonly cells: Readonly<Record<Row, Cell>>;
  /** The broker object of the test's own process. */
  broker(): Broker;
  /** Three who live as long as the tests: two for one group, one for another. */
  workers(): readonly [Worker, Worker, Worker];
  /** One more, to be killed. */
  spawn(member: string, url?: string): Promise<Worker>;
}

/** Titles begin with the broker's row and then the row of what is tested. */
export function rowTitle({ mission }: BrokerSubject): (text: string) => string {
  return (text) => (text.startsWith(mission) ? text : `${mission} ${text}`);
}

/** Names for one test alone: servers are shared. */
export function uniqueAddress(prefix: string): string {
  return `${prefix}.${randomUUID().slice(0, 8)}`;
}

/** Publishes items and wants every one of them confirmed, where the broker confirms. */
export async function send(
  broker: Broker,
  task: Pick<Task, "address" | "bindings" | "parameters">,
  items: readonly Item[],
  more: {
    readonly id?: (item: Item) => string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly params?: Readonly<Record<string, string>>;
  } = {},
): Promise<void> {
  const channel = channelOf(task);
  await broker.ensure(publisherTopology(channel));
  const letters = items.map((item) => encodeMessage(channel, item, { ...more, id: more.id?.(item) }));
  const results = await broker.publish(letters);
  expect(results).toHaveLength(letters.length);
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
}

/** From 0, spread over 16 keys, so that partitions share them. */
export function itemsOf(count: number, first = 0): readonly Item[] {
  return Array.from({ length: count }, (_, i) => ({ n: first + i, key: `k${(first + i) % 16}` }));
}

export function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => n);
}

export function sorted(list: readonly { readonly n: number }[]): readonly number[] {
  return list.map(({ n }) => n).sort((a, b) => a - b);
}

/** The broker's own state says that nothing is left, where it can tell. */
export async function expectEmpty(broker: Broker, source: Pick<Source, "address" | "group">): Promise<void> {
  await eventually(async () => {
    const left = await broker.depth?.(source);
    if (left !== undefined) expect(left, `${source.address} of ${source.group}`).toBe(0);
  });
}

/** What lies in a place of dead letters, read without taking. */
export async function lettersAt(broker: Broker, address: string): Promise<readonly BrokerDelivery[]> {
  const found: BrokerDelivery[] = [];
  for await (const letter of broker.browse(address, { limit: 100 })) found.push(letter);
  return found;
}
