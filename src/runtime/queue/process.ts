import { sleep, withAmbient, type Span, type TraceContext } from "../context/index.js";
import { Attempt, HandledDelivery, runLimited, traceOf, type Readable } from "./attempt.js";
import type { MessageHandler } from "./delivery.js";
import { handledBefore, type Claimed, type Dedupe } from "./dedupe.js";
import { toError } from "./errors.js";
import type { Job } from "./job.js";
import type { Observe } from "./observe.js";
import type { Slot } from "./pool.js";
import { isSilent } from "./publish.js";
import type { ConsumerSettings } from "./settings.js";
import type { BrokerDelivery } from "./types.js";
import { afterFailure, refuseEarly, refuseUndecoded, type Lifecycle, type Verdict, type Waits } from "./verdict.js";

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
 * broker's to delay; then calls `done`. Never throws. What nearly all messages need, one attempt, goes by callbacks: each
 * promise costs as much as the rest of the work.
 */
export function judge<T, Params>(
  job: Job<T, Params>,
  court: Court<T, Params, MessageHandler<T, Params>>,
  slot: Slot,
  done: (verdict: Verdict) => void,
): void {
  let prepared: Prepared<T, Params> | Promise<Prepared<T, Params>>;
  try {
    prepared = prepare(job, court, slot);
  } catch (error) {
    prepared = notItsFault(job, court.settings, error);
  }
  if (prepared instanceof Promise) void proceedLater(job, court, slot, prepared, done);
  else proceed(job, court, slot, prepared, done);
}

async function proceedLater<T, Params>(
  job: Job<T, Params>,
  court: Court<T, Params, MessageHandler<T, Params>>,
  slot: Slot,
  prepared: Promise<Prepared<T, Params>>,
  done: (verdict: Verdict) => void,
): Promise<void> {
  const found = await prepared.catch((error: unknown) => notItsFault(job, court.settings, error));
  proceed(job, court, slot, found, done);
}

function proceed<T, Params>(
  job: Job<T, Params>,
  court: Court<T, Params, MessageHandler<T, Params>>,
  slot: Slot,
  found: Prepared<T, Params>,
  done: (verdict: Verdict) => void,
): void {
  if (found.kind !== "ready") return done(found);
  const { readable, claim } = found;
  attempt(job, readable, job.source.attempt, court, claim, undefined, (next, trace) => {
    if (next.kind !== "wait") return close(job, claim, next, court.dedupe, done);
    void attemptAgain(job, next, court, claim, trace, slot).then((verdict) =>
      close(job, claim, verdict, court.dedupe, done),
    );
  });
}

/** Marks the message's key as done or frees it, then tells the verdict. */
function close<T, Params>(
  job: Job<T, Params>,
  claim: Claimed | undefined,
  verdict: Verdict,
  dedupe: Dedupe<T, Params> | undefined,
  done: (verdict: Verdict) => void,
): void {
  if (claim === undefined || dedupe === undefined) return done(verdict);
  const marked = verdict.kind === "done" ? dedupe.done(job, claim) : dedupe.free(claim);
  if (marked === undefined) done(verdict);
  else void marked.then(() => done(verdict));
}

/** A message that a handler may get, or what becomes of it. */
type Prepared<T, Params> = Ready<T, Params> | Verdict;

interface Ready<T, Params> {
  readonly kind: "ready";
  readonly readable: Readable<T, Params>;
  readonly claim: Claimed | undefined;
}

function prepare<T, Params>(
  job: Job<T, Params>,
  court: Court<T, Params, MessageHandler<T, Params>>,
  slot: Slot,
): Prepared<T, Params> | Promise<Prepared<T, Params>> {
  const early = refuseEarly(job, court.settings, court.lifecycle);
  if (early !== undefined) return early;
  return job.sealed ? job.open().then(() => prepareOpen(job, court, slot)) : prepareOpen(job, court, slot);
}

/** The same once its body is readable. */
function prepareOpen<T, Params>(
  job: Job<T, Params>,
  { dedupe }: Court<T, Params, MessageHandler<T, Params>>,
  slot: Slot,
): Prepared<T, Params> | Promise<Prepared<T, Params>> {
  const decoded = job.decode();
  if (decoded.kind !== "decoded") return refuseUndecoded(decoded, job.source.attempt);
  if (dedupe === undefined) return { kind: "ready", readable: decoded, claim: undefined };
  const ready = (claim: Claimed | Verdict): Prepared<T, Params> =>
    claim.kind === "claimed" ? { kind: "ready", readable: decoded, claim } : claim;
  const answer = dedupe.claim(job, decoded.message, slot, Number.POSITIVE_INFINITY);
  return answer instanceof Promise ? answer.then(ready) : ready(answer);
}

