import { describe, expect, test } from "vitest";
import { createConsumer, type ConsumerInput, type KafkaConsumer } from "../../../src/runtime/brokers/kafka/consumer.js";
import { KafkaFailure } from "../../../src/runtime/brokers/kafka/failure.js";
import type { CommittedOffset, KafkaPort, KafkaRecord, MemberInput } from "../../../src/runtime/brokers/kafka/port.js";
import { readHeaders } from "../../../src/runtime/brokers/kafka/records.js";
import type { BrokerDelivery } from "../../../src/runtime/queue/index.js";
import { createFakeClock, turn, type FakeClock } from "../queue/support.js";

const topic = "orders";
const groupId = "orders.g";

/** A server with one topic and one group, as the port shows it, and what was asked of it. */
interface FakeServer {
  readonly port: KafkaPort;
  readonly clock: FakeClock;
  member(): MemberInput;
  /** Offsets of the group, by partition. */
  readonly committed: Map<number, { readonly offset: number; readonly metadata: string }>;
  readonly ends: number[];
  /** `start 0 7`, `pause 0`, `commit 0 7`, … */
  readonly calls: string[];
  failCommits: Error | undefined;
  /** While set, commits and goodbyes have no answer. */
  silent: boolean;
  /** Offsets are told once it is fulfilled. */
  slow: Promise<void>;
}

function createServer(ends: number[]): FakeServer {
  const clock = createFakeClock();
  const calls: string[] = [];
  const committed: FakeServer["committed"] = new Map();
  let joined: MemberInput | undefined;
  const never = new Promise<never>(() => {});
  const unused = (): never => {
    throw new Error("not part of these tests");
  };
  const note = (what: string) => (_topic: string, partition: number, offset?: number) =>
    void calls.push([what, partition, offset].filter((part) => part !== undefined).join(" "));

  async function commit(offsets: readonly CommittedOffset[]): Promise<void> {
    for (const { partition, offset } of offsets) calls.push(`commit ${partition} ${offset}`);
    if (server.silent) return never;
    if (server.failCommits !== undefined) throw server.failCommits;
    for (const { partition, offset, metadata } of offsets) committed.set(partition, { offset, metadata });
  }

  const server: FakeServer = {
    clock,
    calls,
    committed,
    ends,
    failCommits: undefined,
    silent: false,
    slow: Promise.resolve(),
    member: () => joined ?? unused(),
    port: {
      servers: "a fake",
      ping: unused,
      topics: unused,
      partitions: async () => ends.length,
      createTopic: unused,
      offsets: async () => ends.map((high, partition) => ({ partition, low: 0, high })),
      committed: () =>
        server.slow.then(() => [...committed].map(([partition, known]) => ({ topic, partition, ...known }))),
      produce: unused,
      resetProducer: unused,
      read: unused,
      close: unused,
      async join(input) {
        joined = input;
        input.onAssigned(new Map([[topic, ends.map((_, partition) => partition)]]));
        return {
          start: note("start"),
          pause: note("pause"),
          resume: note("resume"),
          close: () => (server.silent ? never : Promise.resolve()),
          subscribe: unused,
          commit,
          fault: undefined,
        };
      },
    },
  };
  return server;
}

async function start(
  server: FakeServer,
  more: Partial<ConsumerInput> = {},
): Promise<{ consumer: KafkaConsumer; got: BrokerDelivery[] }> {
  const got: BrokerDelivery[] = [];
  const consumer = await createConsumer({
    port: server.port,
    clock: server.clock,
    groupId,
    clientId: undefined,
    group: "g",
    address: topic,
    topic,
    prefetch: 10,
    commitIntervalMs: 60_000,
    connectWithinMs: 1_000,
    retries: {
      topics: () => [],
      adopt: () => {},
      declare: () => Promise.resolve(),
      delay: () => Promise.reject(new Error("no retry topics")),
    },
    deliver: (batch) => got.push(...batch),
    onClosed: () => {},
    ...more,
  });
  await turn();
  server.calls.length = 0;
  return { consumer, got };
}

function records(from: number, to: number, bytes = 0): KafkaRecord[] {
  return Array.from({ length: to - from }, (_, i) => {
    const headers = readHeaders([["x-message-id", `m${from + i}`]]);
    return { offset: from + i, timestamp: 0, key: undefined, value: new Uint8Array(bytes), ...headers };
  });
}

async function give(server: FakeServer, partition: number, from: number, to: number, bytes = 0): Promise<void> {
  server.member().onRecords(topic, partition, records(from, to, bytes), to);
  await turn();
}

const ids = (deliveries: readonly BrokerDelivery[]): string[] => deliveries.map(({ id }) => id);
const assignment = (...partitions: number[]): Map<string, number[]> => new Map([[topic, partitions]]);

