import { createHash } from "node:crypto";
import { sleep } from "../context/index.js";
import type { Claim, IdempotencyStore } from "../stores/index.js";
import { toError } from "./errors.js";
import { messageExpression } from "./expression.js";
import type { Job } from "./job.js";
import type { Observe } from "./observe.js";
import type { Slot } from "./pool.js";
import type { ConsumerSettings } from "./settings.js";
import type { ChannelInfo } from "./types.js";
import { isUnion } from "./union.js";
import type { Lifecycle, Verdict } from "./verdict.js";

/**
 * Handles what is delivered several times once. A message is marked as done after its handler succeeded, never before;
 * what failed or became a dead letter is not marked.
 *
 * @example
 * const store = createRedisIdempotencyStore({ redis: (command) => client.sendCommand([...command]) });
 * await consumeOrderPlaced(broker, charge, { idempotency: { store } });
 */
export interface IdempotencyOptions {
  /** Where it is kept what was done: `createMemoryIdempotencyStore()` for one process, else one that all share. */
  readonly store: IdempotencyStore;
  /**
   * Milliseconds after which a message is free again whose process has died; 30,000 by default. While the process
   * lives and its handler works the lease is renewed.
   */
  readonly leaseMs?: number | undefined;
  /** Milliseconds for which it is remembered; a day by default. */
  readonly ttlMs?: number | undefined;
}

/** The same with everything said. */
export interface Idempotency {
  readonly store: IdempotencyStore;
  readonly leaseMs: number;
  readonly ttlMs: number;
}

/**
 * Runs an attempt within something else, a transaction: so that the mark that a message was handled and what its
 * handler changed are stored together or not at all. A `run` that rejects is to be rolled back, and the rejection passed
 * on. Not calling `run` means that it was handled before: it is acknowledged.
 *
 * @example
 * const inOneTransaction: AroundAttempt = ({ key, group }, run) =>
 *   sql.begin(async (tx) => {
 *     const fresh = await tx`insert into inbox (consumer, key) values (${group}, ${key}) on conflict do nothing`;
 *     if (fresh.count === 1) await transactions.run(tx, run); // an AsyncLocalStorage, read by the handler
 *   });
 */
export type AroundAttempt = (attempt: AttemptKey, run: () => Promise<void>) => Promise<void>;

/** What an attempt is about. */
export interface AttemptKey {
  /** The idempotency key as the contract says, else the message's id. */
  readonly key: string;
  readonly id: string;
  readonly address: string;
  readonly group: string;
  readonly attempt: number;
}

/** A message's turn to be handled. */
export interface Claimed {
  readonly kind: "claimed";
  readonly key: string;
  readonly scoped: string;
  readonly token: string;
}

/** At once where nothing has to be waited for: a promise costs more than a store in memory. */
type Soon<T> = T | Promise<T>;

/** The stage of a consumer that keeps duplicates from its handler. */
export interface Dedupe<T, Params> {
  /** The same for messages of which only one is to be handled. */
  scopeOf(job: Job<T, Params>, message: T): string;
  /**
   * Takes the message's key, or says what becomes of the message. Waits while somebody else is at it, but no longer than
   * its patience: then the message is given back.
   */
  claim(job: Job<T, Params>, message: T, slot: Slot, patienceMs: number): Soon<Claimed | Verdict>;
  /** Never rejects: the handler has succeeded, whatever the store says. */
  done(job: Job<T, Params>, claim: Claimed): Soon<void>;
  /** Never rejects: the lease runs out by itself. */
  free(claim: Claimed): Soon<void>;
}

/** What becomes of a copy. */
export const handledBefore: Verdict = { kind: "skip", reason: "handled before" };
const nothing = new Uint8Array(0);
/** Two messages with one key are the same message. */
const fingerprint = "message";
const firstWaitMs = 50;
const longestWaitMs = 1_000;
/** Longer keys are stored as their hash. */
const maxKeyLength = 512;

