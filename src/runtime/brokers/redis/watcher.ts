import { sleep, type Clock } from "../../context/index.js";
import type { Link, Reply } from "./link.js";

/** Somebody who wants to know when streams have more than they have seen. */
export interface Watched {
  /** Streams that are worth watching now, with the id up to which each was seen. */
  streams(): readonly (readonly [key: string, seen: string])[];
  /** There is more in a stream; resolves once that was fetched. */
  wake(key: string, id: string): Promise<void>;
}

/** One blocking read for all streams of a broker object: consumers of any number of groups share its connection. */
export interface Watcher {
  add(watched: Watched): void;
  remove(watched: Watched): void;
  /** Somebody has become interested in something: looks again. */
  poke(): void;
  /** Stops; resolves when nothing is read any more. */
  close(): Promise<void>;
}

/** After this time it looks again in any case: the server may not let us interrupt a read. */
const blockMs = 2_000;
const retryMs = 200;
const unblockEveryMs = 5;

export function createWatcher(input: {
  /** The connection that reads. */
  readonly link: Link;
  /** Another one, to interrupt the first. */
  readonly other: Link;
  readonly clock: Clock;
}): Watcher {
  const { link, other, clock } = input;
  const all = new Set<Watched>();
  const stop = new AbortController();
  /** Streams of the read that is under way; undefined when there is none. */
  let reading: ReadonlySet<string> | undefined;
  let clientId: string | undefined;
  let resting: (() => void) | undefined;
  let interrupting = false;
  let running: Promise<void> | undefined;

  function wanted(): Map<string, string> {
    const found = new Map<string, string>();
    for (const watched of all) {
      for (const [key, seen] of watched.streams()) {
        const before = found.get(key);
        if (before === undefined || isBefore(seen, before)) found.set(key, seen);
      }
    }
    return found;
  }

  async function readOnce(streams: ReadonlyMap<string, string>): Promise<void> {
    clientId ??= String(await link.send(["CLIENT", "ID"]));
    reading = new Set(streams.keys());
    let reply: Reply;
    try {
      const keys = [...streams.keys()];
      const ids = [...streams.values()];
      reply = await link.send(["XREAD", "COUNT", "1", "BLOCK", String(blockMs), "STREAMS", ...keys, ...ids]);
    } finally {
      reading = undefined;
    }
    const woken: Promise<void>[] = [];
    for (const [key, id] of firstIds(reply)) {
      for (const watched of all) {
        if (watched.streams().some(([stream]) => stream === key)) woken.push(watched.wake(key, id));
      }
    }
    await Promise.all(woken);
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      const streams = wanted();
      if (streams.size === 0) {
        await new Promise<void>((resolve) => {
          resting = resolve;
        });
        resting = undefined;
        continue;
      }
      try {
        await link.ready(2 ** 31 - 1);
        await readOnce(streams);
      } catch {
        clientId = undefined;
        await sleep(clock, retryMs, stop.signal).catch(() => {});
      }
    }
  }

  const lacks = (current: ReadonlySet<string>): boolean =>
    [...all].some((watched) => watched.streams().some(([key]) => !current.has(key)));

  /** Ends a read that watches too little. One that has not reached the server yet cannot be ended: asks again. */
  async function interrupt(): Promise<void> {
    if (interrupting) return;
    interrupting = true;
    try {
      for (let current = reading; current !== undefined; current = reading) {
        if (clientId === undefined || !lacks(current)) return;
        await other.send(["CLIENT", "UNBLOCK", clientId]);
        await sleep(clock, unblockEveryMs, stop.signal);
      }
    } catch {
      // not allowed, no connection, or closed: the read ends by itself
    } finally {
      interrupting = false;
    }
  }

  return {
    add(watched) {
      all.add(watched);
      running ??= run();
      this.poke();
    },
    remove: (watched) => void all.delete(watched),
    poke() {
      if (resting !== undefined) return resting();
      if (reading !== undefined && lacks(reading)) void interrupt();
    },
    async close() {
      stop.abort();
      resting?.();
      link.close();
      await running;
    },
  };
}

/** Stream ids in the order of the server. */
export function isBefore(a: string, b: string): boolean {
  const [aMs = 0, aSeq = 0] = a.split("-").map(Number);
  const [bMs = 0, bSeq = 0] = b.split("-").map(Number);
  return aMs < bMs || (aMs === bMs && aSeq < bSeq);
}

function* firstIds(reply: Reply): Generator<readonly [string, string]> {
  if (!Array.isArray(reply)) return;
  for (const stream of reply as readonly Reply[]) {
    if (!Array.isArray(stream)) continue;
    const [key, entries] = stream as readonly Reply[];
    const first: Reply | undefined = Array.isArray(entries) ? (entries as readonly Reply[])[0] : undefined;
    if (Array.isArray(first)) yield [String(key), String((first as readonly Reply[])[0])];
  }
}
