import { sleep } from "../context/index.js";
import { acknowledged } from "./acknowledged.js";
import { deadLetterDetails, deadLetterOf } from "./dead-letter.js";
import { isQueueError, toError } from "./errors.js";
import { messageHeaders } from "./headers.js";
import type { Job } from "./job.js";
import type { Observe } from "./observe.js";
import { publisherOf } from "./publisher.js";
import type { ConsumerSettings } from "./settings.js";
import type { Broker, OutgoingMessage, PublishResult } from "./types.js";
import type { Lifecycle, Verdict } from "./verdict.js";

const failedDeadLetterPauseMs = 1_000;
/** So often a dead letter is published again while its lane waits: about a minute. */
const maxTriesInLane = 60;

/**
 * Carries out a verdict, then calls `end` with the job and `done`. The original of a dead letter is acknowledged only once
 * the dead letter is confirmed, else given back. Never throws: a verdict that does not reach the broker means that the
 * message is delivered again.
 */
export function settle<T, Params>(
  broker: Broker,
  job: Job<T, Params>,
  verdict: Verdict,
  settings: ConsumerSettings,
  lifecycle: Lifecycle,
  observe: Observe | undefined,
  end: (job: Job<T, Params>, done: (job: Job<T, Params>) => void) => void,
  done: (job: Job<T, Params>) => void,
): void {
  if (verdict.kind !== "done") {
    void settleOther(broker, job, verdict, settings, lifecycle, observe).then(() => end(job, done));
    return;
  }
  // what nearly all messages come to
  const taken = job.source.ack();
  if (taken === acknowledged) {
    observe?.({ kind: "handled", id: job.source.id, attempts: verdict.attempts }, job);
    return end(job, done);
  }
  taken.then(
    () => {
      observe?.({ kind: "handled", id: job.source.id, attempts: verdict.attempts }, job);
      end(job, done);
    },
    (error: unknown) => {
      observe?.({ kind: "unsettled", id: job.source.id, error: toError(error) }, job);
      end(job, done);
    },
  );
}

async function settleOther<T, Params>(
  broker: Broker,
  job: Job<T, Params>,
  verdict: Exclude<Verdict, { readonly kind: "done" }>,
  settings: ConsumerSettings,
  lifecycle: Lifecycle,
  observe: Observe | undefined,
): Promise<void> {
  const { source } = job;
  const { id } = source;
  try {
    switch (verdict.kind) {
      case "skip":
        await source.ack();
        return observe?.({ kind: "skipped", id, reason: verdict.reason }, job);
      case "again": {
        const { attempt: nextAttempt, delayMs, error } = verdict;
        await giveBackIn(job, delayMs, nextAttempt);
        return observe?.({ kind: "retried", id, nextAttempt, delayMs, error }, job);
      }
      case "release":
        // only a copy can carry the number on, and a copy stands behind what is already there: order is worth more
        await (verdict.attempt > source.attempt && job.lane === undefined
          ? source.nack(0, attemptHeaders(job, verdict.attempt))
          : source.nack());
        return observe?.({ kind: "released", id }, job);
      case "dead":
        return await bury(broker, job, verdict, settings, lifecycle, observe);
    }
  } catch (error) {
    observe?.({ kind: "unsettled", id, error: toError(error) }, job);
  }
}

/** Gives a message back for later. It takes up nothing of this consumer until then, whoever keeps it. */
function giveBackIn<T, Params>(job: Job<T, Params>, delayMs: number, attempt: number): Promise<void> {
  return job.source.nack(delayMs, attemptHeaders(job, attempt));
}

/** What a message carries into its next attempt. */
function attemptHeaders<T, Params>(job: Job<T, Params>, attempt: number): Record<string, string> {
  const headers: Record<string, string> = { [messageHeaders.attempt]: String(attempt) };
  if (job.firstFailureAt !== undefined) headers[messageHeaders.firstFailureAt] = job.firstFailureAt;
  return headers;
}

async function bury<T, Params>(
  broker: Broker,
  job: Job<T, Params>,
  verdict: Verdict & { readonly kind: "dead" },
  settings: ConsumerSettings,
  lifecycle: Lifecycle,
  observe: Observe | undefined,
): Promise<void> {
  const { source } = job;
  const { error, reason, attempts } = verdict;
  const { deadLetter } = settings;
  if (deadLetter === undefined) {
    // nothing is lost and nothing is blocked: it comes back as the same attempt until somebody acts
    await giveBackIn(job, settings.idleMs, attempts);
    const { idleMs: delayMs } = settings;
    return observe?.({ kind: "retried", id: source.id, nextAttempt: attempts, delayMs, error }, job);
  }
  for (let tries = 1, detail = 0; ; tries++) {
    const result = await publishLetter(broker, () =>
      deadLetterOf(job, verdict, deadLetter, settings, deadLetterDetails[detail]),
    );
    if (result.ok) {
      await source.ack();
      return observe?.({ kind: "dead", id: source.id, attempts, reason, error }, job);
    }
    // what it tells of its error may be too much: better less of it than none of the message
    const refused = isQueueError(result.error, "refused") || isQueueError(result.error, "usage");
    if (refused && ++detail < deadLetterDetails.length) continue;
    observe?.({ kind: "unsettled", id: source.id, error: result.error }, job);
    if (lifecycle.stopping.aborted) return source.nack();
    // nothing is lost, and what cannot become a dead letter blocks no lane for ever
    if (refused || tries >= maxTriesInLane) return giveBackIn(job, settings.idleMs, attempts);
    // kept here, as many as are fetched at a time would hold up all the others
    if (job.lane === undefined) return giveBackIn(job, failedDeadLetterPauseMs, attempts);
    // given back it would come again behind those of its lane that are here already: there it is published again
    const stopped = await sleep(settings.clock, failedDeadLetterPauseMs, lifecycle.stopping).then(
      () => false,
      () => true,
    );
    if (stopped) return source.nack();
  }
}

/** Dead letters of one turn are one batch, as all publishes are. Never rejects: without a verdict it would stay here. */
async function publishLetter(broker: Broker, letter: () => OutgoingMessage): Promise<PublishResult> {
  try {
    return await publisherOf(broker).send(letter(), undefined);
  } catch (error) {
    return { ok: false, error: toError(error) };
  }
}
