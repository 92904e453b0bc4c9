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
 * broker's to delay; then calls `done`. Never throws.
 */
export function judge<T, Params>(
  job: Job<T, Params>,
  court: Court<T, Params, MessageHandler<T, Params>>,
  slot: Slot,
  done: (job: Job<T, Params>, verdict: Verdict) => void,
): void {
  new Trial(job, court, slot, done).begin();
}

/** What follows an attempt. */
type Step = Verdict | Waits;

/**
 * One message before the court. What nearly all need, one attempt, goes by callbacks, for each promise costs as much as
 * the rest of the work; and it is a class, for closures would be a dozen objects for each message.
 */
class Trial<T, Params> {
  readonly #job: Job<T, Params>;
  readonly #court: Court<T, Params, MessageHandler<T, Params>>;
  readonly #slot: Slot;
  readonly #done: (job: Job<T, Params>, verdict: Verdict) => void;
  #claim: Claimed | undefined = undefined;
  // of the attempt under way
  #number = 0;
  #started = 0;
  #span: Span | undefined = undefined;
  #run: Attempt | undefined = undefined;
  /** Told what follows it; undefined for the first, which this decides about itself. */
  #told: ((next: Step) => void) | undefined = undefined;

  constructor(
    job: Job<T, Params>,
    court: Court<T, Params, MessageHandler<T, Params>>,
    slot: Slot,
    done: (job: Job<T, Params>, verdict: Verdict) => void,
  ) {
    this.#job = job;
    this.#court = court;
    this.#slot = slot;
    this.#done = done;
  }

  begin(): void {
    let prepared: Prepared<T, Params> | Promise<Prepared<T, Params>>;
    try {
      prepared = prepare(this.#job, this.#court, this.#slot);
    } catch (error) {
      prepared = this.#notItsFault(error);
    }
    if (prepared instanceof Promise) {
      void prepared.catch((error: unknown) => this.#notItsFault(error)).then((found) => this.#proceed(found));
    } else this.#proceed(prepared);
  }

  #proceed(found: Prepared<T, Params>): void {
    if (found.kind !== "ready") return this.#done(this.#job, found);
    this.#claim = found.claim;
    this.#attempt(found.readable, this.#job.source.attempt, undefined);
  }

  /** One run of the handler. */
  #attempt(readable: Readable<T, Params>, number: number, previous: TraceContext | undefined): void {
    const { settings, observe } = this.#court;
    const { source } = this.#job;
    this.#number = number;
    this.#span = undefined;
    let ran: Promise<void>;
    try {
      if (observe !== undefined) this.#started = settings.elapsed();
      this.#span = isSilent(settings.tracer) ? undefined : startSpan(source, number, settings, previous);
      const run = new Attempt(this.#span?.trace, source.headers);
      this.#run = run;
      this.#job.running = run;
      const delivery = new HandledDelivery(source, readable, number, settings.group, run);
      ran = enter(run, delivery, this.#job, this.#court, this.#claim);
    } catch (thrown) {
      this.#job.running = undefined;
      return this.#follow(this.#notItsFault(thrown));
    }
    ran.then(
      () => this.#over(undefined),
      (thrown: unknown) => this.#over(toError(thrown)),
    );
  }

  #over(error: Error | undefined): void {
    const { settings, lifecycle, observe } = this.#court;
    const job = this.#job;
    const attempt = this.#number;
    job.running = undefined;
    let next: Step;
    try {
      this.#span?.end(error);
      if (observe !== undefined) {
        const durationMs = settings.elapsed() - this.#started;
        observe({ kind: "attempt", id: job.source.id, attempt, durationMs, error }, job);
      }
      if (error === undefined) {
        lifecycle.count(false);
        next = this.#run?.skipped === true ? handledBefore : { kind: "done", attempts: attempt };
      } else next = afterFailure(job, attempt, error, settings, lifecycle);
    } catch (thrown) {
      next = this.#notItsFault(thrown);
    }
    this.#follow(next);
  }

  #follow(next: Step): void {
    if (this.#told !== undefined) this.#told(next);
    else if (next.kind === "wait") void this.#attemptAgain(next).then((verdict) => this.#close(verdict));
    else this.#close(next);
  }

  /** Attempts after the first, until it is clear what becomes of the message. Never rejects. */
  async #attemptAgain(first: Waits): Promise<Verdict> {
    const { settings, lifecycle } = this.#court;
    let next: Step = first;
    while (next.kind === "wait") {
      const { attempt: number, delayMs } = next;
      try {
        await this.#slot.rest(sleep(settings.clock, delayMs, lifecycle.stopping));
      } catch {
        return { kind: "release", attempt: number };
      }
      // a message of its own for each attempt: handlers may change what they get
      const readable = this.#job.decode();
      if (readable.kind !== "decoded") return refuseUndecoded(readable, number);
      next = await new Promise<Step>((resolve) => {
        this.#told = resolve;
        this.#attempt(readable, number, this.#span?.trace);
      });
    }
    return next;
  }

