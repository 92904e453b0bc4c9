import { sleep } from "../context/index.js";
import type { Admission } from "./admission.js";
import { attemptBatch, type End, type Member } from "./batch-attempt.js";
import { createCopies, verdictOfCopy, type Copies } from "./batch-dedupe.js";
import type { Claimed } from "./dedupe.js";
import type { BatchHandler } from "./delivery.js";
import { createGatherer, type GatherLimits } from "./gather.js";
import type { Job } from "./job.js";
import { createPool, sharedSlot, type Slot } from "./pool.js";
import { notItsFault, type Court } from "./process.js";
import type { Conclude, Engine } from "./single.js";
import { refuseEarly, refuseUndecoded, type Verdict } from "./verdict.js";

/** Milliseconds for which a batch waits for a message whose copy is being handled elsewhere. */
const patienceMs = 1_000;

/**
 * Several messages at a time. Batches are gathered by size, bytes and time; with an order no two batches hold messages
 * of the same lane at once, and with `strict` no batch holds two of them, for one that fails must be tried again before
 * the next.
 */
export function createBatchEngine<T, Params>(
  court: Court<T, Params, BatchHandler<T, Params>>,
  limits: GatherLimits,
  conclude: Conclude<T, Params>,
  admission: Admission | undefined,
): Engine<T, Params> {
  const { settings, lifecycle, dedupe } = court;
  const gatherer = createGatherer<Job<T, Params>>(
    limits,
    ({ source }) => source.body.length,
    settings.clock,
    () => pump(),
  );
  /** Lanes of what runs. */
  const closed = new Set<string>();
  const running = new Set<Job<T, Params>>();
  const idlers: (() => void)[] = [];
  let paused = false;

  const pool = createPool<readonly Job<T, Params>[], void>(
    settings.concurrency,
    () => undefined,
    {
      run: (batch, slot, done) => void judgeBatch(batch, slot).then(() => done(batch)),
      // each message has a conclusion of its own
      conclude: (batch, _outcome, done) => done(batch),
    },
    { onFree: pump },
  );

  const mayBegin = (): boolean =>
    !paused && gatherer.due && pool.free && (admission === undefined || admission.admit());

  function pump(): void {
    while (mayBegin()) {
      const lanes = new Set<string>();
      const batch = gatherer.take(({ lane }) => {
        if (lane === undefined) return true;
        if (closed.has(lane) || (settings.order === "strict" && lanes.has(lane))) return false;
        lanes.add(lane);
        return true;
      });
      admission?.spend(batch.length);
      if (batch.length === 0) return;
      for (const lane of lanes) closed.add(lane);
      for (const job of batch) running.add(job);
      pool.add(batch);
    }
  }

  async function judgeBatch(batch: readonly Job<T, Params>[], slot: Slot): Promise<void> {
    const open = new Set(batch);
    const copies = createCopies<T, Params>();
    const concluding: Promise<void>[] = [];
    const end: End<T, Params> = (job, claim, verdict) => {
      if (!open.delete(job)) return;
      concluding.push(
        finish(job, claim, verdict).then(async () => {
          const left = copies.of(job).filter((copy) => open.delete(copy));
          await Promise.all(left.map((copy) => finish(copy, undefined, verdictOfCopy(copy, verdict))));
        }),
      );
    };
    const members = await prepare(batch, sharedSlot(slot), copies, end);
    try {
      await runAll(members, slot, end);
    } catch (error) {
      for (const { job, claim } of members) end(job, claim, notItsFault(job, settings, error));
    }
    // while verdicts are on their way the lanes are closed, but no handler's place is taken
    void Promise.all(concluding).then(() => {
      for (const { lane } of batch) if (lane !== undefined) closed.delete(lane);
      pump();
      if (running.size === 0) idlers.splice(0).forEach((wake) => wake());
    });
  }

  /** Attempts until no message waits here for another one. */
  async function runAll(first: readonly Member<T, Params>[], slot: Slot, end: End<T, Params>): Promise<void> {
    let members = first;
    while (members.length > 0) {
      const now = settings.clock.now();
      const due = members.filter(({ dueAt }) => dueAt <= now);
      const later = members.filter(({ dueAt }) => dueAt > now);
      if (due.length > 0) {
        members = [...later, ...(await attemptBatch(due, court, end))];
        continue;
      }
      const waitMs = Math.min(...later.map(({ dueAt }) => dueAt)) - now;
      try {
        await slot.rest(sleep(settings.clock, waitMs, lifecycle.stopping));
      } catch {
        for (const { job, claim, attempt } of later) end(job, claim, { kind: "release", attempt });
        return;
      }
    }
  }

  async function finish(job: Job<T, Params>, claim: Claimed | undefined, verdict: Verdict): Promise<void> {
    if (claim !== undefined && dedupe !== undefined) {
      await (verdict.kind === "done" ? dedupe.done(job, claim) : dedupe.free(claim));
    }
    await new Promise<void>((resolve) => conclude(job, verdict, () => resolve()));
    running.delete(job);
  }

  /** Those that the handler is to get; of the others it is clear what becomes of them. Never rejects. */
  async function prepare(
    batch: readonly Job<T, Params>[],
    slot: Slot,
    copies: Copies<T, Params>,
    end: End<T, Params>,
  ): Promise<Member<T, Params>[]> {
    const prepared = await Promise.all(
      batch.map(async (job) => {
        try {
          const claim = await admitted(job, slot, copies);
          if (claim === "waits") return undefined;
          if (claim === undefined || claim.kind === "claimed") {
            return { job, claim, attempt: job.source.attempt, dueAt: 0 };
          }
          end(job, undefined, claim);
        } catch (error) {
          end(job, undefined, notItsFault(job, settings, error));
        }
        return undefined;
      }),
    );
    return prepared.filter((member) => member !== undefined);
  }

  /** What a message is handled with, or what becomes of it; a copy of another one waits for that. */
  async function admitted(
    job: Job<T, Params>,
    slot: Slot,
    copies: Copies<T, Params>,
  ): Promise<Claimed | Verdict | undefined | "waits"> {
    const refused = refuseEarly(job, settings, lifecycle);
    if (refused !== undefined) return refused;
    if (job.sealed) await job.open();
    if (dedupe === undefined) return undefined;
    const decoded = job.decode();
    if (decoded.kind !== "decoded") return refuseUndecoded(decoded, job.source.attempt);
    if (!copies.isFirst(job, dedupe.scopeOf(job, decoded.message))) return "waits";
    return dedupe.claim(job, decoded.message, slot, patienceMs);
  }

  return {
    add: (job) => gatherer.add(job),
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      pump();
    },
    clear: () => gatherer.clear(),
    idle: () => (running.size === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
    running: () => [...running],
  };
}
