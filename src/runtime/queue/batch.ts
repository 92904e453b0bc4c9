import { childTrace, sleep } from "../context/index.js";
import type { Admission } from "./admission.js";
import { Attempt, HandledDelivery, runLimited, traceOf, type Readable } from "./attempt.js";
import type { Claimed } from "./dedupe.js";
import type { BatchHandler, Delivery } from "./delivery.js";
import { QueueError, toError } from "./errors.js";
import { createGatherer, type GatherLimits } from "./gather.js";
import type { Job } from "./job.js";
import { createPool, type Slot } from "./pool.js";
import { notItsFault, type Court } from "./process.js";
import { isSilent } from "./publish.js";
import type { Conclude, Engine } from "./single.js";
import { afterFailure, refuseEarly, refuseUndecoded, type Verdict } from "./verdict.js";

/** A message of a batch on its way through the attempts. */
interface Member<T, Params> {
  readonly job: Job<T, Params>;
  readonly claim: Claimed | undefined;
  /** Its next attempt. */
  attempt: number;
  /** When that is due, by the consumer's clock. */
  dueAt: number;
}

/** Says what becomes of a message of a batch, and sees to it. */
type End<T, Params> = (job: Job<T, Params>, claim: Claimed | undefined, verdict: Verdict) => void;

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
  const { settings, lifecycle, dedupe, observe } = court;
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
      run: (batch, slot, done) => void judgeBatch(batch, slot).then(done),
      // each message has a conclusion of its own
      conclude: (_batch, _outcome, done) => done(),
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
      if (batch.length === 0) return;
      for (const lane of lanes) closed.add(lane);
      for (const job of batch) running.add(job);
      admission?.spend(batch.length);
      pool.add(batch);
    }
  }

  async function judgeBatch(batch: readonly Job<T, Params>[], slot: Slot): Promise<void> {
    const open = new Set(batch);
    const concluding: Promise<void>[] = [];
    const end: End<T, Params> = (job, claim, verdict) => {
      open.delete(job);
      concluding.push(finish(job, claim, verdict).finally(() => running.delete(job)));
    };
    try {
      await runAll(await prepare(batch, slot, end), slot, end);
    } catch (error) {
      // leases that were taken run out by themselves
      for (const job of open) end(job, undefined, notItsFault(job, settings, error));
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
        members = [...later, ...(await runOnce(due, end))];
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
    await new Promise<void>((resolve) => conclude(job, verdict, resolve));
  }

  /** Those that the handler is to get; of the others it is clear what becomes of them. */
  async function prepare(
    batch: readonly Job<T, Params>[],
    slot: Slot,
    end: End<T, Params>,
  ): Promise<Member<T, Params>[]> {
    const prepared = await Promise.all(
      batch.map(async (job): Promise<Member<T, Params> | undefined> => {
        const refused = refuseEarly(job, settings, lifecycle);
        if (refused !== undefined) return void end(job, undefined, refused);
        if (job.sealed) await job.open();
        const { attempt } = job.source;
        if (dedupe === undefined) return { job, claim: undefined, attempt, dueAt: 0 };
        const decoded = job.decode();
        if (decoded.kind !== "decoded") return void end(job, undefined, refuseUndecoded(decoded, attempt));
        const claim = await dedupe.claim(job, decoded.message, slot, patienceMs);
        if (claim.kind !== "claimed") return void end(job, undefined, claim);
        return { job, claim, attempt, dueAt: 0 };
      }),
    );
    return prepared.filter((member) => member !== undefined);
  }

  /** One run of the handler; gives back those that are to be tried again here. */
  async function runOnce(due: readonly Member<T, Params>[], end: End<T, Params>): Promise<Member<T, Params>[]> {
    const readable: { readonly member: Member<T, Params>; readonly decoded: Readable<T, Params> }[] = [];
    for (const member of due) {
      // a message of its own for each attempt: handlers may change what they get
      const decoded = member.job.decode();
      if (decoded.kind === "decoded") readable.push({ member, decoded });
      else end(member.job, member.claim, refuseUndecoded(decoded, member.attempt));
    }
    if (readable.length === 0) return [];
    const parents = readable.map(({ member }) => traceOf(member.job.source.headers));
    const span = isSilent(settings.tracer)
      ? undefined
      : settings.tracer.start(`process ${settings.channel}`, {
          kind: "consumer",
          parent: undefined,
          // each message has a trace of its own: a batch belongs to none of them
          links: parents.filter((parent) => parent !== undefined),
          attributes: {
            ...settings.spanAttributes,
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.batch.message_count": readable.length,
          },
        });
    const run = new Attempt(span?.trace ?? childTrace(undefined), {});
    const members = new Map<Delivery<T, Params>, Member<T, Params>>();
    for (const { member, decoded } of readable) {
      const { job, attempt } = member;
      job.running = run;
      members.set(new HandledDelivery(job.source, decoded, attempt, settings.group, run), member);
    }
    const started = settings.elapsed();
    let failures = new Map<Member<T, Params>, Error>();
    let failure: Error | undefined;
    try {
      const { handler } = court;
      const deliveries = [...members.keys()];
      const onLate = (timeoutMs: number): string => {
        for (const { job, attempt } of members.values())
          observe?.({ kind: "overdue", id: job.source.id, attempt }, job);
        return `a batch of ${deliveries.length} took longer than ${timeoutMs} ms`;
      };
      const result = await runLimited(run, settings, onLate, () => handler(deliveries));
      failures = failuresOf(result?.failed ?? [], members);
    } catch (thrown) {
      failure = toError(thrown);
    }
    const durationMs = settings.elapsed() - started;
    span?.end(failure ?? failures.values().next().value);
    const again: Member<T, Params>[] = [];
    for (const member of members.values()) {
      const { job, attempt, claim } = member;
      const error = failure ?? failures.get(member);
      job.running = undefined;
      observe?.({ kind: "attempt", id: job.source.id, attempt, durationMs, error }, job);
      if (error === undefined) {
        lifecycle.count(false);
        end(job, claim, { kind: "done", attempts: attempt });
        continue;
      }
      const next = afterFailure(job, attempt, error, settings, lifecycle);
      if (next.kind !== "wait") {
        end(job, claim, next);
        continue;
      }
      member.attempt = next.attempt;
      member.dueAt = settings.clock.now() + next.delayMs;
      again.push(member);
    }
    return again;
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

/** What a handler said that failed. @throws {QueueError} `usage` when it names something else. */
function failuresOf<T, Params>(
  failed: readonly { readonly delivery: Delivery<T, Params>; readonly error: unknown }[],
  members: ReadonlyMap<Delivery<T, Params>, Member<T, Params>>,
): Map<Member<T, Params>, Error> {
  const failures = new Map<Member<T, Params>, Error>();
  for (const { delivery, error } of failed) {
    const member = members.get(delivery);
    if (member === undefined) {
      throw new QueueError("usage", "a batch handler named a failed delivery that is not one of those it got");
    }
    failures.set(member, toError(error));
  }
  return failures;
}