  /** Marks the message's key as done or frees it, then tells the verdict. */
  #close(verdict: Verdict): void {
    const { dedupe } = this.#court;
    const claim = this.#claim;
    if (claim === undefined || dedupe === undefined) return this.#done(this.#job, verdict);
    const marked = verdict.kind === "done" ? dedupe.done(this.#job, claim) : dedupe.free(claim);
    if (marked === undefined) this.#done(this.#job, verdict);
    else void marked.then(() => this.#done(this.#job, verdict));
  }

  #notItsFault(thrown: unknown): Verdict {
    return notItsFault(this.#job, this.#court.settings, thrown);
  }
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

/** A tracer or clock of the program threw: not the message's fault, so it costs no attempt. */
export function notItsFault<T, Params>(job: Job<T, Params>, settings: ConsumerSettings, thrown: unknown): Verdict {
  const { attempt } = job.source;
  return { kind: "again", attempt, delayMs: settings.retry.delaysMs[0] ?? 0, error: toError(thrown) };
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

/** Ends when the handler does; rejects with what it rejects with. */
function enter<T, Params>(
  run: Attempt,
  delivery: HandledDelivery<T, Params>,
  job: Job<T, Params>,
  court: Court<T, Params, MessageHandler<T, Params>>,
  claim: Claimed | undefined,
): Promise<void> {
  const { aroundAttempt, timeoutMs } = court.settings;
  if (aroundAttempt !== undefined || timeoutMs !== undefined) return enterLimited(run, delivery, job, court, claim);
  return withAmbient(run, () => handle(court.handler, delivery));
}

function enterLimited<T, Params>(
  run: Attempt,
  delivery: HandledDelivery<T, Params>,
  job: Job<T, Params>,
  { handler, settings, observe }: Court<T, Params, MessageHandler<T, Params>>,
  claim: Claimed | undefined,
): Promise<void> {
  const { aroundAttempt } = settings;
  const { attempt, id, address, group } = delivery;
  const onLate = (ms: number): string => {
    observe?.({ kind: "overdue", id, attempt }, job);
    return `attempt ${attempt} took longer than ${ms} ms`;
  };
  return runLimited(run, settings, onLate, async () => {
    if (aroundAttempt === undefined) return handle(handler, delivery);
    // until it lets the message through: not doing so means that it was handled before
    run.skipped = true;
    await aroundAttempt({ key: claim?.key ?? id, id, address, group, attempt }, async () => {
      run.skipped = false;
      await handler(delivery.message, delivery);
    });
  });
}

/** Programs in JavaScript throw what they should reject with, and give back what is no promise. */
function handle<T, Params>(handler: MessageHandler<T, Params>, delivery: HandledDelivery<T, Params>): Promise<void> {
  try {
    return Promise.resolve(handler(delivery.message, delivery));
  } catch (thrown) {
    return Promise.reject(toError(thrown));
  }
}
