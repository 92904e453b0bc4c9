import { childTrace, parseTrace, sleep, type Span, type TraceContext } from "../context/index.js";
import { AttemptLife, HandledDelivery, runLimited, type Readable } from "./attempt.js";
import type { MessageHandler } from "./delivery.js";
import type { Claimed, Dedupe } from "./dedupe.js";
import { toError } from "./errors.js";
import type { Job } from "./job.js";
import type { Observe } from "./observe.js";
import type { Slot } from "./pool.js";
import { isSilent } from "./publish.js";
import type { ConsumerSettings } from "./settings.js";
import { afterFailure, refuseEarly, refuseUndecoded, type Lifecycle, type Verdict } from "./verdict.js";

/** What all messages of a consumer are judged with. */
export interface Court<T, Params, Handler> {
  readonly handler: Handler;
  readonly settings: ConsumerSettings;
  readonly lifecycle: Lifecycle;
  readonly dedupe: Dedupe<T, Params> | undefined;
  readonly observe: Observe | undefined;
}

/**
 * Decides about one delivery: decode, dedupe, then attempts until one succeeds, none is left, or the next one is the
 * broker's to delay. Never rejects. One function, for each promise costs as much as the rest of the work.
 */
export async function judge<T, Params>(
  job: Job<T, Params>,
  court: Court<T, Params, MessageHandler<T, Params>>,
  slot: Slot,
): Promise<Verdict> {
  const { settings, lifecycle, dedupe, observe } = court;
  const { source } = job;
  const early = refuseEarly(job, settings, lifecycle);
  if (early !== undefined) return early;
  let claim: Claimed | undefined;
  let verdict: Verdict | undefined;
  try {
    if (job.sealed) await job.open();
    const decoded = job.decode();
    if (decoded.kind !== "decoded") return refuseUndecoded(decoded, source.attempt);
    let readable: Readable<T, Params> = decoded;
    if (dedupe !== undefined) {
      const answer = dedupe.claim(job, decoded.message, slot, Number.POSITIVE_INFINITY);
      const claimed = answer instanceof Promise ? await answer : answer;
      if (claimed.kind !== "claimed") return claimed;
      claim = claimed;
    }
    const parent = traceOf(job);
    let previous: TraceContext | undefined;
    for (let attempt = source.attempt; verdict === undefined;) {
      const started = observe === undefined ? 0 : settings.elapsed();
      const run = openRun(job, readable, attempt, court, parent, previous);
      previous = run.trace;
      let error: Error | undefined;
      try {
        await enter(run, job, court, claim);
      } catch (thrown) {
        error = toError(thrown);
      }
      job.running = undefined;
      run.span?.end(error);
      observe?.({ kind: "attempt", id: source.id, attempt, durationMs: settings.elapsed() - started, error }, job);
      if (error === undefined) {
        lifecycle.count(false);
        verdict = run.handled ? { kind: "done", attempts: attempt } : { kind: "skip", reason: duplicate };
        break;
      }
      const next = afterFailure(job, attempt, error, settings, lifecycle);
      if (next.kind !== "wait") {
        verdict = next;
        break;
      }
      ({ attempt } = next);
      try {
        await slot.rest(sleep(settings.clock, next.delayMs, lifecycle.stopping));
      } catch {
        verdict = { kind: "release", attempt };
        break;
      }
      // a message of its own for each attempt: handlers may change what they get
      const again = job.decode();
      if (again.kind === "decoded") readable = again;
      else verdict = refuseUndecoded(again, attempt);
    }
  } catch (error) {
    verdict = notItsFault(job, settings, error);
  }
  if (claim !== undefined && dedupe !== undefined) {
    const marked = verdict.kind === "done" ? dedupe.done(job, claim) : dedupe.free(claim);
    if (marked !== undefined) await marked;
  }
  return verdict;
}

/** A tracer or clock of the program threw: not the message's fault, so it costs no attempt. */
export function notItsFault<T, Params>(job: Job<T, Params>, settings: ConsumerSettings, thrown: unknown): Verdict {
  const { attempt } = job.source;
  return { kind: "again", attempt, delayMs: settings.retry.delaysMs[0] ?? 0, error: toError(thrown) };
}

/** Why a message was acknowledged that was handled before. */
export const duplicate = "handled before";

/** The position that the message's publisher had. */
export function traceOf<T, Params>({ source: { headers } }: Job<T, Params>): TraceContext | undefined {
  const traceparent = headers["traceparent"];
  if (traceparent === undefined) return undefined;
  return parseTrace({ traceparent, tracestate: headers["tracestate"], baggage: headers["baggage"] });
}

/** One run of the handler. */
interface Run<T, Params> {
  readonly delivery: HandledDelivery<T, Params>;
  readonly trace: TraceContext;
  readonly span: Span | undefined;
  readonly life: AttemptLife;
  /** False when a hook around the attempt found that the message was handled before. */
  handled: boolean;
}

/** A run in the message's trace, not begun yet. */
function openRun<T, Params>(
  job: Job<T, Params>,
  readable: Readable<T, Params>,
  attempt: number,
  { settings }: Court<T, Params, MessageHandler<T, Params>>,
  parent: TraceContext | undefined,
  previous: TraceContext | undefined,
): Run<T, Params> {
  const { tracer } = settings;
  const { source } = job;
  const span = isSilent(tracer)
    ? undefined
    : tracer.start(`process ${settings.channel}`, {
        kind: "consumer",
        parent,
        links: previous === undefined ? [] : [previous],
        attributes: {
          // spelt out: spreading parts into it would cost more than the span
          "messaging.system": settings.system,
          "messaging.destination.name": settings.address,
          "messaging.consumer.group.name": settings.group,
          "messaging.operation.name": "process",
          "messaging.operation.type": "process",
          "messaging.message.id": source.id,
          "messaging.message.attempt": attempt,
        },
      });
  const trace = span?.trace ?? childTrace(parent);
  const life = new AttemptLife();
  job.running = life;
  const delivery = new HandledDelivery(source, readable, attempt, settings.group, trace, life);
  return { delivery, trace, span, life, handled: settings.aroundAttempt === undefined };
}

/** Ends when the handler does; rejects or throws what it does. */
function enter<T, Params>(
  run: Run<T, Params>,
  job: Job<T, Params>,
  { handler, settings, observe }: Court<T, Params, MessageHandler<T, Params>>,
  claim: Claimed | undefined,
): Promise<void> {
  const { delivery, trace, life } = run;
  const { aroundAttempt } = settings;
  const { attempt, id } = delivery;
  return runLimited(
    life,
    trace,
    settings,
    (timeoutMs) => {
      observe?.({ kind: "overdue", id, attempt }, job);
      return `attempt ${attempt} took longer than ${timeoutMs} ms`;
    },
    aroundAttempt === undefined
      ? () => handler(delivery.message, delivery)
      : () => {
          const { address, group } = delivery;
          return aroundAttempt({ key: claim?.key ?? id, id, address, group, attempt }, async () => {
            run.handled = true;
            await handler(delivery.message, delivery);
          });
        },
  );
}
