import { AssignerProtocol, type Consumer, type Kafka, type PartitionAssigner } from "kafkajs";
import { sleep, type Clock } from "../../context/index.js";
import { assignPartitions } from "../kafka/assign.js";
import { KafkaFailure } from "../kafka/failure.js";
import type { GroupMember, KafkaRecord, MemberInput } from "../kafka/port.js";
import { readHeaders } from "../kafka/records.js";
import { leaveWithinMs, lookEveryMs, within } from "../kafka/wait.js";
import { failureOf, request } from "./failures.js";

/**
 * How long a server holds a fetch when there is nothing new. The client sends commits and heartbeats over the same
 * connection, and a server answers one request after the other.
 */
const waitMs = 100;
const firstDelayMs = 100;
const longestDelayMs = 3_000;

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
    metadataMaxAge: Math.min(lookEveryMs, sessionTimeoutMs),
    allowAutoTopicCreation: false,
    // it goes on for ever: whether that is of use is the owner's to say, by health
    retry: { initialRetryTime: 100, maxRetryTime: 3_000, retries: 5, restartOnFailure: async () => true },
  });
  const topics = new Set(input.topics);
  /** What comes next of partitions that were told where to start since the last assignment: others are not read. */
  const positions = new Map<string, number>();
  const stop = new AbortController();
  let fault: Error | undefined;
  /** Otherwise the client throws whatever it is told. */
  let isMember = false;
  let subscribing: Promise<void> | undefined;
  let onJoined = (): void => {};

  consumer.on(consumer.events.REBALANCING, () => {
    if (!stop.signal.aborted) input.onRevoking();
  });
  consumer.on(consumer.events.STOP, () => {
    isMember = false;
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    fault = failureOf(payload.error);
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    if (stop.signal.aborted) return;
    isMember = true;
    fault = undefined;
    positions.clear();
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
        const key = keyOf(topic, partition);
        const position = positions.get(key);
        if (position === undefined || stop.signal.aborted || isStale()) return;
        const records = messages.map(({ offset, timestamp, key, value, headers = {} }): KafkaRecord => ({
          offset: Number(offset),
          timestamp: Number(timestamp),
          key: key ?? undefined,
          value: value ?? undefined,
          ...readHeaders(Object.entries(headers)),
        }));
        // where an offset is out of range the client goes to the first record on its own
        const first = Number(batch.firstOffset() ?? position);
        if (first < position) input.onReset(topic, partition, first);
        const last = batch.lastOffset();
        const next = Number(last) + 1;
        positions.set(key, next);
        input.onRecords(topic, partition, records, next);
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
    stop.abort();
    isMember = false;
    // waits for the fetch that is under way
    await within(clock, leaveWithinMs, consumer.disconnect()).catch(() => {});
  }

  /** The client cannot subscribe while it runs. What fails is tried until it works: nobody else would start it again. */
  async function runAgain(): Promise<void> {
    input.onRevoking();
    for (let delay = firstDelayMs; !stop.signal.aborted; delay = Math.min(delay * 2, longestDelayMs)) {
      try {
        await consumer.stop();
        await consumer.connect();
        const count = topics.size;
        if (!stop.signal.aborted) await run();
        if (count === topics.size) break;
      } catch (error) {
        fault = failureOf(error);
        await sleep(clock, delay, stop.signal).catch(() => {});
      }
    }
    subscribing = undefined;
  }

  try {
    await join();
  } catch (error) {
    await leave();
    throw failureOf(error);
  }

  return {
    // what comes while it is no member is said again when it is one
    start(topic, partition, offset) {
      if (!isMember) return;
      positions.set(keyOf(topic, partition), offset);
      consumer.seek({ topic, partition, offset: String(offset) });
      consumer.resume([{ topic, partitions: [partition] }]);
    },
    pause(topic, partition) {
      if (isMember) consumer.pause([{ topic, partitions: [partition] }]);
    },
    resume(topic, partition) {
      if (isMember) consumer.resume([{ topic, partitions: [partition] }]);
    },
    async commit(offsets) {
      if (!isMember) throw new KafkaFailure("rebalance", "no member of the group at present", undefined);
      await request(consumer.commitOffsets(offsets.map((one) => ({ ...one, offset: String(one.offset) }))));
    },
    async subscribe(wanted) {
      const before = topics.size;
      for (const topic of wanted) topics.add(topic);
      if (topics.size === before) return;
      await (subscribing ??= runAgain());
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
