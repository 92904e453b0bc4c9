import { setMaxListeners } from "node:events";
import type { Clock } from "../../context/index.js";
import type { BrokerDelivery } from "../../queue/index.js";
import { createAssignment } from "./assignment.js";
import { createCommitter, type Committer } from "./committer.js";
import { KafkaDelivery } from "./delivery.js";
import { toQueueError } from "./failure.js";
import { createGate } from "./gate.js";
import { partitionKey } from "./lookup.js";
import type { Entry, Partition } from "./partition.js";
import type { GroupMember, KafkaPort, KafkaRecord } from "./port.js";
import { controlReadAhead } from "./read-ahead.js";
import type { Retries } from "./retries.js";
import { takeEntries } from "./take.js";
import { createVerdicts } from "./verdicts.js";
import { leaveWithinMs, within } from "./wait.js";

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
  readonly fault: Error | undefined;
}

/** The last commit has what is left of a drain's time, and so much at least. */
const lastCommitMs = 2_000;

/** A consumer of one group: reads ahead, hands out what the prefetch allows, commits what has its verdict. */
export async function createConsumer(input: ConsumerInput): Promise<KafkaConsumer> {
  const { port, clock, groupId, prefetch, retries } = input;
  const stop = new AbortController();
  // as many may wait for it as the prefetch allows
  setMaxListeners(0, stop.signal);
  let member: GroupMember | undefined;
  let joined: (member: GroupMember) => void = () => {};
  const memberReady = new Promise<GroupMember>((resolve) => {
    joined = resolve;
  });
  let assigned = (): void => {};
  const firstAssignment = new Promise<void>((resolve) => {
    assigned = resolve;
  });
  let paused = false;
  let scheduled = false;
  let turn = 0;
  let wake = (): void => {};

  const gate = createGate();
  const verdicts = createVerdicts({
    clock,
    gate,
    retries,
    signal: stop.signal,
    onSettled: () => {
      committer.request();
      schedule();
    },
    onNewRetry: () => void subscribe().catch(() => {}),
  });
  const assignment = createAssignment({
    port,
    clock,
    groupId,
    topic: input.topic,
    signal: stop.signal,
    reader: () => memberReady,
    onDropped: verdicts.drop,
  });
  const { partitions } = assignment;
  const committer: Committer = createCommitter({
    clock,
    intervalMs: input.commitIntervalMs,
    // what was read may be another topic's by now
    partitions: () => (gate.isShut ? [] : partitions.values()),
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
    const { entries, soonest } = takeEntries([...partitions.values()], prefetch - verdicts.open.size, turn++, now);
    const batch: BrokerDelivery[] = [];
    for (const entry of entries) {
      const delivery = deliveryOf(entry);
      if (delivery !== undefined) batch.push(delivery);
    }
    // what had expired made room
    if (batch.length < entries.length) schedule();
    wake();
    wake = soonest === Infinity ? () => {} : clock.after(Math.max(1, soonest - now), schedule);
    for (const partition of partitions.values()) control(partition);
    if (batch.length > 0) input.deliver(batch);
  }

  function control(partition: Partition): void {
    controlReadAhead(partition, { prefetch, partitions: partitions.size, reader: member });
  }

  function deliveryOf(entry: Entry): KafkaDelivery | undefined {
    const delivery = new KafkaDelivery(entry, input, verdicts);
    if (delivery.expiresAt !== undefined && delivery.expiresAt <= clock.now()) {
      entry.partition.finish(entry);
      committer.request();
      return undefined;
    }
    verdicts.add(delivery);
    return delivery;
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

  function onReset(topic: string, number: number, offset: number): void {
    assignment.reset(topic, number, offset);
    const partition = partitions.get(partitionKey(topic, number));
    if (partition === undefined) return;
    control(partition);
    committer.request();
    schedule();
  }

  /** Commits what has its verdict, as the last thing before the group is formed anew. */
  function onRevoking(): void {
    committer.now();
    gate.shut();
  }

  async function onAssigned(topics: ReadonlyMap<string, readonly number[]>): Promise<void> {
    gate.shut();
    if (!(await assignment.change(topics))) return;
    gate.open();
    assigned();
    committer.request();
    schedule();
  }

  /** Also to retry topics that were made since. */
  async function subscribe(): Promise<void> {
    if (!stop.signal.aborted) await member?.subscribe([input.topic, ...retries.topics()]);
  }

  async function leave(commitWithinMs = lastCommitMs): Promise<void> {
    await within(clock, commitWithinMs, committer.close()).catch(() => {});
    assignment.end();
    gate.open();
    if (member !== undefined) await within(clock, leaveWithinMs, member.close()).catch(() => {});
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
        onReset,
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
    throw assignment.fault ?? toQueueError(input.address, error);
  }

  let draining: Promise<readonly BrokerDelivery[]> | undefined;
  async function drain(withinMs: number): Promise<readonly BrokerDelivery[]> {
    paused = true;
    const end = clock.now() + withinMs;
    // without time not even a moment, in which one that is told of as unfinished could be acknowledged
    const idle = verdicts.idle(withinMs);
    if (idle !== undefined) await idle;
    stop.abort();
    wake();
    const unfinished = verdicts.end();
    await leave(Math.max(lastCommitMs, end - clock.now()));
    return unfinished;
  }

  return {
    get fault() {
      return member?.fault ?? assignment.fault ?? committer.fault;
    },
    pause: () => {
      paused = true;
    },
    resume: () => {
      if (draining !== undefined) return;
      paused = false;
      schedule();
    },
    drain: (withinMs) => (draining ??= drain(withinMs)),
  };
}
