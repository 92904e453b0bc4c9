import { Attempt, BatchedDelivery, runLimited, type Readable } from "./attempt.js";
import { startBatchSpan } from "./batch-trace.js";
import type { Claimed } from "./dedupe.js";
import type { BatchHandler, Delivery } from "./delivery.js";
import { QueueError, toError } from "./errors.js";
import type { Job } from "./job.js";
import type { Court } from "./process.js";
import { afterFailure, refuseUndecoded, type Verdict } from "./verdict.js";

/** A message of a batch on its way through the attempts. */
export interface Member<T, Params> {
  readonly job: Job<T, Params>;
  readonly claim: Claimed | undefined;
  /** Its next attempt. */
  attempt: number;
  /** When that is due, by the consumer's clock. */
  dueAt: number;
}

/** Says what becomes of a message of a batch, and sees to it. */
export type End<T, Params> = (job: Job<T, Params>, claim: Claimed | undefined, verdict: Verdict) => void;

type Members<T, Params> = ReadonlyMap<Delivery<T, Params>, Member<T, Params>>;

/** One run of a batch handler. `end` is told of those that are through; gives back those to be tried again here. */
export async function attemptBatch<T, Params>(
  due: readonly Member<T, Params>[],
  court: Court<T, Params, BatchHandler<T, Params>>,
  end: End<T, Params>,
): Promise<Member<T, Params>[]> {
  const { settings, lifecycle, observe } = court;
  const readable: { readonly member: Member<T, Params>; readonly decoded: Readable<T, Params> }[] = [];
  for (const member of due) {
    // a message of its own for each attempt: handlers may change what they get
    const decoded = member.job.decode();
    if (decoded.kind === "decoded") readable.push({ member, decoded });
    else end(member.job, member.claim, refuseUndecoded(decoded, member.attempt));
  }
  if (readable.length === 0) return [];
  const span = startBatchSpan(
    readable.map(({ member }) => member.job.source),
    settings,
  );
  const run = new Attempt(span.trace, {});
  const members = new Map<Delivery<T, Params>, Member<T, Params>>();
  for (const { member, decoded } of readable) {
    const { job, attempt } = member;
    job.running = run;
    members.set(new BatchedDelivery(job.source, decoded, attempt, settings.group, run), member);
  }
  const started = settings.elapsed();
  const { failed, failure } = await runHandler(run, members, court);
  const durationMs = settings.elapsed() - started;
  span.end(failure ?? failed.values().next().value);
  const again: Member<T, Params>[] = [];
  for (const member of members.values()) {
    const { job, attempt, claim } = member;
    const error = failure ?? failed.get(member);
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

/** What failed of a batch: each for itself, or all for one reason. */
interface Failures<T, Params> {
  readonly failed: ReadonlyMap<Member<T, Params>, Error>;
  readonly failure: Error | undefined;
}

async function runHandler<T, Params>(
  run: Attempt,
  members: Members<T, Params>,
  { handler, settings, observe }: Court<T, Params, BatchHandler<T, Params>>,
): Promise<Failures<T, Params>> {
  const deliveries = [...members.keys()];
  const onLate = (timeoutMs: number): string => {
    for (const { job, attempt } of members.values()) observe?.({ kind: "overdue", id: job.source.id, attempt }, job);
    return `a batch of ${deliveries.length} took longer than ${timeoutMs} ms`;
  };
  try {
    const result = await runLimited(run, settings, onLate, () => handler(deliveries));
    return { failed: failuresOf(result?.failed ?? [], members), failure: undefined };
  } catch (thrown) {
    return { failed: new Map(), failure: toError(thrown) };
  }
}

/** What a handler said that failed. @throws {QueueError} `usage` when it names something else. */
function failuresOf<T, Params>(
  failed: readonly { readonly delivery: Delivery<T, Params>; readonly error: unknown }[],
  members: Members<T, Params>,
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
