import { setMaxListeners } from "node:events";
import type { Clock } from "../../context/index.js";
import { acknowledged, QueueError, toError, type BrokerDelivery } from "../../queue/index.js";
import { createCommitter, type Committer } from "./committer.js";
import { KafkaDelivery, type Settler } from "./delivery.js";
import { toQueueError } from "./failure.js";
import { createGate } from "./gate.js";
import { lookUpOffsets, partitionKey } from "./lookup.js";
import { createPartition, type Entry, type Partition } from "./partition.js";
import type { GroupMember, KafkaPort, KafkaRecord } from "./port.js";
import { delayDelivery, type Retries } from "./retries.js";
import { takeEntries } from "./take.js";
import { within } from "./wait.js";

export interface ConsumerInput {
  readonly port: KafkaPort;
  readonly clock: Clock;
  readonly groupId: string;
  readonly clientId: string | undefined;
  /** The contract's group, for deliveries. */
  readonly group: string;
  readonly address: string;
  readonly topic: string;
  readonly prefetch: number;
  readonly commitIntervalMs: number;
  readonly connectWithinMs: number;
  readonly retries: Retries;
  readonly deliver: (batch: readonly BrokerDelivery[]) => void;
  readonly onClosed: () => void;
}

export interface KafkaConsumer {
  pause(): void;
  resume(): void;
  drain(withinMs: number): Promise<readonly BrokerDelivery[]>;
  /** Subscribes to retry topics that were made since. */
  refresh(): Promise<void>;
  readonly fault: Error | undefined;
}

/** Places that finished records keep behind an unfinished one, per partition: then nothing more is fetched. */
const maxHeld = 50_000;
const lastCommitMs = 5_000;

