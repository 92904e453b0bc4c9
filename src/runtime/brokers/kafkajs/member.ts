import { AssignerProtocol, type Consumer, type Kafka, type PartitionAssigner } from "kafkajs";
import type { Clock } from "../../context/index.js";
import { assignPartitions } from "../kafka/assign.js";
import { KafkaFailure } from "../kafka/failure.js";
import type { GroupMember, KafkaRecord, MemberInput } from "../kafka/port.js";
import { textHeaders } from "../kafka/records.js";
import { failureOf, request } from "./failures.js";

/**
 * How long a server holds a fetch when there is nothing new. The client sends commits and heartbeats over the same
 * connection, and a server answers one request after the other.
 */
const waitMs = 100;

/** The client's own gives topics to members that do not subscribe to them. Its name is also that of Java's. */
const assigner: PartitionAssigner = ({ cluster }) => ({
  name: "roundrobin",
  version: 1,
  protocol: ({ topics }) => ({
    name: "roundrobin",
    metadata: AssignerProtocol.MemberMetadata.encode({ version: 1, topics, userData: Buffer.alloc(0) }),
  }),
  async assign({ members }) {
    const subscriptions = members.map(({ memberId, memberMetadata }) => ({
      memberId,
      topics: AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? [],
    }));
    await cluster.addMultipleTargetTopics([...new Set(subscriptions.flatMap(({ topics }) => topics))]);
    const shared = assignPartitions(subscriptions, (topic) => cluster.findTopicPartitionMetadata(topic).length);
    return [...shared].map(([memberId, topics]) => ({
      memberId,
      memberAssignment: AssignerProtocol.MemberAssignment.encode({
        version: 0,
        assignment: Object.fromEntries(topics),
        userData: Buffer.alloc(0),
      }),
    }));
  },
});

/** Joins a group; resolves once it is a member. */
export async function joinGroup(
  kafka: Kafka,
  input: Omit<MemberInput, "clientId">,
  { clock, sessionTimeoutMs }: { readonly clock: Clock; readonly sessionTimeoutMs: number },
  withinMs: number,
): Promise<GroupMember> {
  const consumer: Consumer = kafka.consumer({
    groupId: input.groupId,
    partitionAssigners: [assigner],
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.min(3_000, Math.ceil(sessionTimeoutMs / 10)),
    maxWaitTimeInMs: waitMs,
    allowAutoTopicCreation: false,
    // it goes on for ever: whether that is of use is the owner's to say, by health
    retry: { initialRetryTime: 100, maxRetryTime: 3_000, retries: 5, restartOnFailure: async () => true },
  });
  const topics = new Set(input.topics);
  /** Partitions that were told where to start since the last assignment: others are not read. */
  const started = new Set<string>();
  let fault: Error | undefined;
  let closed = false;
  let work: Promise<void> = Promise.resolve();
  let onJoined = (): void => {};

  consumer.on(consumer.events.REBALANCING, () => {
    if (!closed) input.onRevoking();
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    fault = failureOf(payload.error);
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    if (closed) return;
    fault = undefined;
    started.clear();
    const assigned = new Map(Object.entries(payload.memberAssignment));
    consumer.pause([...assigned].map(([topic, partitions]) => ({ topic, partitions })));
    onJoined();
    input.onAssigned(assigned);
  });

  async function run(): Promise<void> {
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async ({ batch, resolveOffset, isStale }) => {
        const { topic, partition, messages } = batch;
        if (closed || isStale() || !started.has(keyOf(topic, partition))) return;
        const records = messages.map(({ offset, timestamp, key, value, headers = {} }): KafkaRecord => ({
          offset: Number(offset),
          timestamp: Number(timestamp),
          key: key ?? undefined,
          value: value ?? undefined,
          headers: textHeaders(Object.entries(headers)),
        }));
        const last = batch.lastOffset();
        input.onRecords(topic, partition, records, Number(last) + 1);
        resolveOffset(last);
      },
    });
  }

  async function join(): Promise<void> {
    let cancel = (): void => {};
    const joined = new Promise<void>((resolve, reject) => {
      cancel = clock.after(withinMs, () =>
        reject(fault ?? new KafkaFailure("retriable", `no member of the group within ${withinMs} ms`, undefined)),
      );
      onJoined = resolve;
    });
    try {
      await Promise.all([joined, request(consumer.connect()).then(() => request(run()))]);
    } finally {
      cancel();
    }
  }

  async function leave(): Promise<void> {
    closed = true;
    // waits for the fetch that is under way
    await consumer.disconnect().catch(() => {});
  }

  try {
    await join();
  } catch (error) {
    await leave();
    throw failureOf(error);
  }

  return {
    start(topic, partition, offset) {
      if (closed) return;
      started.add(keyOf(topic, partition));
      consumer.seek({ topic, partition, offset: String(offset) });
      consumer.resume([{ topic, partitions: [partition] }]);
    },
    pause: (topic, partition) => {
      if (!closed) consumer.pause([{ topic, partitions: [partition] }]);
    },
    resume: (topic, partition) => {
      if (!closed) consumer.resume([{ topic, partitions: [partition] }]);
    },
    commit: (offsets) =>
      request(consumer.commitOffsets(offsets.map((one) => ({ ...one, offset: String(one.offset) })))),
    subscribe(wanted) {
      const before = topics.size;
      for (const topic of wanted) topics.add(topic);
      if (topics.size === before) return Promise.resolve();
      // the client cannot subscribe while it runs
      work = work.then(async () => {
        if (closed) return;
        input.onRevoking();
        await consumer.stop();
        if (!closed) await run();
      });
      return work;
    },
    get fault() {
      return fault;
    },
    close: leave,
  };
}

function keyOf(topic: string, partition: number): string {
  return `${topic}:${partition}`;
}
