import { ConnectionPool, fetchV13, ResponseError, type Base, type ClusterMetadata } from "@platformatic/kafka";
import { sleep, type Clock } from "../../../context/index.js";
import { KafkaFailure } from "../failure.js";
import type { OnRecords, OnReset, PartitionReader } from "../port.js";
import { readPartition } from "./batches.js";
import { failedOn, failureOf, request } from "./failures.js";
import type { ClientSettings, FetchResponse } from "./types.js";

interface Position {
  readonly topic: string;
  readonly partition: number;
  offset: number;
  paused: boolean;
  /** Of the topic that the offset belongs to; undefined until the first fetch. */
  topicId: string | undefined;
}

/** How long a server holds a request when there is nothing new. */
const waitMs = 500;
/** The same while partitions are paused: one that goes on must not wait for the silence of the others. */
const shortWaitMs = 20;
const maxBytes = 8_000_000;
const maxBytesPerPartition = 1_048_576;
const firstDelayMs = 50;
const longestDelayMs = 2_000;
const readCommitted = 1;

const offsetOutOfRange = 1;

/** What the fetcher is beside a reader. */
export interface Fetcher extends PartitionReader {
  /** Reads nothing more of partitions that are not started again. */
  reset(): void;
  /** Why it cannot read. */
  readonly fault: Error | undefined;
}

/**
 * Fetches from the leaders of partitions, one request at a time for each server, over connections of its own: a server
 * answers the requests of a connection one after the other, and a heartbeat must not wait for records.
 */
