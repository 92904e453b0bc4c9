import { sleep } from "../context/index.js";
import { acknowledged } from "./acknowledged.js";
import { errorHeaders, headersOfError } from "./dead-error.js";
import { toError } from "./errors.js";
import { copyHeaders, deadHeaders, messageHeaders } from "./headers.js";
import type { Job } from "./job.js";
import type { Observe } from "./observe.js";
import { publisherOf } from "./publisher.js";
import type { ConsumerSettings } from "./settings.js";
import type { Broker, OutgoingMessage } from "./types.js";
import type { Lifecycle, Verdict } from "./verdict.js";

const failedDeadLetterPauseMs = 1_000;

/**
 * Carries out a verdict, then calls `onEnd`. The original of a dead letter is acknowledged only once the dead letter is
 * confirmed, else given back. Never throws: a verdict that does not reach the broker means that the message is delivered
 * again.
 */
export function settle<T, Params>(
  broker: Broker,
  job: Job<T, Params>,
  verdict: Verdict,
  settings: ConsumerSettings,
  lifecycle: Lifecycle,
  observe: Observe | undefined,
  onEnd: () => void,
): void {
  if (verdict.kind !== "done") return void settleOther(broker, job, verdict, settings, lifecycle, observe).then(onEnd);
  // what nearly all messages come to
  const { id } = job.source;
  const { attempts } = verdict;
  const handled = (): void => {
    observe?.({ kind: "handled", id, attempts }, job);
    onEnd();
  };
  const taken = job.source.ack();
  if (taken === acknowledged) return handled();
  taken.then(handled, (error: unknown) => {
    observe?.({ kind: "unsettled", id, error: toError(error) }, job);
    onEnd();
  });
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
  if (settings.deadLetter === undefined) {
    // nothing is lost and nothing is blocked: it comes back as the same attempt until somebody acts
    await giveBackIn(job, settings.idleMs, attempts);
    const { idleMs: delayMs } = settings;
    return observe?.({ kind: "retried", id: source.id, nextAttempt: attempts, delayMs, error }, job);
  }
  const letter = deadLetterOf(job, verdict, settings.deadLetter, settings);
  for (;;) {
    // dead letters of one turn are one batch, as all publishes are
    const result = await publisherOf(broker).send(letter, undefined);
    if (result.ok) {
      await source.ack();
      return observe?.({ kind: "dead", id: source.id, attempts, reason, error }, job);
    }
    observe?.({ kind: "unsettled", id: source.id, error: result.error }, job);
    // else as many as are fetched at a time would hold up all the others
    if (job.lane === undefined && !lifecycle.stopping.aborted) {
      return giveBackIn(job, failedDeadLetterPauseMs, attempts);
    }
    const stopped = await sleep(settings.clock, failedDeadLetterPauseMs, lifecycle.stopping).then(
      () => false,
      () => true,
    );
    // given back it would come again behind those of its lane that are here already: there it is published again
    if (stopped) return source.nack();
  }
}

const maxStackBytes = 4096;
const maxReasonLength = 1024;

/** The original bytes and headers, and why, where and when it failed. */
export function deadLetterOf<T, Params>(
  job: Job<T, Params>,
  { error, reason, attempts }: Verdict & { readonly kind: "dead" },
  address: string,
  settings: Pick<ConsumerSettings, "group" | "clock">,
): OutgoingMessage {
  const { source } = job;
  const now = new Date(settings.clock.now()).toISOString();
  const before = copyHeaders(source.headers);
  // it may have died before, of something else
  for (const name of errorHeaders) delete before[name];
  const headers = copyHeaders(before, {
    [deadHeaders.reason]: `${reason}: ${error.message}`.slice(0, maxReasonLength),
    [deadHeaders.class]: classOf(error),
    ...headersOfError(error),
    [deadHeaders.stack]: cutBytes(error.stack ?? "", maxStackBytes),
    [deadHeaders.attempts]: String(attempts),
    [deadHeaders.firstAt]: job.firstFailureAt ?? now,
    [deadHeaders.lastAt]: now,
    [deadHeaders.address]: source.address,
    [deadHeaders.position]: source.position,
    [deadHeaders.group]: settings.group,
    [deadHeaders.messageId]: source.id,
    ...(source.key === undefined ? {} : { [deadHeaders.key]: source.key }),
  });
  // a dead letter does not expire: somebody has to look at it
  delete headers[messageHeaders.expiresAt];
  return { address, id: source.id, key: source.key, headers, contentType: source.contentType, body: source.body };
}

function classOf(error: Error): string {
  return (error.name === "Error" ? error.constructor.name : error.name).slice(0, 200);
}

function cutBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  // a cut character at the end becomes U+FFFD, whose three bytes may be over the limit
  return bytes.length <= limit ? text : bytes.subarray(0, limit - 3).toString();
}
