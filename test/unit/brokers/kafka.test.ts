import { Partitioners } from "kafkajs";
import { describe, expect, test } from "vitest";
import { assignPartitions } from "../../../src/runtime/brokers/kafka/assign.js";
import { readPartition } from "../../../src/runtime/brokers/kafka/client/batches.js";
import { parseServers } from "../../../src/runtime/brokers/kafka/client/servers.js";
import { deadTopic, delayOf, retryTopic, topicName } from "../../../src/runtime/brokers/kafka/names.js";
import { readNotes, writeNotes } from "../../../src/runtime/brokers/kafka/notes.js";
import { createPartition, type Entry, type Partition } from "../../../src/runtime/brokers/kafka/partition.js";
import { createPartitioner } from "../../../src/runtime/brokers/kafka/partitioner.js";
import type { KafkaRecord } from "../../../src/runtime/brokers/kafka/port.js";
import { readHeaders } from "../../../src/runtime/brokers/kafka/records.js";
import { createRoutes, routeOf } from "../../../src/runtime/brokers/kafka/routes.js";

const record = (offset: number, headers: Record<string, string> = {}): KafkaRecord => {
  return { offset, timestamp: 0, key: undefined, value: undefined, ...readHeaders(Object.entries(headers)) };
};
const records = (from: number, to: number): KafkaRecord[] =>
  Array.from({ length: to - from }, (_, i) => record(from + i));

function take(partition: Partition): Entry {
  const entry = partition.take(0);
  if (entry === undefined || typeof entry === "number") throw new Error("nothing to take");
  return entry;
}

const plain = { topic: "t", number: 0, isRetry: false, offset: 0, metadata: "", stored: false };

describe("names of topics", () => {
  test.each([
    ["orders.created", "orders.created"],
    ["orders/created", "orders.created"],
    ["Orders_1-2", "Orders_1-2"],
  ])("%s is %s", (address, name) => expect(topicName(address)).toBe(name));

  test("what Kafka does not take is replaced, and no two addresses share a name", () => {
    const odd = ["a b", "a#b", "a_b", "ä", "..", ".", "", "x".repeat(300), "x".repeat(301)];
    const names = odd.map(topicName);
    expect(new Set(names).size).toBe(odd.length);
    for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9._-]{1,249}$/);
  });

  test("retry topics tell their delay, those of other groups do not count", () => {
    expect(retryTopic("t", "g", 500)).toBe("t.g.retry.500");
    expect(deadTopic("t", "g")).toBe("t.g.dead");
    expect(deadTopic("t", "")).toBe("t.dead");
    expect(delayOf("t.g.retry.500", "t", "g")).toBe(500);
    for (const name of ["t.g.retry.0", "t.g.retry.1e3", "t.g2.retry.500", "t.g.retry.", "t.g.retry.500.dead"]) {
      expect(delayOf(name, "t", "g")).toBeUndefined();
    }
  });
});

describe("partitions of messages", () => {
  test("keys as in Java's client, by its port in kafkajs", () => {
    const oracle = Partitioners.DefaultPartitioner();
    const partitionMetadata = Array.from({ length: 13 }, (_, partitionId) => {
      return { partitionErrorCode: 0, partitionId, leader: 1, replicas: [], isr: [] };
    });
    const own = createPartitioner();
    for (let n = 0; n < 500; n++) {
      const key = Buffer.from("k".repeat(n % 9) + n * 7919);
      expect(own.choose("t", 13, key, 1)).toBe(oracle({ topic: "t", partitionMetadata, message: { key, value: "" } }));
    }
  });

  test("keyless messages of a batch stay together up to 16 KB, the next batch goes on", () => {
    const own = createPartitioner();
    const batch = (count: number, bytes: number): number[] => {
      own.turn();
      return Array.from({ length: count }, () => own.choose("t", 3, undefined, bytes));
    };
    expect(batch(3, 10)).toEqual([0, 0, 0]);
    expect(batch(2, 10)).toEqual([1, 1]);
    expect(batch(4, 9_000)).toEqual([2, 2, 0, 0]);
  });
});

describe("sharing partitions among members", () => {
  test("evenly, each once, only to those that subscribe, whatever the order of members", () => {
    const members = [
      { memberId: "b", topics: ["x", "y"] },
      { memberId: "a", topics: ["x"] },
      { memberId: "c", topics: ["z"] },
    ];
    const counts: Record<string, number> = { x: 5, y: 2, z: 3 };
    const shared = assignPartitions(members, (topic) => counts[topic] ?? 0);
    expect(shared).toEqual(assignPartitions([...members].reverse(), (topic) => counts[topic] ?? 0));
    expect(shared.get("a")?.get("x")).toEqual([0, 2, 4]);
    expect(shared.get("b")).toEqual(
      new Map([
        ["x", [1, 3]],
        ["y", [0, 1]],
      ]),
    );
    expect(shared.get("c")).toEqual(new Map([["z", [0, 1, 2]]]));
  });
});

