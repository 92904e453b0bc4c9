import { parseTrace, sleep, withAmbient, type TraceContext } from "../context/index.js";
import type { DeadReason, Delivery, MessageHandler, PlainEvent } from "./delivery.js";
import { isPermanentError, isQueueError, QueueError, toError } from "./errors.js";
import { messageHeaders, numberHeader } from "./headers.js";
import type { Job } from "./job.js";
import type { Envelope } from "./parts.js";
import type { Slot } from "./pool.js";
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
  /** Aborts when it no longer waits for its handlers. */
  readonly abandoned: AbortSignal;
  /** Counts an attempt for the kill switch. While fetching is paused by it: the end of the pause; rejects at a stop. */
  count(failed: boolean): Promise<void> | undefined;
}

/**
 * Decides about one delivery: decode, then attempts until one succeeds, none is left, or the next one is the broker's
 * to delay. Never rejects: what is thrown on the way is the failure of an attempt.
 */
export async function judge<T, Params, Headers extends object>(
  job: Job<T, Params>,
  handler: MessageHandler<T, Params, Headers>,
  settings: ConsumerSettings,
  lifecycle: Lifecycle,
  slot: Slot,
  emit: (event: AttemptEvent) => void,
): Promise<Verdict> {
  const { source } = job;
  const first = source.attempt;
  if (lifecycle.stopping.aborted) return { kind: "release", attempt: first };
  const expiresAt = source.expiresAt ?? numberHeader(source.headers, messageHeaders.expiresAt, 0);
  if (expiresAt !== undefined && expiresAt <= settings.clock.now()) return { kind: "skip", reason: "expired" };
  const name = source.headers[messageHeaders.name];
  if (settings.messages !== undefined && name !== undefined && !settings.messages.includes(name)) {
    return { kind: "skip", reason: "not a message of this operation" };
  }
  const parent = parseTrace({
    traceparent: source.headers["traceparent"],
    tracestate: source.headers["tracestate"],
    baggage: source.headers["baggage"],
  });
  let previous: TraceContext | undefined;
  for (let attempt = first; ;) {
    const decoded = job.decode();
    if (decoded.kind === "foreign") return { kind: "skip", reason: "not an address of this channel" };
    if (decoded.kind === "faulty") {
      const reason = isQueueError(decoded.error, "invalid") ? "invalid" : "undecodable";
      return { kind: "dead", reason, attempts: attempt, error: decoded.error };
    }
    const started = settings.clock.now();
    const run = await runAttempt(job, decoded, attempt, handler, settings, lifecycle, parent, previous, emit);
    previous = run.trace;
    emit({ kind: "attempt", id: source.id, attempt, durationMs: settings.clock.now() - started, error: run.error });
    if (run.error === undefined) {
      lifecycle.count(false);
      return { kind: "done", attempts: attempt };
    }
    if (isPermanentError(run.error)) return { kind: "dead", reason: "permanent", attempts: attempt, error: run.error };
    job.firstFailureAt ??= new Date(settings.clock.now()).toISOString();
    const pause = lifecycle.count(true);
    const step = nextStep(settings.retry, attempt, settings.random);
    let wait: Promise<void>;
    if (step.kind === "exhausted") {
      if (lifecycle.stopping.aborted) return { kind: "release", attempt };
      if (pause === undefined) return { kind: "dead", reason: "exhausted", attempts: attempt, error: run.error };
      // in an outage every message would end here: while the switch holds, it gets this attempt again later. Given
      // back, it would come again behind those of its lane that are here already
      if (job.lane === undefined) return { kind: "release", attempt };
      wait = pause;
    } else {
      if (step.kind === "delayed" && settings.order !== "strict") {
        return { kind: "again", attempt: attempt + 1, delayMs: step.delayMs, error: run.error };
      }
      attempt++;
      wait = sleep(settings.clock, step.delayMs, lifecycle.stopping);
    }
    try {
      await slot.rest(wait);
    } catch {
      return { kind: "release", attempt };
    }
  }
}

/** What is reported while a delivery is decided about. */
export type AttemptEvent = Extract<PlainEvent, { readonly kind: "attempt" | "overdue" }>;

/**
 * One run of the handler, in the message's trace, with its own time limit. Ends when the handler does, also where that
 * is late: only so are there never more than `concurrency` handlers, and never two of one lane.
 */
async function runAttempt<T, Params, Headers extends object>(
  { source }: Job<T, Params>,
  { message, params, envelope }: { readonly message: T; readonly params: Params; readonly envelope: Envelope },
  attempt: number,
  handler: MessageHandler<T, Params, Headers>,
  settings: ConsumerSettings,
  lifecycle: Lifecycle,
  parent: TraceContext | undefined,
  previous: TraceContext | undefined,
  emit: (event: AttemptEvent) => void,
): Promise<{ readonly trace: TraceContext; readonly error: Error | undefined }> {
  const { clock, timeoutMs } = settings;
  const span = settings.tracer.start(`process ${settings.channel}`, {
    kind: "consumer",
    parent,
    links: previous === undefined ? [] : [previous],
    attributes: {
      "messaging.system": settings.system,
      "messaging.operation.type": "process",
      "messaging.destination.name": settings.address,
      "messaging.consumer.group.name": settings.group,
      "messaging.message.id": source.id,
      "messaging.message.attempt": attempt,
    },
  });
  const controller = new AbortController();
  const abandon = (): void => controller.abort(lifecycle.abandoned.reason);
  lifecycle.abandoned.addEventListener("abort", abandon, { once: true });
  let late: QueueError | undefined;
  const cancelTimer =
    timeoutMs === undefined
      ? () => {}
      : clock.after(timeoutMs, () => {
          late = new QueueError("timeout", `attempt ${attempt} took longer than ${timeoutMs} ms`);
          controller.abort(late);
          emit({ kind: "overdue", id: source.id, attempt });
        });
  const delivery: Delivery<T, Params, Headers> = {
    message,
    params,
    attempt,
    id: source.id,
    address: source.address,
    key: source.key,
    // sound: the handler's type is emitted with the channel whose headers these are
    headers: envelope.headers as Headers,
    rawHeaders: source.headers,
    correlationId: envelope.correlationId,
    contentType: source.contentType,
    body: source.body,
    group: settings.group,
    position: source.position,
    redelivered: source.redelivered,
    deadline: numberHeader(source.headers, messageHeaders.deadline, 0),
    signal: controller.signal,
    trace: span.trace,
    extend: () => source.extend(),
  };
  const context = {
    trace: span.trace,
    signal: controller.signal,
    deadline: timeoutMs === undefined ? undefined : clock.now() + timeoutMs,
  };
  try {
    await withAmbient(context, async () => handler(message, delivery));
    if (late !== undefined) throw late;
    span.end();
    return { trace: span.trace, error: undefined };
  } catch (thrown) {
    const error = late ?? toError(thrown);
    span.end(error);
    return { trace: span.trace, error };
  } finally {
    cancelTimer();
    lifecycle.abandoned.removeEventListener("abort", abandon);
  }
}
