import { systemClock, type Clock } from "../context/index.js";
import type { IdempotencyStore } from "./idempotency.js";
import { atLeastOne } from "./lru.js";

/** Settings of {@link createMemoryIdempotencyStore}. */
export interface MemoryIdempotencyOptions {
  /** Results that are kept; 10,000 by default. The ones that were not asked for the longest go first. */
  readonly maxEntries?: number | undefined;
  /** Bytes of all results; 64 MiB by default. */
  readonly maxBytes?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Work that is under way, or done. */
interface Entry {
  readonly token: string;
  fingerprint: string;
  /** When its lease, or its result, is over: milliseconds since the epoch. */
  until: number;
  /** Undefined while it is under way. */
  result: Uint8Array | undefined;
  /** Of its result and its key. */
  bytes: number;
}

const nothing = new Uint8Array(0);

/**
 * Keeps it in the memory of this process: for one process, and for tests. What a service of several processes must not
 * do twice needs a store that they share.
 *
 * @example chain().use(idempotency({ store: createMemoryIdempotencyStore({ maxEntries: 100_000 }) }))
 */
export function createMemoryIdempotencyStore(options: MemoryIdempotencyOptions = {}): IdempotencyStore {
  const { maxEntries = 10_000, maxBytes = 64 * 1024 * 1024, clock = systemClock } = options;
  atLeastOne("maxEntries", maxEntries);
  atLeastOne("maxBytes", maxBytes);
  // one map for both states, for a message goes through both: the first entry is the oldest
  const entries = new Map<string, Entry>();
  // kept: all before it are gone or further back, and a new one would have to walk over what they left behind
  let oldest = entries.entries();
  let finished = 0;
  let total = 0;
  let claims = 0;
  // what proves a lease: another one after each that was lost or given up, so that who had that one proves nothing
  let leases = 0;
  let token = "0";

  function remove(key: string, entry: Entry): void {
    entries.delete(key);
    if (entry.result === undefined) {
      token = String(++leases);
      return;
    }
    finished--;
    total -= entry.bytes;
  }

  function known(key: string, now: number): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined || entry.until > now) return entry;
    remove(key, entry);
    return undefined;
  }

  /** The lease that the token proves. */
  function leaseOf(key: string, proof: string, now: number): Entry | undefined {
    const entry = known(key, now);
    return entry !== undefined && entry.token === proof && entry.result === undefined ? entry : undefined;
  }

  function moveBack(key: string, entry: Entry): void {
    entries.delete(key);
    entries.set(key, entry);
  }

  /** Work that was never heard of again; looked for as often as there are entries. */
  function sweep(now: number): void {
    if (++claims <= entries.size) return;
    claims = 0;
    for (const [key, entry] of entries) if (entry.until <= now) remove(key, entry);
  }

  function makeRoom(): void {
    while (finished > maxEntries || total > maxBytes) {
      let next = oldest.next();
      // at its end once, it stays there
      if (next.done === true) next = (oldest = entries.entries()).next();
      if (next.done === true) return;
      const [key, entry] = next.value;
      // a lease that were pushed out by others would let the same work begin twice
      if (entry.result === undefined) moveBack(key, entry);
      else remove(key, entry);
    }
  }

  return {
    claim(key, { fingerprint, leaseMs }) {
      const now = clock.now();
      const entry = known(key, now);
      if (entry === undefined) {
        sweep(now);
        entries.set(key, { token, fingerprint, until: now + leaseMs, result: undefined, bytes: 0 });
        return { state: "claimed", token };
      }
      if (entry.result === undefined) return { state: "processing", fingerprint: entry.fingerprint };
      moveBack(key, entry);
      return { state: "done", fingerprint: entry.fingerprint, result: entry.result.slice() };
    },
    complete(key, proof, { fingerprint, result, ttlMs }) {
      const now = clock.now();
      const entry = leaseOf(key, proof, now);
      if (entry === undefined) return false;
      const bytes = result.length + 2 * key.length;
      if (bytes > maxBytes) {
        remove(key, entry);
        return true;
      }
      entry.bytes = bytes;
      entry.fingerprint = fingerprint;
      entry.result = result.length === 0 ? nothing : result.slice();
      entry.until = now + ttlMs;
      finished++;
      total += entry.bytes;
      if (finished > maxEntries || total > maxBytes) makeRoom();
      return true;
    },
    async release(key, proof) {
      const entry = leaseOf(key, proof, clock.now());
      if (entry === undefined) return false;
      remove(key, entry);
      return true;
    },
    async extend(key, proof, leaseMs) {
      const now = clock.now();
      const entry = leaseOf(key, proof, now);
      if (entry === undefined) return false;
      entry.until = now + leaseMs;
      return true;
    },
  };
}