/** A consumer of one group: reads ahead, hands out what the prefetch allows, commits what has its verdict. */
export async function createConsumer(input: ConsumerInput): Promise<KafkaConsumer> {
  const { port, clock, groupId, prefetch, retries } = input;
  const stop = new AbortController();
  // as many may wait for it as the prefetch allows
  setMaxListeners(0, stop.signal);
  const partitions = new Map<string, Partition>();
  const open = new Set<KafkaDelivery>();
  const enough = Math.max(2 * prefetch, 500);
  let member: GroupMember | undefined;
  let joined: (member: GroupMember) => void = () => {};
  const memberReady = new Promise<GroupMember>((resolve) => {
    joined = resolve;
  });
  let assignment = 0;
  let assigned = (): void => {};
  const firstAssignment = new Promise<void>((resolve) => {
    assigned = resolve;
  });
  let paused = false;
  /** While the group is formed anew nobody knows whose a partition is: verdicts wait for that. */
  const gate = createGate();
  let scheduled = false;
  let turn = 0;
  let wake = (): void => {};
  let settled = (): void => {};
  let lookUpFault: Error | undefined;

  const committer: Committer = createCommitter({
    clock,
    intervalMs: input.commitIntervalMs,
    partitions: () => partitions.values(),
    commit: (offsets) => (member === undefined ? Promise.reject(new Error("no member yet")) : member.commit(offsets)),
  });

  function schedule(): void {
    if (scheduled || stop.signal.aborted) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      dispatch();
    });
  }

  function dispatch(): void {
    if (paused || gate.isShut || stop.signal.aborted) return;
    const now = clock.now();
    const { entries, soonest } = takeEntries([...partitions.values()], prefetch - open.size, turn++, now);
    const batch: BrokerDelivery[] = [];
    for (const [partition, entry] of entries) {
      const delivery = deliveryOf(partition, entry);
      if (delivery !== undefined) batch.push(delivery);
    }
    // what had expired made room
    if (batch.length < entries.length) schedule();
    wake();
    wake = soonest === Infinity ? () => {} : clock.after(Math.max(1, soonest - now), schedule);
    for (const partition of partitions.values()) control(partition);
    if (batch.length > 0) input.deliver(batch);
  }

  /** Fetching stops while enough is there, and goes on well before it runs out. */
  function control(partition: Partition): void {
    const full = partition.waiting >= enough || partition.held >= maxHeld;
    const { topic, number } = partition;
    if (partition.fetching && full) {
      partition.fetching = false;
      member?.pause(topic, number);
    } else if (!partition.fetching && partition.waiting < enough / 2 && partition.held < maxHeld / 2) {
      partition.fetching = true;
      member?.resume(topic, number);
    }
  }

  function deliveryOf(partition: Partition, entry: Entry): KafkaDelivery | undefined {
    const delivery = new KafkaDelivery(partition, entry, input, settler);
    if (delivery.expiresAt !== undefined && delivery.expiresAt <= clock.now()) {
      partition.finish(entry);
      committer.request();
      return undefined;
    }
    open.add(delivery);
    return delivery;
  }

  /** Throws unless a verdict may still be given. */
  function check(delivery: KafkaDelivery): void {
    if (open.has(delivery) && delivery.partition.owned) return;
    const text = `${delivery.id} has a verdict already, or its partition belongs to another consumer`;
    throw new QueueError("too_late", text);
  }

  function settle(delivery: KafkaDelivery): void {
    open.delete(delivery);
    committer.request();
    settled();
    schedule();
  }

  function finish(delivery: KafkaDelivery): void {
    check(delivery);
    delivery.partition.finish(delivery.entry);
    settle(delivery);
  }

  function ack(delivery: KafkaDelivery): Promise<void> {
    const wait = gate.pass();
    if (wait !== undefined) return wait.then(() => finish(delivery));
    try {
      finish(delivery);
      return acknowledged;
    } catch (error) {
      return Promise.reject(toError(error));
    }
  }

  async function giveBack(delivery: KafkaDelivery, headers?: Readonly<Record<string, string>>): Promise<void> {
    if (gate.isShut) await gate.pass();
    check(delivery);
    delivery.partition.giveBack(delivery.entry, headers);
    settle(delivery);
  }

  const settler: Settler = { ack, nack };

  /** Commits what has its verdict, as the last thing before the group is formed anew. */
  function onRevoking(): void {
    gate.shut();
    committer.now();
  }

  async function nack(
    delivery: KafkaDelivery,
    delayMs: number,
    headers?: Readonly<Record<string, string>>,
  ): Promise<void> {
    if (delayMs <= 0) return giveBack(delivery, headers);
    check(delivery);
    const settings = { retries, clock, signal: stop.signal };
    const delayed = await delayDelivery(settings, delivery, delayMs, headers);
    if (delayed.error === undefined) {
      if (delayed.isNew) void refresh().catch(() => {});
      return ack(delivery);
    }
    if (open.has(delivery)) await giveBack(delivery, delayed.headers);
    throw delayed.error;
  }

  function onRecords(topic: string, number: number, records: readonly KafkaRecord[], next: number): void {
    const partition = partitions.get(partitionKey(topic, number));
    if (partition === undefined) return;
    partition.add(records, next);
    // what was done before, and marks of transactions, move it on without a verdict
    if (partition.waiting === 0) committer.request();
    control(partition);
    schedule();
  }

  function revoke(partition: Partition): void {
    partition.owned = false;
    for (const delivery of open) if (delivery.partition === partition) open.delete(delivery);
    settled();
  }

  /** What another consumer took over is dropped; what stays goes on where it was. */
  async function onAssigned(topics: ReadonlyMap<string, readonly number[]>): Promise<void> {
    const mine = ++assignment;
    const wanted = new Map<string, readonly [topic: string, number: number]>();
    for (const [topic, numbers] of topics) for (const n of numbers) wanted.set(partitionKey(topic, n), [topic, n]);
    for (const [key, partition] of partitions) {
      if (wanted.has(key)) continue;
      partitions.delete(key);
      revoke(partition);
    }
    gate.open();
    const current = await memberReady;
    for (const [key, [topic, number]] of wanted) {
      const kept = partitions.get(key);
      if (kept === undefined) continue;
      current.start(topic, number, kept.nextOffset);
      if (!kept.fetching) current.pause(topic, number);
    }
    committer.request();
    const fresh = [...wanted].filter(([key]) => !partitions.has(key));
    const isStale = (): boolean => assignment !== mine || stop.signal.aborted;
    const starts = await lookUpOffsets({
      port,
      clock,
      groupId,
      isStale,
      signal: stop.signal,
      topics: [...new Set(fresh.map(([, [topic]]) => topic))],
      onFault: (error) => {
        lookUpFault = error;
      },
    });
    if (isStale()) return;
    for (const [key, [topic, number]] of fresh) {
      const { offset, metadata } = starts.get(key) ?? { offset: 0, metadata: "" };
      const isRetry = topic !== input.topic;
      partitions.set(key, createPartition({ topic, number, isRetry, offset, metadata }));
      current.start(topic, number, offset);
    }
    assigned();
    schedule();
  }

  async function refresh(): Promise<void> {
    if (!stop.signal.aborted) await member?.subscribe([input.topic, ...retries.topics()]);
  }

  async function leave(): Promise<void> {
    await within(clock, lastCommitMs, committer.close()).catch(() => {});
    for (const partition of partitions.values()) revoke(partition);
    partitions.clear();
    gate.open();
    await member?.close();
    input.onClosed();
  }

  try {
    member = await port.join(
      {
        groupId,
        clientId: input.clientId,
        topics: [input.topic, ...retries.topics()],
        onAssigned: (topics) => void onAssigned(topics),
        onRevoking,
        onRecords,
      },
      input.connectWithinMs,
    );
  } catch (error) {
    stop.abort();
    throw toQueueError(input.address, error);
  }
  joined(member);
  try {
    await within(clock, input.connectWithinMs, firstAssignment);
  } catch (error) {
    stop.abort();
    await leave();
    throw lookUpFault ?? toQueueError(input.address, error);
  }

  let draining: Promise<readonly BrokerDelivery[]> | undefined;
  async function drain(withinMs: number): Promise<readonly BrokerDelivery[]> {
    paused = true;
    if (open.size > 0 && withinMs > 0) {
      await new Promise<void>((resolve) => {
        const cancel = clock.after(withinMs, resolve);
        settled = () => {
          if (open.size > 0) return;
          cancel();
          resolve();
        };
        settled();
      });
    }
    stop.abort();
    wake();
    const unfinished = [...open];
    await leave();
    return unfinished;
  }

  return {
    get fault() {
      return member?.fault ?? lookUpFault ?? committer.fault;
    },
    pause: () => {
      paused = true;
    },
    resume: () => {
      if (draining !== undefined) return;
      paused = false;
      schedule();
    },
    refresh,
    drain: (withinMs) => (draining ??= drain(withinMs)),
  };
}
