import { childTrace, parseTrace, sleep, type TraceContext } from "../context/index.js";
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
 * broker's to delay. What is thrown on the way is the failure of an attempt.
 */
export async function judge<T, Params>(
  job: Job<T, Params>,
  court: Court<T, Params, MessageHandler<T, Params>>,
  slot: Slot,
): Promise<Verdict> {
  const { settings, lifecycle, dedupe } = court;
  const early = refuseEarly(job, settings, lifecycle);
  if (early !== undefined) return early;
  if (job.sealed) await job.open();
  const decoded = job.decode();
  if (decoded.kind !== "decoded") return refuseUndecoded(decoded, job.source.attempt);
  if (dedupe === undefined) return attempts(job, decoded, court, slot, undefined);
  const claim = await dedupe.claim(job, decoded.message, slot, Number.POSITIVE_INFINITY);
  if (claim.kind !== "claimed") return claim;
  const verdict = await attempts(job, decoded, court, slot, claim).catch(async (error: unknown) => {
    await dedupe.free(claim);
    throw error;
  });
  if (verdict.kind === "done") await dedupe.done(job, claim);
  else await dedupe.free(claim);
  return verdict;
}

async function attempts<T, Params>(
  job: Job<T, Params>,
  first: Readable<T, Params>,
  court: Court<T, Params, MessageHandler<T, Params>>,
  slot: Slot,
  claim: Claimed | undefined,
): Promise<Verdict> {
  const { settings, lifecycle, observe } = court;
  const { source } = job;
  const parent = traceOf(job);
  let readable = first;
  let previous: TraceContext | undefined;
  for (let attempt = source.attempt; ;) {
    const started = observe === undefined ? 0 : settings.elapsed();
    const run = await runAttempt(job, readable, attempt, court, parent, previous, claim);
    previous = run.trace;
    const { error } = run;
    observe?.({ kind: "attempt", id: source.id, attempt, durationMs: settings.elapsed() - started, error }, job);
    if (run.duplicate) return { kind: "skip", reason: duplicate };
    if (error === undefined) {
      lifecycle.count(false);
      return { kind: "done", attempts: attempt };
    }
    const next = afterFailure(job, attempt, error, settings, lifecycle);
    if (next.kind !== "wait") return next;
    ({ attempt } = next);
    try {
      await slot.rest(sleep(settings.clock, next.delayMs, lifecycle.stopping));
    } catch {
      return { kind: "release", attempt };
    }
    // a message of its own for each attempt: handlers may change what they get
    const again = job.decode();
    if (again.kind !== "decoded") return refuseUndecoded(again, attempt);
    readable = again;
  }
}

/** Why a message was acknowledged that was handled before. */
export const duplicate = "handled before";

/** The position that the message's publisher had. */
export function traceOf<T, Params>({ source: { headers } }: Job<T, Params>): TraceContext | undefined {
  const traceparent = headers["traceparent"];
  if (traceparent === undefined) return undefined;
  return parseTrace({ traceparent, tracestate: headers["tracestate"], baggage: headers["baggage"] });
}

interface Run {
  readonly trace: TraceContext;
  readonly error: Error | undefined;
  /** A hook around the attempt found that it was handled before. */
  readonly duplicate: boolean;
}

/** One run of the handler, in the message's trace. */
async function runAttempt<T, Params>(
  job: Job<T, Params>,
  readable: Readable<T, Params>,
  attempt: number,
  court: Court<T, Params, MessageHandler<T, Params>>,
  parent: TraceContext | undefined,
  previous: TraceContext | undefined,
  claim: Claimed | undefined,
): Promise<Run> {
  const { settings, observe, handler } = court;
  const { source } = job;
  const { tracer, aroundAttempt } = settings;
  const span = isSilent(tracer)
    ? undefined
    : tracer.start(`process ${settings.channel}`, {
        kind: "consumer",
        parent,
        links: previous === undefined ? [] : [previous],
        attributes: {
          ...settings.spanAttributes,
          "messaging.operation.name": "process",
          "messaging.operation.type": "process",
          "messaging.message.id": source.id,
          "messaging.message.attempt": attempt,
        },
      });
  const trace = span?.trace ?? childTrace(parent);
  const life = new AttemptLife();
  const delivery = new HandledDelivery(source, readable, attempt, settings.group, trace, life);
  job.running = life;
  let handled = aroundAttempt === undefined;
  const run = async (): Promise<void> => handler(readable.message, delivery);
  const around =
    aroundAttempt === undefined
      ? run
      : async (): Promise<void> => {
          const { id, address, group } = delivery;
          await aroundAttempt({ key: claim?.key ?? "", id, address, group, attempt }, () => {
            handled = true;
            return run();
          });
        };
  try {
    const what = settings.timeoutMs === undefined ? "" : `attempt ${attempt}`;
    await runLimited(
      life,
      trace,
      settings,
      what,
      () => observe?.({ kind: "overdue", id: source.id, attempt }, job),
      around,
    );
    span?.end();
    return { trace, error: undefined, duplicate: !handled };
  } catch (thrown) {
    const error = toError(thrown);
    span?.end(error);
    return { trace, error, duplicate: false };
  } finally {
    job.running = undefined;
  }
}