describe("offsets of a partition", () => {
  test("are committed up to the lowest unfinished one, with what is done behind it", () => {
    const partition = createPartition(plain);
    expect(partition.commit()).toBeUndefined();
    partition.add(records(0, 5), 5);
    const taken = records(0, 5).map(() => take(partition));
    expect(partition.take(0)).toBeUndefined();
    for (const n of [1, 2, 4]) partition.finish(taken[n] ?? fail());
    const commit = partition.commit();
    expect(commit).toMatchObject({ offset: 0 });
    expect(partition.commit()).toBeUndefined();

    const next = createPartition({ ...plain, metadata: commit?.metadata ?? "" });
    next.add(records(0, 6), 6);
    const again = [take(next), take(next), take(next)];
    expect(again.map(({ offset, redelivered }) => [offset, redelivered])).toEqual([
      [0, true],
      [3, true],
      [5, false],
    ]);
    again.forEach((entry) => next.finish(entry));
    expect(next.commit()).toEqual({ topic: "t", partition: 0, offset: 6, metadata: "" });
  });

  test("move past marks of transactions and compacted records", () => {
    const partition = createPartition(plain);
    partition.add([record(3), record(9)], 12);
    partition.finish(take(partition));
    expect(partition.commit()).toMatchObject({ offset: 9 });
    partition.finish(take(partition));
    expect(partition.commit()).toMatchObject({ offset: 12, metadata: "" });
  });

  test("a record that comes twice counts once", () => {
    const partition = createPartition(plain);
    partition.add(records(0, 4), 4);
    partition.add(records(2, 6), 6);
    expect(partition.waiting).toBe(6);
  });

  test("what is given back comes again in its place, with its headers, also elsewhere", () => {
    const partition = createPartition(plain);
    partition.add(records(0, 4), 4);
    const [first, second] = [take(partition), take(partition)];
    partition.giveBack(second, { "x-attempt": "2" });
    partition.giveBack(first);
    const { metadata = "" } = partition.commit() ?? {};
    expect([take(partition), take(partition), take(partition)].map(({ offset }) => offset)).toEqual([0, 1, 2]);
    const next = createPartition({ ...plain, metadata });
    next.add(records(0, 2), 2);
    expect([take(next).headers, take(next).headers]).toEqual([undefined, { "x-attempt": "2" }]);
  });

  test("a record of a retry topic is due at its time, and those behind it wait", () => {
    const partition = createPartition({ ...plain, isRetry: true });
    partition.add([record(0, { "x-retry-at": "500" }), record(1, { "x-retry-at": "100" })], 2);
    expect(partition.take(499)).toBe(500);
    expect(partition.take(500)).toMatchObject({ offset: 0 });
  });

  test("notes are bounded, and foreign ones count as nothing", () => {
    const done = Array.from({ length: 5_000 }, (_, n) => [n * 3 + 1, n * 3 + 2] as const);
    const headers = new Map(Array.from({ length: 500 }, (_, n) => [n * 3, { "x-attempt": "2", note: "ä".repeat(20) }]));
    const text = writeNotes(0, { deliveredTo: 15_000, done, headers });
    expect(Buffer.byteLength(text)).toBeLessThan(4_096);
    const read = readNotes(0, text);
    expect(read.deliveredTo).toBe(15_000);
    expect(read.done.length).toBeGreaterThan(100);
    expect(read.done).toEqual(done.slice(0, read.done.length));
    expect(read.headers.get(0)).toEqual({ "x-attempt": "2", note: "ä".repeat(20) });
    for (const foreign of ["", "w1;", "w1;zz", "w1;1;1.1;", 'w1;0;;{"0":1}', "w1;0;;{", "some tool's note"]) {
      expect(readNotes(7, foreign)).toMatchObject({ done: [] });
      expect(readNotes(7, foreign).headers.size).toBe(0);
    }
  });
});