export function createFetcher(input: {
  readonly client: Pick<Base, "metadata">;
  readonly settings: ClientSettings;
  readonly clock: Clock;
  readonly earliest: (topic: string, partition: number) => Promise<number>;
  readonly onRecords: OnRecords;
  readonly onReset: OnReset;
}): Fetcher {
  const { client, settings, clock, onRecords } = input;
  const pool = new ConnectionPool(settings.clientId, settings);
  // without a listener an error event would end the process; the request that fails with it is tried again
  pool.on("error", () => {});
  const stop = new AbortController();
  let positions = new Map<string, Position>();
  /** Those before the last reset: what goes on at the same offset is of the same topic. */
  let before = positions;
  const pumps = new Map<number, Promise<void>>();
  let finding: Promise<void> | undefined;
  let stale = false;
  /** Topics that are not there: those that are must not wait for them. */
  const missing = new Set<string>();
  let fault: Error | undefined;

  const topicsOf = (wanted: Iterable<Position>): string[] => [...new Set([...wanted].map(({ topic }) => topic))];

  async function metadata(): Promise<ClusterMetadata> {
    const forceUpdate = stale;
    stale = false;
    if (forceUpdate) missing.clear();
    for (;;) {
      const topics = topicsOf(positions.values()).filter((topic) => !missing.has(topic));
      try {
        return await request(client.metadata({ topics, forceUpdate }));
      } catch (error) {
        fault = failureOf(error);
        if (!isUnknownTopic(error) || topics.length < 2) throw error;
        const known = missing.size;
        for (const topic of topics) if (!(await exists(topic))) missing.add(topic);
        // it came back in between
        if (missing.size === known) throw error;
      }
    }
  }

  async function exists(topic: string): Promise<boolean> {
    try {
      await request(client.metadata({ topics: [topic], forceUpdate: true }));
      return true;
    } catch (error) {
      if (isUnknownTopic(error)) return false;
      throw error;
    }
  }

  /** Starts a pump for each server that leads something to be read. */
  function wake(): void {
    if (finding !== undefined || stop.signal.aborted) return;
    finding = find()
      .catch(() => {})
      .then(() => {
        finding = undefined;
      });
  }

  async function find(): Promise<void> {
    for (let delay = firstDelayMs; !stop.signal.aborted; delay = Math.min(delay * 2, longestDelayMs)) {
      try {
        const known = await metadata();
        for (const position of positions.values()) {
          if (position.paused) continue;
          const leader = leaderOf(known, position);
          if (leader === undefined) stale = true;
          else if (!pumps.has(leader)) startPump(leader);
        }
        if (!stale) return;
      } catch (error) {
        fault = failureOf(error);
        stale = true;
      }
      await sleep(clock, delay, stop.signal);
    }
  }

  function startPump(node: number): void {
    const pump = run(node)
      .catch(() => {})
      .then(() => {
        pumps.delete(node);
        if ([...positions.values()].some(({ paused }) => !paused)) wake();
      });
    pumps.set(node, pump);
  }

  async function run(node: number): Promise<void> {
    let delay = firstDelayMs;
    while (!stop.signal.aborted) {
      try {
        const known = await metadata();
        const wanted = [...positions.values()].filter((one) => !one.paused && leaderOf(known, one) === node);
        const server = known.brokers.get(node);
        // which asks until they are there
        if (missing.size > 0) wake();
        if (wanted.length === 0 || server === undefined) return;
        for (const position of wanted) {
          const topicId = known.topics.get(position.topic)?.id;
          // made anew: its offsets mean something else
          if (position.topicId !== undefined && position.topicId !== topicId) await restart(position);
          position.topicId = topicId;
        }
        await fetch(known, wanted, await request(pool.get(server)));
        if (missing.size === 0) fault = undefined;
        delay = firstDelayMs;
      } catch (error) {
        fault = failureOf(error);
        stale = true;
        await sleep(clock, delay * (stop.signal.aborted ? 0 : 1), stop.signal);
        delay = Math.min(delay * 2, longestDelayMs);
      }
    }
  }

  async function fetch(
    known: ClusterMetadata,
    wanted: readonly Position[],
    connection: Parameters<typeof fetchV13.api.async>[0],
  ): Promise<void> {
    const asked = new Map(wanted.map((position) => [keyOf(position), position.offset]));
    const names = new Map<string, string>();
    const topics: fetchV13.FetchRequestTopic[] = topicsOf(wanted).map((topic) => {
      const topicId = known.topics.get(topic)?.id ?? "";
      names.set(topicId, topic);
      return {
        topicId,
        partitions: wanted
          .filter((position) => position.topic === topic)
          .map(({ partition, offset }) => ({
            partition,
            currentLeaderEpoch: -1,
            fetchOffset: BigInt(offset),
            lastFetchedEpoch: -1,
            partitionMaxBytes: maxBytesPerPartition,
          })),
      };
    });
    const wait = wanted.length < positions.size ? shortWaitMs : waitMs;
    let response: FetchResponse;
    let failed = false;
    try {
      response = await fetchV13.api.async(connection, wait, 1, maxBytes, readCommitted, 0, 0, topics, [], "");
    } catch (error) {
      // the other partitions of the answer are as good as without the one that failed
      const told = error instanceof ResponseError ? (error["response"] as FetchResponse | undefined) : undefined;
      if (told === undefined) throw failedOn(pool, error);
      response = told;
      failed = true;
    }
    for (const { topicId, partitions } of response.responses) {
      const topic = names.get(topicId);
      if (topic === undefined) continue;
      for (const answer of partitions) {
        const position = positions.get(keyOf({ topic, partition: answer.partitionIndex }));
        // started again at another offset in the meantime
        if (position === undefined || position.offset !== asked.get(keyOf(position))) continue;
        if (answer.errorCode === offsetOutOfRange) await restart(position);
        else if (answer.errorCode === 0) accept(position, answer);
      }
    }
    if (failed) {
      stale = true;
      await sleep(clock, firstDelayMs, stop.signal);
    }
  }

  function accept(position: Position, answer: FetchResponse["responses"][number]["partitions"][number]): void {
    const before = position.offset;
    const { records, next } = readPartition(answer, before);
    position.offset = next;
    if (next > before && !stop.signal.aborted) onRecords(position.topic, position.partition, records, next);
  }

  async function restart(position: Position): Promise<void> {
    const { topic, partition } = position;
    const first = await input.earliest(topic, partition);
    if (positions.get(keyOf(position)) !== position || stop.signal.aborted) return;
    position.offset = first;
    input.onReset(topic, partition, first);
  }

  return {
    start(topic, partition, offset) {
      const key = keyOf({ topic, partition });
      const last = positions.get(key) ?? before.get(key);
      const topicId = last?.offset === offset ? last.topicId : undefined;
      positions.set(key, { topic, partition, offset, paused: false, topicId });
      wake();
    },
    pause(topic, partition) {
      const position = positions.get(keyOf({ topic, partition }));
      if (position !== undefined) position.paused = true;
    },
    resume(topic, partition) {
      const position = positions.get(keyOf({ topic, partition }));
      if (position === undefined || !position.paused) return;
      position.paused = false;
      wake();
    },
    reset() {
      before = positions;
      positions = new Map();
    },
    get fault() {
      return fault;
    },
    async close() {
      stop.abort();
      positions.clear();
      await pool.close().catch(() => {});
      await Promise.all([...pumps.values(), finding]);
    },
  };
}

function keyOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}:${partition}`;
}

function isUnknownTopic(error: unknown): boolean {
  return error instanceof KafkaFailure && error.kind === "unknown_topic";
}

function leaderOf(known: ClusterMetadata, { topic, partition }: Position): number | undefined {
  const leader = known.topics.get(topic)?.partitions[partition]?.leader;
  return leader === undefined || leader < 0 ? undefined : leader;
}