/** Attempts after the first, until it is clear what becomes of the message. Never rejects. */
async function attemptAgain<T, Params>(
  job: Job<T, Params>,
  first: Waits,
  court: Court<T, Params, MessageHandler<T, Params>>,
  claim: Claimed | undefined,
  trace: TraceContext | undefined,
  slot: Slot,
): Promise<Verdict> {
  const { settings, lifecycle } = court;
  let previous = trace;
  let next: Verdict | Waits = first;
  while (next.kind === "wait") {
    const { attempt: number, delayMs } = next;
    try {
      await slot.rest(sleep(settings.clock, delayMs, lifecycle.stopping));
    } catch {
      return { kind: "release", attempt: number };
    }
    // a message of its own for each attempt: handlers may change what they get
    const readable = job.decode();
    if (readable.kind !== "decoded") return refuseUndecoded(readable, number);
    next = await new Promise<Verdict | Waits>((resolve) => {
      attempt(job, readable, number, court, claim, previous, (step, position) => {
        previous = position;
        resolve(step);
      });
    });
  }
  return next;
}

/** A tracer or clock of the program threw: not the message's fault, so it costs no attempt. */
export function notItsFault<T, Params>(job: Job<T, Params>, settings: ConsumerSettings, thrown: unknown): Verdict {
  const { attempt } = job.source;
  return { kind: "again", attempt, delayMs: settings.retry.delaysMs[0] ?? 0, error: toError(thrown) };
}

/** One run of the handler; tells what follows, and where in the trace it ran if it is recorded. Never throws. */
function attempt<T, Params>(
  job: Job<T, Params>,
  readable: Readable<T, Params>,
  number: number,
  court: Court<T, Params, MessageHandler<T, Params>>,
  claim: Claimed | undefined,
  previous: TraceContext | undefined,
  told: (next: Verdict | Waits, trace: TraceContext | undefined) => void,
): void {
  const { settings, lifecycle, observe } = court;
  const { source } = job;
  let started = 0;
  let span: Span | undefined;
  let run: Attempt | undefined;

  function over(error: Error | undefined): void {
    job.running = undefined;
    let next: Verdict | Waits;
    try {
      span?.end(error);
      const { id } = source;
      observe?.({ kind: "attempt", id, attempt: number, durationMs: settings.elapsed() - started, error }, job);
      if (error === undefined) {
        lifecycle.count(false);
        next = run?.skipped === true ? handledBefore : { kind: "done", attempts: number };
      } else next = afterFailure(job, number, error, settings, lifecycle);
    } catch (thrown) {
      next = notItsFault(job, settings, thrown);
    }
    told(next, span?.trace);
  }

  let ran: Promise<void>;
  try {
    if (observe !== undefined) started = settings.elapsed();
    span = isSilent(settings.tracer) ? undefined : startSpan(source, number, settings, previous);
    run = new Attempt(span?.trace, source.headers);
    job.running = run;
    ran = enter(run, new HandledDelivery(source, readable, number, settings.group, run), job, court, claim);
  } catch (thrown) {
    job.running = undefined;
    return told(notItsFault(job, settings, thrown), span?.trace);
  }
  ran.then(
    () => over(undefined),
    (thrown: unknown) => over(toError(thrown)),
  );
}

function startSpan(
  { id, headers }: BrokerDelivery,
  attempt: number,
  settings: ConsumerSettings,
  previous: TraceContext | undefined,
): Span {
  return settings.tracer.start(`process ${settings.channel}`, {
    kind: "consumer",
    parent: traceOf(headers),
    links: previous === undefined ? [] : [previous],
    attributes: {
      // spelt out: spreading parts into it would cost more than the span
      "messaging.system": settings.system,
      "messaging.destination.name": settings.address,
      "messaging.consumer.group.name": settings.group,
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.message.id": id,
      "messaging.message.attempt": attempt,
    },
  });
}

/** Ends when the handler does; rejects with what it rejects with, or throws. */
function enter<T, Params>(
  run: Attempt,
  delivery: HandledDelivery<T, Params>,
  job: Job<T, Params>,
  { handler, settings, observe }: Court<T, Params, MessageHandler<T, Params>>,
  claim: Claimed | undefined,
): Promise<void> {
  const { aroundAttempt, timeoutMs } = settings;
  if (aroundAttempt === undefined && timeoutMs === undefined) {
    return withAmbient(run, () => begin(() => handler(delivery.message, delivery)));
  }
  const { attempt: number, id, address, group } = delivery;
  const onLate = (ms: number): string => {
    observe?.({ kind: "overdue", id, attempt: number }, job);
    return `attempt ${number} took longer than ${ms} ms`;
  };
  return runLimited(run, settings, onLate, () =>
    begin(() => {
      if (aroundAttempt === undefined) return handler(delivery.message, delivery);
      // until it lets the message through: not doing so means that it was handled before
      run.skipped = true;
      return aroundAttempt({ key: claim?.key ?? id, id, address, group, attempt: number }, async () => {
        run.skipped = false;
        await handler(delivery.message, delivery);
      });
    }),
  );
}

/** Programs in JavaScript throw what they should reject with, and give back what is no promise. */
function begin(work: () => Promise<void>): Promise<void> {
  try {
    return Promise.resolve(work());
  } catch (thrown) {
    return Promise.reject(toError(thrown));
  }
}
