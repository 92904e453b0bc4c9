import { Consumer, offsetCommitV8, type ClusterMetadata, type GroupPartitionsAssigner } from "@platformatic/kafka";
import { sleep, type Clock } from "../../../context/index.js";
import { assignPartitions } from "../assign.js";
import { KafkaFailure } from "../failure.js";
import type { CommittedOffset, GroupMember, MemberInput } from "../port.js";
import { leaveWithinMs, lookEveryMs, persist, within } from "../wait.js";
import { failedOn, failureOf } from "./failures.js";
import { createFetcher } from "./fetcher.js";
import type { ClientSettings } from "./types.js";

const firstDelayMs = 100;
const longestDelayMs = 3_000;

/** Also what Java's round-robin assignor is called: members of both may be in one group. */
const protocol = "roundrobin";

const assigner: GroupPartitionsAssigner = (_current, members, _topics, metadata) => {
  const subscriptions = [...members.values()].map(({ memberId, topics = [] }) => ({ memberId, topics }));
  const shared = assignPartitions(subscriptions, (topic) => metadata.topics.get(topic)?.partitionsCount ?? 0);
  return [...shared].map(([memberId, topics]) => ({
    memberId,
    assignments: new Map([...topics].map(([topic, partitions]) => [topic, { topic, partitions }])),
  }));
};