export function createDedupe<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  settings: ConsumerSettings,
  lifecycle: Lifecycle,
  observe: Observe | undefined,
): Dedupe<T, Params> | undefined {
  const { idempotency, clock } = settings;
  if (idempotency === undefined) return settings.aroundAttempt === undefined ? undefined : keysOnly(channel);
  const { store, leaseMs, ttlMs } = idempotency;
  const held = new Set<Claimed>();
  let armed = false;

  /** One timer for all that are held; it stops when it finds none. */
  function keep(claim: Claimed): void {
    held.add(claim);
    if (armed) return;
    armed = true;
    clock.after(leaseMs / 3, renew);
  }

  function renew(): void {
    armed = held.size > 0;
    if (!armed) return;
    clock.after(leaseMs / 3, renew);
    // one that is lost is told of when its handler has ended
    for (const { scoped, token } of held) void ignoring(() => store.extend(scoped, token, leaseMs));
  }

  /** The message waits, for its copy is being handled, or is to be tried again without having cost an attempt. */
  async function waitFor(job: Job<T, Params>, slot: Slot, waitMs: number): Promise<Verdict | undefined> {
    const { attempt } = job.source;
    try {
      await slot.rest(sleep(clock, waitMs, lifecycle.stopping));
      return undefined;
    } catch {
      return { kind: "release", attempt };
    }
  }

  function claimed(key: string, scoped: string, token: string): Claimed {
    const claim: Claimed = { kind: "claimed", key, scoped, token };
    keep(claim);
    return claim;
  }

  /** Until the key is free, or its work done. `first` is what the store said to begin with. */
  async function claimSlowly(
    job: Job<T, Params>,
    key: string,
    scoped: string,
    slot: Slot,
    patienceMs: number,
    first: Promise<Claim> | Claim,
  ): Promise<Claimed | Verdict> {
    const end = clock.now() + patienceMs;
    let asked: Promise<Claim> | Claim = first;
    for (let waits = 0; ; waits++) {
      let waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(waits, 10)) * (0.8 + 0.4 * settings.random());
      try {
        const claim = await asked;
        if (claim.state === "done") return handledBefore;
        if (claim.state === "claimed") return claimed(key, scoped, claim.token);
      } catch (thrown) {
        // the store is away: no fault of the message, so it costs no attempt
        const error = toError(thrown);
        const pausedMs = lifecycle.count(true);
        if (job.lane === undefined) {
          return { kind: "again", attempt: job.source.attempt, delayMs: settings.retry.delaysMs[0] ?? 0, error };
        }
        observe?.({ kind: "unsettled", id: job.source.id, error }, job);
        waitMs = pausedMs ?? longestWaitMs;
      }
      if (clock.now() + waitMs > end) return { kind: "release", attempt: job.source.attempt };
      const stopped = await waitFor(job, slot, waitMs);
      if (stopped !== undefined) return stopped;
      asked = ask(scoped);
    }
  }

  /** A store may throw instead of rejecting. */
  function ask(scoped: string): Promise<Claim> | Claim {
    try {
      return store.claim(scoped, { fingerprint, leaseMs });
    } catch (error) {
      return Promise.reject(toError(error));
    }
  }

  async function told(job: Job<T, Params>, answer: Promise<boolean> | boolean): Promise<void> {
    try {
      if (!(await answer)) throw new Error("the lease ran out before the handler ended");
    } catch (error) {
      observe?.({ kind: "unmarked", id: job.source.id, error: toError(error) }, job);
    }
  }

  return {
    scopeOf: (job, message) => scopedKey(settings.group, job.source.address, keyOf(channel, message, job)),
    claim(job, message, slot, patienceMs) {
      const key = keyOf(channel, message, job);
      const scoped = scopedKey(settings.group, job.source.address, key);
      const claim = ask(scoped);
      if (!(claim instanceof Promise)) {
        if (claim.state === "done") return handledBefore;
        if (claim.state === "claimed") return claimed(key, scoped, claim.token);
      }
      return claimSlowly(job, key, scoped, slot, patienceMs, claim);
    },
    done(job, claim) {
      held.delete(claim);
      try {
        const kept = store.complete(claim.scoped, claim.token, { fingerprint, result: nothing, ttlMs });
        return kept === true ? undefined : told(job, kept);
      } catch (error) {
        return told(job, Promise.reject(toError(error)));
      }
    },
    free(claim) {
      held.delete(claim);
      return ignoring(() => store.release(claim.scoped, claim.token));
    },
  };
}

/** A store of the program's may throw where it should reject: neither ends the process, nor holds a message up. */
async function ignoring(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch {
    // what is not said to the store it finds out when the lease runs out
  }
}

/** Where a hook around the attempt does it all. */
function keysOnly<T, Init, Params>(channel: ChannelInfo<T, Init, Params>): Dedupe<T, Params> {
  return {
    scopeOf: (job, message) => keyOf(channel, message, job),
    claim: (job, message) => ({ kind: "claimed", key: keyOf(channel, message, job), scoped: "", token: "" }),
    done: () => {},
    free: () => {},
  };
}

/** What the contract says the key is; the message's id where it says nothing or the message has none. */
function keyOf<T, Init, Params>(channel: ChannelInfo<T, Init, Params>, message: T, { source }: Job<T, Params>): string {
  if (channel.idempotencyKey === undefined) return source.id;
  // sound: a union's value is one of its cases
  const value = isUnion(channel.message) ? (message as { readonly value: unknown }).value : message;
  const key = messageExpression(channel.idempotencyKey)(value, source.headers) ?? "";
  return key === "" ? source.id : key;
}

/** One key for each group and address, whatever is in their names. */
function scopedKey(group: string, address: string, key: string): string {
  const text = key.length > maxKeyLength ? `sha256:${createHash("sha256").update(key).digest("hex")}` : key;
  return `${group.length}:${group}:${address.length}:${address}:${text}`;
}
