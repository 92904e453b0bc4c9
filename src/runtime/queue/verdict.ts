import type { DeadReason } from "./delivery.js";
import { isPermanentError, isQueueError } from "./errors.js";
import { messageHeaders, numberHeader } from "./headers.js";
import type { Decoded, Job } from "./job.js";
import { nextStep } from "./retry.js";
import type { ConsumerSettings } from "./settings.js";

/** What is to become of a delivery. */
export type Verdict =
  | { readonly kind: "done"; readonly attempts: number }
  | { readonly kind: "skip"; readonly reason: string }
  /** Tried again after the delay, as that attempt. */
  | { readonly kind: "again"; readonly attempt: number; readonly delayMs: number; readonly error: Error }
  /** Given back, as that attempt where no order forbids it. */
  | { readonly kind: "release"; readonly attempt: number }
  | { readonly kind: "dead"; readonly reason: DeadReason; readonly attempts: number; readonly error: Error };

/** What a consumer's lifetime tells those who work for it. */
export interface Lifecycle {
  /** Aborts when the consumer begins to drain: no more waiting, no more attempts. */
  readonly stopping: AbortSignal;
  /** Counts an attempt for the kill switch. While fetching is paused by it: the milliseconds that are left. */
  count(failed: boolean): number | undefined;
}

/** What is clear before a message is looked into. */
export function refuseEarly<T, Params>(
  { source }: Job<T, Params>,
  settings: ConsumerSettings,
  { stopping }: Lifecycle,
): Verdict | undefined {
  if (stopping.aborted) return { kind: "release", attempt: source.attempt };
  const expiresAt = source.expiresAt ?? numberHeader(source.headers, messageHeaders.expiresAt, 0);
  if (expiresAt !== undefined && expiresAt <= settings.clock.now()) return { kind: "skip", reason: "expired" };
  if (settings.messages === undefined) return undefined;
  const name = source.headers[messageHeaders.name];
  if (name === undefined || settings.messages.includes(name)) return undefined;
  return { kind: "skip", reason: "not a message of this operation" };
}

/** What becomes of a message that cannot be handed to a handler. */
export function refuseUndecoded<T, Params>(
  decoded: Exclude<Decoded<T, Params>, { readonly kind: "decoded" }>,
  attempt: number,
): Verdict {
  if (decoded.kind === "foreign") return { kind: "skip", reason: "not an address of this channel" };
  const reason = isQueueError(decoded.error, "invalid") ? "invalid" : "undecodable";
  return { kind: "dead", reason, attempts: attempt, error: decoded.error };
}

/** A failed message that waits in this process for its next attempt. */
export interface Waits {
  readonly kind: "wait";
  readonly attempt: number;
  readonly delayMs: number;
}

/** What follows after a failed attempt. */
export function afterFailure<T, Params>(
  job: Job<T, Params>,
  attempt: number,
  error: Error,
  settings: ConsumerSettings,
  lifecycle: Lifecycle,
): Verdict | Waits {
  if (isPermanentError(error)) return { kind: "dead", reason: "permanent", attempts: attempt, error };
  job.firstFailureAt ??= new Date(settings.clock.now()).toISOString();
  const pausedMs = lifecycle.count(true);
  const step = nextStep(settings.retry, attempt, settings.random);
  if (step.kind === "exhausted") {
    if (lifecycle.stopping.aborted) return { kind: "release", attempt };
    if (pausedMs !== undefined) {
      // in an outage every message would end here: while the switch holds, it gets this attempt again later. Given
      // back, it would come again behind those of its lane that are here already
      return job.lane === undefined ? { kind: "release", attempt } : { kind: "wait", attempt, delayMs: pausedMs };
    }
    return { kind: "dead", reason: "exhausted", attempts: attempt, error };
  }
  if (step.kind === "delayed" && settings.order !== "strict") {
    return { kind: "again", attempt: attempt + 1, delayMs: step.delayMs, error };
  }
  return { kind: "wait", attempt: attempt + 1, delayMs: step.delayMs };
}