/** Joins a group and stays in it: what the client gives up on is begun anew here. */
export async function joinGroup(
  input: MemberInput,
  context: {
    readonly settings: ClientSettings;
    readonly clock: Clock;
    readonly sessionTimeoutMs: number;
    readonly earliest: (topic: string, partition: number) => Promise<number>;
  },
  withinMs: number,
): Promise<GroupMember> {
  const { clock, sessionTimeoutMs } = context;
  const settings = { ...context.settings, clientId: input.clientId ?? context.settings.clientId };
  const stop = new AbortController();
  let topics = [...input.topics];
  let fault: Error | undefined;
  let recovering: Promise<void> | undefined;
  let consumer = create();
  const fetcher = createFetcher({
    client: { metadata: (options: { topics?: string[] }) => consumer.metadata(options) } as Pick<Consumer, "metadata">,
    settings,
    clock,
    earliest: context.earliest,
    onRecords: input.onRecords,
    onReset: input.onReset,
  });
  let counts = "";
  let looking: Promise<void> | undefined;
  let cancelLook = (): void => {};
  planLook();

  function planLook(): void {
    cancelLook();
    if (!stop.signal.aborted) cancelLook = clock.after(Math.min(lookEveryMs, sessionTimeoutMs), () => void look());
  }

  /** Partitions that were added are nobody's until the group is formed anew. */
  function look(): Promise<void> {
    looking ??= lookOnce()
      // a server that is away is everybody's trouble
      .catch(() => {})
      .then(() => {
        looking = undefined;
        planLook();
      });
    return looking;
  }

  async function lookOnce(): Promise<void> {
    const known = await consumer.metadata({ topics, forceUpdate: true });
    const before = counts;
    counts = countsOf(known, topics);
    if (before === "" || before === counts || stop.signal.aborted || recovering !== undefined) return;
    await joinAnew();
  }

  async function joinAnew(): Promise<void> {
    input.onRevoking();
    await consumer.joinGroup({}).catch((error: unknown) => recover(failureOf(error)));
  }

  function create(): Consumer {
    const made = new Consumer({
      ...settings,
      // a server holds a member back until the others are there, or missed
      requestTimeout: Math.max(settings.requestTimeout, 2 * sessionTimeoutMs),
      groupId: input.groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.min(3_000, Math.ceil(sessionTimeoutMs / 10)),
      protocols: [{ name: protocol, version: 1 }],
      partitionAssigner: assigner,
    });
    for (const topic of topics) made.topics.track(topic);
    const mine = (): boolean => made === consumer && !stop.signal.aborted;
    made.on("consumer:group:rebalance", () => {
      if (mine()) input.onRevoking();
    });
    made.on("consumer:group:join", ({ assignments = [] }: { assignments?: readonly Assigned[] }) => {
      if (!mine()) return;
      fault = undefined;
      counts = countsOf(made.currentMetadata, topics);
      fetcher.reset();
      input.onAssigned(new Map(assignments.map(({ topic, partitions }) => [topic, partitions])));
    });
    const onLost = (error: Error): void => {
      if (mine()) recover(error);
    };
    // after either of them the client sends no more heartbeats
    made.on("error", onLost);
    made.on("consumer:heartbeat:error", ({ error }: { error: Error }) => onLost(error));
    return made;
  }

  /** Joins again, as the member that it was: as another one it would have to wait until that one is missed. */
  function recover(error: Error): void {
    fault = failedOn(consumer.connections, error);
    recovering ??= rejoin().finally(() => {
      recovering = undefined;
    });
  }

  async function rejoin(): Promise<void> {
    for (let delay = firstDelayMs; !stop.signal.aborted; delay = Math.min(delay * 2, longestDelayMs)) {
      try {
        await consumer.joinGroup({});
        return;
      } catch (error) {
        fault = failedOn(consumer.connections, error);
        // the client never asks again where the group's coordinator is
        if (/NOT_COORDINATOR|COORDINATOR_NOT_AVAILABLE|Cannot find broker/.test(fault.message)) {
          const old = consumer;
          consumer = create();
          void closed(old);
        }
      }
      await sleep(clock, delay, stop.signal).catch(() => {});
    }
  }

  async function commit(offsets: readonly CommittedOffset[]): Promise<void> {
    const { generationId, memberId, coordinatorId, connections } = consumer;
    if (memberId === null || coordinatorId === null || generationId === 0) {
      throw new KafkaFailure("rebalance", "no member of the group at present", undefined);
    }
    const byTopic = new Map<string, offsetCommitV8.OffsetCommitRequestPartition[]>();
    for (const { topic, partition, offset, metadata } of offsets) {
      const entry = {
        partitionIndex: partition,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: -1,
        committedMetadata: metadata,
      };
      const list = byTopic.get(topic);
      if (list === undefined) byTopic.set(topic, [entry]);
      else list.push(entry);
    }
    const request = [...byTopic].map(([name, partitions]) => ({ name, partitions }));
    try {
      const server = consumer.currentMetadata?.brokers.get(coordinatorId);
      // at once where that is possible: a commit before the group is formed anew must be ahead of joining it
      let connection = server === undefined ? undefined : connections.getEstablishedConnection(server);
      if (connection?.isConnected() !== true) {
        const known = await consumer.metadata({ topics });
        const found = known.brokers.get(coordinatorId);
        if (found === undefined) throw new KafkaFailure("retriable", "the coordinator is gone", undefined);
        connection = await connections.get(found);
      }
      await offsetCommitV8.api.async(connection, input.groupId, generationId, memberId, null, request);
    } catch (error) {
      throw failedOn(connections, error);
    }
  }

  try {
    await persist(clock, withinMs, async () => {
      try {
        await consumer.joinGroup({});
      } catch (error) {
        throw failedOn(consumer.connections, error);
      }
    });
  } catch (error) {
    await close();
    throw error;
  }

  async function close(): Promise<void> {
    stop.abort();
    cancelLook();
    await within(clock, leaveWithinMs, Promise.all([fetcher.close(), closed(consumer)])).catch(() => {});
  }

  return {
    start: (topic, partition, offset) => fetcher.start(topic, partition, offset),
    pause: (topic, partition) => fetcher.pause(topic, partition),
    resume: (topic, partition) => fetcher.resume(topic, partition),
    commit,
    get fault() {
      return fault ?? fetcher.fault;
    },
    async subscribe(wanted) {
      for (const topic of wanted) consumer.topics.track(topic);
      topics = [...new Set([...topics, ...wanted])];
      await joinAnew();
    },
    close,
  };
}

interface Assigned {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** Resolves whether or not it could say goodbye. */
function closed(consumer: Consumer): Promise<void> {
  return new Promise((resolve) => consumer.close(true, () => resolve()));
}

/** Empty where one is not known. */
function countsOf(known: ClusterMetadata | undefined, topics: readonly string[]): string {
  const counts = topics.map((topic) => known?.topics.get(topic)?.partitionsCount);
  return counts.includes(undefined) ? "" : counts.join();
}