describe("fetched batches", () => {
  const batch = (first: number, more: Record<string, unknown> = {}) => ({
    firstOffset: BigInt(first),
    length: 0,
    partitionLeaderEpoch: 0,
    magic: 2,
    crc: 0,
    attributes: 16,
    lastOffsetDelta: 1,
    firstTimestamp: 0n,
    maxTimestamp: 0n,
    producerId: 1n,
    producerEpoch: 0,
    firstSequence: 0,
    records: [0, 1].map((offsetDelta) => {
      return { length: 0, attributes: 0, timestampDelta: 0n, offsetDelta, key: null, value: null, headers: [] };
    }),
    ...more,
  });
  const mark = (first: number, type: number) => ({
    ...batch(first, { attributes: 48, lastOffsetDelta: 0 }),
    records: [
      {
        length: 0,
        attributes: 0,
        timestampDelta: 0n,
        offsetDelta: 0,
        value: null,
        headers: [],
        key: Buffer.from([0, 0, 0, type]),
      },
    ],
  });
  const answer = {
    partitionIndex: 0,
    errorCode: 0,
    highWatermark: 0n,
    lastStableOffset: 0n,
    logStartOffset: 0n,
    preferredReadReplica: -1,
  };

  test("an aborted transaction ends at its mark, and the same producer's next one counts", () => {
    const found = readPartition(
      {
        ...answer,
        abortedTransactions: [{ producerId: 1n, firstOffset: 0n }],
        records: [batch(0), batch(2, { producerId: 2n }), mark(4, 0), batch(5), mark(7, 1)],
      },
      0,
    );
    expect(found.records.map(({ offset }) => offset)).toEqual([2, 3, 5, 6]);
    expect(found.next).toBe(8);
  });

  test("one whose mark is not there yet is left out too", () => {
    const aborted = [{ producerId: 1n, firstOffset: 0n }];
    const found = readPartition({ ...answer, abortedTransactions: aborted, records: [batch(0)] }, 1);
    expect(found).toEqual({ records: [], next: 2 });
  });

  test("records before the offset that was asked for are not read again", () => {
    const found = readPartition({ ...answer, abortedTransactions: [], records: [batch(4)] }, 5);
    expect(found.records.map(({ offset }) => offset)).toEqual([5]);
  });
});

describe("addresses of servers", () => {
  test.each([
    ["localhost", ["localhost:9092"], false],
    ["a:1, b:2", ["a:1", "b:2"], false],
    ["kafka://a:1", ["a:1"], false],
    ["kafka-secure://u:p%40w@a:1,b:2/x?y#z", ["a:1", "b:2"], true],
    ["[::1]:9092", ["[::1]:9092"], false],
  ])("%s", (text, hosts, tls) => expect(parseServers(text)).toMatchObject({ hosts, tls }));

  test("credentials are decoded", () => {
    expect(parseServers("kafka://u:p%40:w@a").credentials).toEqual({ username: "u", password: "p@:w" });
  });

  test.each([
    "",
    "amqp://a",
    "amqp://u:secret@a:1",
    "http://u:secret@a:9092",
    "redis-secure://u:secret@a",
    "kafka://",
    "a b",
    "kafka://u:secret@",
  ])("%s is refused without telling it", (text) => {
    expect(() => parseServers(text)).toThrow(expect.objectContaining({ name: "QueueError", code: "usage" }) as Error);
    expect(() => parseServers(text)).not.toThrow(/secret/);
  });
});

describe("bindings", () => {
  test("topic, counts, configuration, group and client", () => {
    const kafka = {
      topic: "real",
      partitions: 3,
      replicas: 2,
      topicConfiguration: { "cleanup.policy": ["delete", "compact"], "retention.ms": 5, "Bad Name": 1, nested: {} },
      groupId: { type: "string", enum: ["billing"] },
      clientId: { const: "me" },
    };
    expect(routeOf("orders", { kafka })).toMatchObject({
      topic: "real",
      partitions: 3,
      replicas: 2,
      configuration: { "cleanup.policy": "delete,compact", "retention.ms": "5" },
      groupId: "billing",
      clientId: "me",
    });
    expect(routeOf("o", { kafka: { partitions: "9", groupId: { enum: ["a", "b"] } } })).toMatchObject({
      partitions: -1,
      groupId: undefined,
    });
  });

  test("those of an operation add to those of the channel; addresses of a template share its topic", () => {
    const routes = createRoutes();
    routes.learn("o/{id}", { kafka: { topic: "shared", partitions: 3 } });
    routes.learn("o/{id}", { kafka: { groupId: "g" } });
    routes.learn("o/{id}", {});
    expect(routes.learn("o/{id}", {})).toMatchObject({ topic: "shared", partitions: 3, groupId: "g", open: false });
    expect(routes.find("o/7")).toMatchObject({ topic: "shared", address: "o/7" });
    expect(routes.find("p/7")).toMatchObject({ topic: "p.7" });
    expect(routes.learn("p/{id}", {}).open).toBe(true);
  });
});

function fail(): never {
  throw new Error("not there");
}