describe("verdicts of a consumer", () => {
  test("are committed within the very call that says that the group is formed anew", async () => {
    const server = createServer([0]);
    const { got } = await start(server);
    await give(server, 0, 0, 4);
    await Promise.all(got.slice(0, 3).map((delivery) => delivery.ack()));
    expect(server.calls).toEqual([]);
    server.member().onRevoking();
    expect(server.calls).toEqual(["commit 0 3"]);
  });

  test("wait while the group is formed anew, and are refused where the partition went elsewhere", async () => {
    const server = createServer([0, 0]);
    const { got, consumer } = await start(server);
    await give(server, 0, 0, 1);
    await give(server, 1, 0, 1);
    server.member().onRevoking();
    const verdicts = got.map((delivery) =>
      delivery.ack().then(
        () => "accepted",
        (error: { code?: string }) => error.code,
      ),
    );
    let settled = false;
    void Promise.race(verdicts).then(() => (settled = true));
    await turn();
    expect(settled).toBe(false);
    server.ends[0] = server.ends[1] = 1;
    server.member().onAssigned(assignment(0));
    expect(await Promise.all(verdicts)).toEqual(["accepted", "too_late"]);
    await expect(got[1]?.nack()).rejects.toMatchObject({ code: "too_late" });
    await consumer.drain(0);
    expect(server.committed.get(0)).toMatchObject({ offset: 1 });
    expect(server.committed.get(1)).toMatchObject({ offset: 0 });
  });

  test("that give back do not wait, nor does a drain whose server is silent outlast its time by much", async () => {
    const server = createServer([0]);
    const { got, consumer } = await start(server);
    await give(server, 0, 0, 3);
    server.silent = true;
    server.member().onRevoking();
    await got[0]?.nack();
    void got[1]?.ack().catch(() => {});
    let left: readonly string[] | undefined;
    void consumer.drain(1_000).then((unfinished) => (left = ids(unfinished)));
    await server.clock.pass(999);
    expect(left).toBeUndefined();
    await server.clock.pass(1);
    await server.clock.pass(4_000);
    expect(left).toEqual(["m1", "m2"]);
  });

  test("are not committed until it is known that the partition is the one that was read", async () => {
    const server = createServer([0]);
    const { got } = await start(server, { commitIntervalMs: 5 });
    await give(server, 0, 0, 4);
    await got[0]?.ack();
    await server.clock.pass(5);
    await got[1]?.ack();
    server.failCommits = new KafkaFailure("retriable", "no connection", undefined);
    await server.clock.pass(5);
    server.failCommits = undefined;
    let tell = (): void => {};
    server.slow = new Promise((resolve) => (tell = resolve));
    server.calls.length = 0;
    // without a word before, as after a lost connection
    server.member().onAssigned(assignment(0));
    const late = expect(got[2]?.ack()).rejects.toMatchObject({ code: "too_late" });
    await server.clock.pass(2_000);
    expect(server.calls).toEqual([]);
    server.committed.clear();
    tell();
    await late;
    expect(server.calls).toEqual(["start 0 0"]);
  });

  test("are committed again after a rebalance: a client may have lost them with its connection", async () => {
    const server = createServer([4]);
    const { got } = await start(server, { commitIntervalMs: 5 });
    await give(server, 0, 0, 4);
    await got[0]?.ack();
    await server.clock.pass(5);
    server.committed.set(0, { offset: 0, metadata: "" });
    server.member().onRevoking();
    server.member().onAssigned(assignment(0));
    await server.clock.pass(5);
    expect(server.committed.get(0)).toMatchObject({ offset: 1 });
  });

  test("of what a drain tells of as unfinished are refused at once", async () => {
    const server = createServer([0]);
    const { got, consumer } = await start(server);
    await give(server, 0, 0, 2);
    await got[0]?.ack();
    const drained = consumer.drain(0);
    await expect(got[1]?.ack()).rejects.toMatchObject({ code: "too_late" });
    expect(ids(await drained)).toEqual(["m1"]);
    expect(server.committed.get(0)).toMatchObject({ offset: 1 });
  });

  test("outlive a commit that failed because the group was formed anew", async () => {
    const server = createServer([0]);
    const { got, consumer } = await start(server);
    await give(server, 0, 0, 2);
    await got[0]?.ack();
    server.failCommits = new KafkaFailure("rebalance", "over", undefined);
    server.member().onRevoking();
    await turn();
    server.failCommits = undefined;
    server.ends[0] = 2;
    server.member().onAssigned(assignment(0));
    await server.clock.pass(60_000);
    expect(server.committed.get(0)).toMatchObject({ offset: 1 });
    expect(consumer.fault).toBeUndefined();
  });
});

