import { sleep, type Clock } from "../../context/index.js";
import { QueueError, type OutgoingMessage, type PublishResult } from "../../queue/index.js";
import { byPartition, keyOf, nextBatch, type Group, type Pending } from "./batch.js";
import { positionOf } from "./delivery.js";
import { KafkaFailure, toQueueError } from "./failure.js";
import { createPartitioner } from "./partitioner.js";
import type { KafkaPort, RecordToProduce } from "./port.js";
import { outgoingSize, recordHeaders } from "./records.js";
import type { Topics } from "./topics.js";

/** A message and where it goes. */
export interface Letter {
  readonly message: OutgoingMessage;
  readonly topic: string;
  /** Headers of the adapter's own. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The partition, where that does not follow from the key. */
  readonly partition?: number | undefined;
}

/** One producer for all: what is published in a turn of the event loop, or while a request is under way, goes together. */
export interface Publisher {
  /** A result per letter once the server has it. Never rejects. */
  send(letters: readonly Letter[], withinMs?: number): Promise<readonly PublishResult[]>;
  close(): Promise<void>;
}

/** Records that wait or are under way at one time; further ones wait outside. */
const maxPending = 20_000;
const firstDelayMs = 50;
const longestDelayMs = 2_000;

export function createPublisher(input: {
  readonly port: KafkaPort;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly withinMs: number;
  readonly transactional: boolean;
}): Publisher {
  const { port, topics, clock, withinMs, transactional } = input;
  const partitioner = createPartitioner();
  const stop = new AbortController();
  /** What was published together; a transaction holds one group. */
  const queue: Pending[][] = [];
  const waiting: (() => void)[] = [];
  let pending = 0;
  let running: Promise<void> | undefined;
  let needsReset = false;
  let lastError: unknown;

  function schedule(): void {
    running ??= new Promise<void>((resolve) => {
      setImmediate(() => void run().then(resolve, resolve));
    }).then(() => {
      running = undefined;
      if (queue.length > 0) schedule();
    });
  }

  async function run(): Promise<void> {
    while (queue.length > 0) {
      const batch = transactional ? (queue.shift() ?? []) : nextBatch(queue);
      const alive = batch.filter(({ group }) => !group.over);
      if (alive.length > 0) await (transactional ? writeTransaction(alive) : write(alive));
    }
  }

  /** Tries until it is written, refused, or nobody waits any longer. The same records each time: numbers make them unique. */
  async function write(batch: readonly Pending[]): Promise<void> {
    for (let delay = firstDelayMs; ; delay = Math.min(delay * 2, longestDelayMs)) {
      try {
        if (needsReset) {
          await port.resetProducer();
          needsReset = false;
        }
        const offsets = await port.produce(
          batch.map(({ record }) => record),
          false,
        );
        return confirm(batch, offsets);
      } catch (error) {
        const kind = error instanceof KafkaFailure ? error.kind : "refused";
        const again = kind === "retriable" || kind === "fenced" || kind === "rebalance";
        if (kind === "fenced") needsReset = true;
        if (!again) return refuse(batch, error);
        if (stop.signal.aborted || batch.every(({ group }) => group.over)) {
          // it may have arrived: what comes next must not pass for a repetition of it
          needsReset = true;
          return fail(batch, error);
        }
        lastError = error;
        await sleep(clock, delay, stop.signal).catch(() => {});
      }
    }
  }

  /** Finds out which partition, and which record of it, is not wanted. */
  async function refuse(batch: readonly Pending[], error: unknown): Promise<void> {
    const parts = byPartition(batch);
    if (parts.length > 1) {
      for (const part of parts) await write(part);
      return;
    }
    if (batch.length > 1 && error instanceof KafkaFailure && error.kind === "too_large") {
      const middle = batch.length >> 1;
      await write(batch.slice(0, middle));
      await write(batch.slice(middle));
      return;
    }
    // its numbers are used up on some servers and free on others
    needsReset = true;
    if (error instanceof KafkaFailure && error.kind === "unknown_topic") {
      for (const { record } of batch) topics.forget(record.topic);
    }
    fail(batch, error);
  }

  async function writeTransaction(batch: readonly Pending[]): Promise<void> {
    for (let delay = firstDelayMs; ; delay = Math.min(delay * 2, longestDelayMs)) {
      try {
        if (needsReset) {
          await port.resetProducer();
          needsReset = false;
        }
        const offsets = await port.produce(
          batch.map(({ record }) => record),
          true,
        );
        return confirm(batch, offsets);
      } catch (error) {
        const kind = error instanceof KafkaFailure ? error.kind : "refused";
        needsReset = true;
        const again = kind === "retriable" || kind === "fenced" || kind === "rebalance";
        if (!again || stop.signal.aborted || batch.every(({ group }) => group.over)) return fail(batch, error);
        lastError = error;
        await sleep(clock, delay, stop.signal).catch(() => {});
      }
    }
  }

  function confirm(batch: readonly Pending[], offsets: ReadonlyMap<string, number>): void {
    lastError = undefined;
    const counts = new Map<string, number>();
    let key = "";
    let index = 0;
    let first: number | undefined;
    for (const one of batch) {
      const { record } = one;
      // records of one partition follow each other, mostly
      const mine = keyOf(record);
      if (mine !== key) {
        counts.set(key, index);
        key = mine;
        index = counts.get(key) ?? 0;
        first = offsets.get(key);
      }
      // a repetition that the server knew already has no offset of its own
      const result: PublishResult =
        first !== undefined && first >= 0
          ? { ok: true, position: positionOf(record.topic, record.partition, first + index) }
          : { ok: true, duplicate: true };
      settle(one, result);
      index++;
    }
  }

  function fail(batch: readonly Pending[], error: unknown): void {
    for (const one of batch) settle(one, failure(one.record.topic, error));
  }

  function settle({ group, at }: Pick<Pending, "group" | "at">, result: PublishResult): void {
    if (group.results[at] !== undefined) return;
    group.results[at] = result;
    freePlace();
    if (--group.left === 0) group.done();
  }

  function failure(topic: string, error: unknown): PublishResult {
    const failed = toQueueError(topic, error);
    const unknown = error instanceof KafkaFailure && error.kind === "unknown_topic";
    return { ok: false, error: unknown ? new QueueError("unroutable", failed.message, { cause: error }) : failed };
  }

  async function takePlaces(count: number): Promise<void> {
    const isFull = (): boolean => pending > 0 && pending + count > maxPending;
    while (isFull()) await new Promise<void>((resolve) => waiting.push(resolve));
    pending += count;
  }

  function freePlace(): void {
    pending--;
    if (waiting.length > 0 && pending <= maxPending / 2) waiting.splice(0).forEach((resolve) => resolve());
  }

  function recordOf({ message, topic, headers, partition }: Letter, count: number): RecordToProduce {
    const key = message.key === undefined ? undefined : Buffer.from(message.key);
    const value = Buffer.from(message.body.buffer, message.body.byteOffset, message.body.byteLength);
    const chosen = partition ?? partitioner.choose(topic, count, key, value.length + 100);
    const texts = recordHeaders(message, headers);
    return { topic, partition: chosen % count, key, value, headers: texts, bytes: outgoingSize(value, key, texts) };
  }

  /** The record of a letter to a topic that was not asked for lately, or why there can be none. */
  async function prepare(letter: Letter): Promise<RecordToProduce | PublishResult> {
    const { message, topic } = letter;
    try {
      const count = await topics.partitions(topic, withinMs);
      if (count !== undefined) return recordOf(letter, count);
      return { ok: false, error: new QueueError("unroutable", `${message.address}: there is no topic ${topic}`) };
    } catch (error) {
      return { ok: false, error: toQueueError(topic, error) };
    }
  }

  async function send(letters: readonly Letter[], limitMs: number): Promise<readonly PublishResult[]> {
    if (stop.signal.aborted) {
      return letters.map(() => ({ ok: false, error: new QueueError("closed", "the broker is closed") }));
    }
    partitioner.turn();
    await takePlaces(letters.length);
    const group: Group = { results: letters.map(() => undefined), left: letters.length, over: false, done: () => {} };
    const finished = new Promise<void>((resolve) => {
      group.done = resolve;
    });
    const records: Pending[] = [];
    for (const [at, letter] of letters.entries()) {
      const known = topics.known(letter.topic);
      const prepared = known === undefined ? await prepare(letter) : recordOf(letter, known);
      if ("ok" in prepared) settle({ group, at }, prepared);
      else records.push({ record: prepared, group, at });
    }
    if (records.length > 0) {
      const cancel = clock.after(limitMs, () => giveUp(records, limitMs));
      queue.push(records);
      schedule();
      await finished;
      cancel();
    }
    // sound: each has one by now
    return group.results as PublishResult[];
  }

  function giveUp(records: readonly Pending[], limitMs: number): void {
    const why = lastError === undefined ? "" : `: ${toQueueError("", lastError).message.slice(2)}`;
    const code = lastError === undefined ? "timeout" : "disconnected";
    const error = new QueueError(code, `not confirmed by Kafka within ${limitMs} ms${why}`, { cause: lastError });
    for (const one of records) {
      one.group.over = true;
      settle(one, { ok: false, error });
    }
  }

  return {
    send: (letters, limitMs = withinMs) => send(letters, limitMs),
    async close() {
      stop.abort();
      await running;
    },
  };
}
