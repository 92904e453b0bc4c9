import { systemClock, type Clock } from "../context/index.js";
import type { IdempotencyStore } from "./idempotency.js";
import { createLru } from "./lru.js";

/** Settings of {@link createMemoryIdempotencyStore}. */
export interface MemoryIdempotencyOptions {
  /** Results that are kept; 10,000 by default. The ones that were not asked for the longest go first. */
  readonly maxEntries?: number | undefined;
  /** Bytes of all results; 64 MiB by default. */
  readonly maxBytes?: number | undefined;
  readonly clock?: Clock | undefined;
}

interface Lease {
  readonly token: string;
  readonly fingerprint: string;
  until: number;
}

interface Done {
  readonly fingerprint: string;
  readonly result: Uint8Array;
  readonly until: number;
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
  // a lease that were pushed out by others would let the same work begin twice; there are no more than calls under way
  const leases = new Map<string, Lease>();
  let sequence = 0;
  const done = createLru<Done>({ maxEntries, maxBytes });

  function leaseOf(key: string, token?: string): Lease | undefined {
    const lease = leases.get(key);
    if (lease === undefined) return undefined;
    if (lease.until <= clock.now()) {
      leases.delete(key);
      return undefined;
    }
    return token === undefined || lease.token === token ? lease : undefined;
  }

  /** Leases of work that was never heard of again; looked for as often as there are leases. */
  let claims = 0;
  function sweep(): void {
    if (++claims <= leases.size) return;
    claims = 0;
    for (const key of leases.keys()) leaseOf(key);
  }

  return {
    claim(key, { fingerprint, leaseMs }) {
      const now = clock.now();
      const known = done.get(key);
      if (known !== undefined && known.until > now) {
        return { state: "done", fingerprint: known.fingerprint, result: known.result.slice() };
      }
      if (known !== undefined) done.delete(key);
      const lease = leaseOf(key);
      if (lease !== undefined) return { state: "processing", fingerprint: lease.fingerprint };
      sweep();
      const token = String(++sequence);
      leases.set(key, { token, fingerprint, until: now + leaseMs });
      return { state: "claimed", token };
    },
    complete(key, token, { fingerprint, result, ttlMs }) {
      if (leaseOf(key, token) === undefined) return false;
      leases.delete(key);
      done.set(
        key,
        { fingerprint, result: result.length === 0 ? nothing : result.slice(), until: clock.now() + ttlMs },
        result.length + 2 * key.length,
      );
      return true;
    },
    async release(key, token) {
      return leaseOf(key, token) !== undefined && leases.delete(key);
    },
    async extend(key, token, leaseMs) {
      const lease = leaseOf(key, token);
      if (lease === undefined) return false;
      lease.until = clock.now() + leaseMs;
      return true;
    },
  };
}