describe("what a consumer reads", () => {
  test("a record that comes again after a rebalance is not handed out again", async () => {
    const server = createServer([0]);
    const { got } = await start(server);
    await give(server, 0, 0, 4);
    server.member().onRevoking();
    server.ends[0] = 6;
    server.member().onAssigned(assignment(0));
    await turn();
    expect(server.calls).toContain("start 0 4");
    await give(server, 0, 2, 6);
    expect(ids(got)).toEqual(["m0", "m1", "m2", "m3", "m4", "m5"]);
  });

  test("an offset out of range: what follows is read although its offsets are lower", async () => {
    const server = createServer([0]);
    const { got, consumer } = await start(server, { commitIntervalMs: 5 });
    await give(server, 0, 0, 5);
    await Promise.all(got.slice(0, 4).map((delivery) => delivery.ack()));
    await server.clock.pass(5);
    expect(server.committed.get(0)).toMatchObject({ offset: 4 });
    server.member().onReset(topic, 0, 0);
    await expect(got[4]?.ack()).rejects.toMatchObject({ code: "too_late" });
    // nobody may begin where the other log was
    await server.clock.pass(5);
    expect(server.committed.get(0)).toMatchObject({ offset: 0 });
    await give(server, 0, 0, 3);
    expect(ids(got.slice(5))).toEqual(["m0", "m1", "m2"]);
    await Promise.all(got.slice(5).map((delivery) => delivery.ack()));
    await consumer.drain(0);
    expect(server.committed.get(0)).toMatchObject({ offset: 3 });
  });

  test("records that were deleted before they were read: what is held keeps its verdicts", async () => {
    const server = createServer([0]);
    const { got, consumer } = await start(server);
    await give(server, 0, 0, 2);
    server.member().onReset(topic, 0, 100);
    await give(server, 0, 100, 101);
    await Promise.all(got.map((delivery) => delivery.ack()));
    await consumer.drain(0);
    expect(ids(got)).toEqual(["m0", "m1", "m100"]);
    expect(server.committed.get(0)).toMatchObject({ offset: 101 });
  });

  test.each([
    ["whose end is before what was read", { ends: 3, keep: true }, "start 0 0"],
    ["of which the group has no offset any more", { ends: 9, keep: false }, "start 0 0"],
    ["that is the same", { ends: 9, keep: true }, "start 0 5"],
  ])("after a rebalance, of a topic %s", async (_, { ends, keep }, expected) => {
    const server = createServer([0]);
    const { got } = await start(server, { commitIntervalMs: 5 });
    await give(server, 0, 0, 5);
    // committed with a note, from the beginning on
    await got[1]?.ack();
    await server.clock.pass(5);
    expect(server.committed.get(0)).toMatchObject({ offset: 0 });
    server.member().onRevoking();
    if (!keep) server.committed.clear();
    server.ends[0] = ends;
    server.member().onAssigned(assignment(0));
    await turn();
    expect(server.calls).toContain(expected);
  });

  test("a group's offset behind the end of the topic is none", async () => {
    const server = createServer([7]);
    server.committed.set(0, { offset: 8, metadata: "" });
    const { got } = await start(server);
    await give(server, 0, 0, 2);
    expect(ids(got)).toEqual(["m0", "m1"]);
  });
});

describe("read-ahead of a consumer", () => {
  test("ends at a number of records and goes on at half of it", async () => {
    const server = createServer([0]);
    const { got } = await start(server);
    await give(server, 0, 0, 3_999);
    // ten are with handlers
    await give(server, 0, 3_999, 4_009);
    expect(server.calls).toEqual([]);
    await give(server, 0, 4_009, 4_010);
    expect(server.calls).toEqual(["pause 0"]);
    for (let n = 0; n < 2_000; n++) {
      await got[n]?.ack();
      await turn();
    }
    expect(server.calls).toEqual(["pause 0"]);
    await got[2_000]?.ack();
    await turn();
    expect(server.calls).toEqual(["pause 0", "resume 0"]);
  });

  test("that had ended goes on where a partition begins anew", async () => {
    const server = createServer([0]);
    await start(server);
    await give(server, 0, 0, 4_100);
    server.member().onReset(topic, 0, 0);
    expect(server.calls).toEqual(["pause 0", "resume 0"]);
  });

  test("ends at a number of bytes for all partitions together", async () => {
    const server = createServer([0, 0, 0, 0]);
    const { got, consumer } = await start(server, { prefetch: 1 });
    consumer.pause();
    const mebibyte = 1_048_576;
    await give(server, 0, 0, 7, mebibyte);
    expect(server.calls).toEqual([]);
    await give(server, 0, 7, 8, mebibyte);
    expect(server.calls).toEqual(["pause 0"]);
    await give(server, 1, 0, 1, 9 * mebibyte);
    expect(server.calls).toEqual(["pause 0", "pause 1"]);
    server.calls.length = 0;
    consumer.resume();
    await turn();
    // the only one of the other partition is the first; four of eight are still too many
    for (let n = 0; n < 5; n++) {
      expect(server.calls).toEqual(["resume 1"]);
      await got[n]?.ack();
      await turn();
    }
    expect(server.calls).toEqual(["resume 1", "resume 0"]);
  });

  test("ends when 50,000 places are kept behind a record without a verdict", async () => {
    const server = createServer([0]);
    let first: BrokerDelivery | undefined;
    await start(server, {
      prefetch: 25_000,
      deliver: (batch) => {
        first ??= batch[0];
        for (const delivery of batch) if (delivery !== first) void delivery.ack();
      },
    });
    for (let from = 0; from < 49_000; from += 7_000) await give(server, 0, from, from + 7_000);
    expect(server.calls).toEqual([]);
    await give(server, 0, 49_000, 50_000);
    expect(server.calls).toEqual(["pause 0"]);
    await first?.ack();
    await turn();
    expect(server.calls).toEqual(["pause 0", "resume 0"]);
  });
});
