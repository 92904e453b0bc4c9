import { readNotes, writeNotes, type CommitNotes } from "./notes.js";
import type { CommittedOffset, KafkaRecord } from "./port.js";
import { dueAt, recordSize } from "./records.js";

/** A record of a partition that this consumer has. */
export interface Entry {
  readonly partition: Partition;
  readonly offset: number;
  /** Undefined once it is done: only its place is needed then. */
  record: KafkaRecord | undefined;
  readonly bytes: number;
  state: "ready" | "delivered" | "done";
  redelivered: boolean;
  /** Added when it was given back. */
  headers: Readonly<Record<string, string>> | undefined;
}

/** One partition of a consumer's: what was read, what is at work, how far it may be committed. */
export interface Partition {
  readonly topic: string;
  readonly number: number;
  /** Records wait in it until they are due. */
  readonly isRetry: boolean;
  fetching: boolean;
  /** The server has an offset that was committed. */
  stored: boolean;
  /** Records without a verdict that are with handlers. */
  readonly outstanding: number;
  /** Records that were read and not handed out. */
  readonly waiting: number;
  /** Of those. */
  readonly waitingBytes: number;
  /** Places that are kept because something before them is unfinished. */
  readonly held: number;
  /** The offset to read next. */
  readonly nextOffset: number;
  /** `next`: the offset behind them. */
  add(records: readonly KafkaRecord[], next: number): void;
  /** The next to hand out; a number: not before that time; undefined: nothing there. */
  take(now: number): Entry | number | undefined;
  finish(entry: Entry): void;
  /** Back to where it stood, before all that was not handed out yet. */
  giveBack(entry: Entry, headers?: Readonly<Record<string, string>>): void;
  /** What to commit; undefined when that is committed already. */
  commit(): CommittedOffset | undefined;
  /** What was committed last is not known to be there. */
  uncommit(): void;
}

export function createPartition(input: {
  readonly topic: string;
  readonly number: number;
  readonly isRetry: boolean;
  readonly offset: number;
  readonly metadata: string;
  readonly stored: boolean;
}): Partition {
  const { topic, number, isRetry, stored } = input;
  const before: CommitNotes = readNotes(input.offset, input.metadata);
  /** From the lowest unfinished record on, in order of offsets. */
  let window: Entry[] = [];
  let head = 0;
  /** The first in the window that was never handed out. */
  let next = 0;
  /** Given back, ascending. */
  const returned: Entry[] = [];
  let nextOffset = input.offset;
  let outstanding = 0;
  let waitingBytes = 0;
  let deliveredTo = Math.max(before.deliveredTo, input.offset);
  let committed = input.metadata === "" ? `${input.offset}/` : `${input.offset}/${input.metadata}`;

  function lowest(): number {
    return window[head]?.offset ?? nextOffset;
  }

  function advance(): void {
    while (window[head]?.state === "done") head++;
    if (next < head) next = head;
    if (head > 1_024 && head * 2 > window.length) {
      window = window.slice(head);
      next -= head;
      head = 0;
    }
  }

  function isDone(offset: number): boolean {
    return before.done.some(([from, to]) => offset >= from && offset < to);
  }

  function notes(): string {
    const done: [number, number][] = [];
    const headers = new Map<number, Readonly<Record<string, string>>>();
    let last: [number, number] | undefined;
    for (let i = head; i < window.length; i++) {
      const entry = window[i];
      if (entry === undefined) break;
      if (entry.state === "done") {
        if (last !== undefined && last[1] === entry.offset) last[1]++;
        else done.push((last = [entry.offset, entry.offset + 1]));
      } else if (entry.headers !== undefined) headers.set(entry.offset, entry.headers);
    }
    return writeNotes(lowest(), { deliveredTo, done, headers });
  }

  const partition: Partition = {
    topic,
    number,
    isRetry,
    fetching: true,
    stored,
    get outstanding() {
      return outstanding;
    },
    get waiting() {
      return window.length - next + returned.length;
    },
    get waitingBytes() {
      return waitingBytes;
    },
    get held() {
      return window.length - head;
    },
    get nextOffset() {
      return nextOffset;
    },
    add(records, behind) {
      for (const record of records) {
        // after a rebalance or a reconnect it may come again
        if (record.offset < nextOffset) continue;
        nextOffset = record.offset + 1;
        const done = isDone(record.offset);
        const bytes = done ? 0 : recordSize(record);
        waitingBytes += bytes;
        window.push({
          partition,
          offset: record.offset,
          record: done ? undefined : record,
          bytes,
          state: done ? "done" : "ready",
          redelivered: record.offset < before.deliveredTo,
          headers: before.headers.get(record.offset),
        });
      }
      if (behind > nextOffset) nextOffset = behind;
      advance();
    },
    take(now) {
      const again = returned[0];
      while (window[next]?.state === "done") next++;
      const fresh = window[next];
      const entry = again !== undefined && (fresh === undefined || again.offset < fresh.offset) ? again : fresh;
      if (entry?.record === undefined) return undefined;
      if (isRetry) {
        const due = dueAt(entry.record);
        if (due > now) return due;
      }
      if (entry === again) returned.shift();
      else next++;
      entry.state = "delivered";
      outstanding++;
      waitingBytes -= entry.bytes;
      if (entry.offset >= deliveredTo) deliveredTo = entry.offset + 1;
      return entry;
    },
    finish(entry) {
      if (entry.state === "delivered") outstanding--;
      entry.state = "done";
      entry.record = undefined;
      entry.headers = undefined;
      advance();
    },
    giveBack(entry, headers) {
      if (entry.state === "delivered") outstanding--;
      waitingBytes += entry.bytes;
      entry.state = "ready";
      entry.redelivered = true;
      if (headers !== undefined) entry.headers = { ...entry.headers, ...headers };
      let at = returned.length;
      while (at > 0 && (returned[at - 1]?.offset ?? 0) > entry.offset) at--;
      returned.splice(at, 0, entry);
    },
    commit() {
      const offset = lowest();
      const metadata = notes();
      const state = `${offset}/${metadata}`;
      if (state === committed) return undefined;
      committed = state;
      return { topic, partition: number, offset, metadata };
    },
    uncommit() {
      committed = "";
    },
  };
  return partition;
}
