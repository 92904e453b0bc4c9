import { setMaxListeners } from "node:events";
import { holdProcess } from "../context/index.js";
import { createParamsReader } from "./address-params.js";
import { createAdmission, type Admission } from "./admission.js";
import { createBatchEngine } from "./batch.js";
import { resolveBatch, type ConsumeBatchOptions } from "./batch-settings.js";
import { createAlarm, createConsumeLog } from "./consume-logs.js";
import { createConsumeMeasures, type ConsumeMeasures } from "./consume-measures.js";
import { createDedupe } from "./dedupe.js";
import type { BatchHandler, Delivery, MessageHandler } from "./delivery.js";
import { QueueError } from "./errors.js";
import { createIntake } from "./intake.js";
import { createJob, type Job, type JobKind } from "./job.js";
import { createKillSwitch } from "./kill-switch.js";
import { observeAll } from "./observe.js";
import type { Court } from "./process.js";
import { resolveSettings, type ConsumeOptions, type ConsumerSettings } from "./settings.js";
import { settle } from "./settle.js";
import { consumerTopology, sourceBindings } from "./consumer-topology.js";
import { createSingleEngine, type Conclude, type Engine } from "./single.js";
import type { Broker, BrokerConsumer, BrokerDelivery, ChannelInfo } from "./types.js";
import type { Lifecycle } from "./verdict.js";

/** A running consumer. */
export interface Consumer {
  readonly group: string;
  /** Fetches no more and starts nothing new; what runs goes on. */
  pause(): void;
  resume(): void;
  /**
   * Stops for good: fetches no more, gives back what has not started, waits for running handlers, then aborts their
   * signals. Resolves to the deliveries whose handlers were not done in time (30 seconds by default); they are
   * delivered again.
   *
   * @example process.once("SIGTERM", async () => { await consumer.drain(); await broker.close(); });
   */
  drain(withinMs?: number): Promise<readonly UnfinishedDelivery[]>;
}

/** A delivery whose handler did not end in time. */
export type UnfinishedDelivery = Pick<Delivery<unknown>, "id" | "address" | "attempt" | "position">;

/**
 * Consumes a channel. From the outside in: trace, metrics and logs, recovery, dead letter with its kill switch, decoding
 * and validation, dedupe, retry, timeout, the handler. A handler that returns acknowledges; one that throws is tried
 * again as the contract or `options` say, then the message goes to the dead letters.
 *
 * @throws {QueueError} `usage` or `topology`.
 * @example const consumer = await consume(broker, userCreated, async (user) => { await sendMail(user.email); });
 */
export function consume<T, Init, Params, Headers extends object = Readonly<Record<string, string>>>(
  broker: Broker,
  channel: ChannelInfo<T, Init, Params>,
  handler: MessageHandler<T, Params, Headers>,
  options: ConsumeOptions = {},
): Promise<Consumer> {
  // sound: what the channel reads out of headers has the type that was emitted with it
  const untyped = handler as unknown as MessageHandler<T, Params>;
  return start(broker, channel, options, untyped, 1, createSingleEngine);
}

/**
 * Consumes a channel in batches: the same stages, of which decoding, validation and dedupe take the messages one by one
 * and the handler gets those that are left.
 *
 * @throws {QueueError} `usage`, also where the broker cannot settle several deliveries together, or `topology`.
 * @example
 * await consumeBatch(broker, userCreated, async (deliveries) => insert(deliveries.map(({ message }) => message)), {
 *   batch: { size: 200, lingerMs: 50 },
 * });
 */
export async function consumeBatch<T, Init, Params, Headers extends object = Readonly<Record<string, string>>>(
  broker: Broker,
  channel: ChannelInfo<T, Init, Params>,
  handler: BatchHandler<T, Params, Headers>,
  options: ConsumeBatchOptions = {},
): Promise<Consumer> {
  if (!broker.capabilities.batch) {
    throw new QueueError("usage", `${broker.id} has no batches: consume ${channel.id} message by message`);
  }
  if (options.aroundAttempt !== undefined) {
    throw new QueueError("usage", `channel ${channel.id}: aroundAttempt is for single messages, not for batches`);
  }
  const limits = resolveBatch(channel, options);
  return start(
    broker,
    channel,
    options,
    // sound: as for single messages
    handler as unknown as BatchHandler<T, Params>,
    limits.size,
    (court: Court<T, Params, BatchHandler<T, Params>>, ...rest) => createBatchEngine(court, limits, ...rest),
  );
}

/** How often deliveries that are held are told to be alive; well below what brokers wait for. */
const extendEveryMs = 10_000;

type CreateEngine<T, Params, Handler> = (
  court: Court<T, Params, Handler>,
  conclude: Conclude<T, Params>,
  admission: Admission | undefined,
) => Engine<T, Params>;

async function start<T, Init, Params, Handler>(
  broker: Broker,
  channel: ChannelInfo<T, Init, Params>,
  options: ConsumeOptions,
  handler: Handler,
  batchSize: number,
  createEngine: CreateEngine<T, Params, Handler>,
): Promise<Consumer> {
  const settings = resolveSettings(broker, channel, options, batchSize);
  const readParams = createParamsReader(channel, options.address);
  const { clock } = settings;
  await broker.ensure(consumerTopology(channel, settings));

  const stopping = new AbortController();
  // one for each message that waits, bounded by the prefetch: more than the ten at which node suspects a leak
  setMaxListeners(0, stopping.signal);
  const reasons = new Set<string>();
  let source: BrokerConsumer | undefined;
  let draining: Promise<readonly UnfinishedDelivery[]> | undefined;

  const { metrics, logging } = options;
  const measures: ConsumeMeasures | undefined = metrics && createConsumeMeasures(metrics, settings);
  const observe = observeAll(channel.id, settings.group, options.onEvent, [
    measures?.observe,
    logging ? createConsumeLog(logging, settings) : undefined,
  ]);
  // what ends up in front of a person must not be silent where nobody listens
  const silent = logging === undefined && options.onEvent === undefined;
  const told = silent
    ? observeAll(channel.id, settings.group, undefined, [measures?.observe, createAlarm(settings)])
    : observe;
  const lifecycle: Lifecycle = { stopping: stopping.signal, count: createCounter() };
  const kind: JobKind<T, Init, Params> = {
    channel,
    readParams,
    order: settings.order,
    limits: settings.limits,
  };
  const dedupe = createDedupe(channel, settings, lifecycle, observe);
  const admission =
    settings.rateLimit &&
    createAdmission(
      settings.rateLimit,
      clock,
      () => hold("rate limit"),
      () => release("rate limit"),
    );
  const engine = createEngine({ handler, settings, lifecycle, dedupe, observe }, conclude, admission);

  const intake = createIntake<T, Params>((job) => engine.add(job));

  /** What was fetched and has no verdict. */
  const held = new Set<Job<T, Params>>();
  let stopExtending: (() => void) | undefined;

  function createCounter(): Lifecycle["count"] {
    if (settings.killSwitch === false) return () => undefined;
    const killSwitch = createKillSwitch(clock, settings.killSwitch);
    let until: number | undefined;
    return (failed) => {
      if (until === undefined && killSwitch.record(failed)) {
        until = clock.now() + killSwitch.pauseMs;
        hold("kill switch");
        told?.({ kind: "paused", forMs: killSwitch.pauseMs }, undefined);
        const cancel = clock.after(killSwitch.pauseMs, () => {
          until = undefined;
          stopping.signal.removeEventListener("abort", cancel);
          release("kill switch");
          observe?.({ kind: "resumed" }, undefined);
        });
        // a consumer that stops stays paused
        stopping.signal.addEventListener("abort", cancel, { once: true });
      }
      return until === undefined ? undefined : Math.max(0, until - clock.now());
    };
  }

  function conclude(...[job, verdict, done]: Parameters<Conclude<T, Params>>): void {
    settle(broker, job, verdict, settings, lifecycle, verdict.kind === "done" ? observe : told, end, done);
  }

  function end(job: Job<T, Params>, done: (job: Job<T, Params>) => void): void {
    forget(job);
    done(job);
  }

  function forget(job: Job<T, Params>): void {
    if (held.delete(job)) measures?.inFlight(-1);
  }

  function hold(reason: string): void {
    reasons.add(reason);
    engine.pause();
    source?.pause();
  }

  function release(reason: string): void {
    reasons.delete(reason);
    if (reasons.size > 0) return;
    source?.resume();
    engine.resume();
  }

  function deliver(batch: readonly BrokerDelivery[]): void {
    const now = clock.now();
    for (const delivery of batch) {
      if (stopping.signal.aborted) {
        // on its way when fetching stopped, or given back a moment ago; a verdict that fails has the same effect
        delivery.nack().catch(() => {});
        continue;
      }
      const job = createJob(delivery, kind, now);
      held.add(job);
      measures?.inFlight(1);
      observe?.({ kind: "received", id: delivery.id, attempt: delivery.attempt }, job);
      intake.add(job);
    }
    if (held.size > 0) stopExtending ??= clock.after(extendEveryMs, extend);
  }

  /** Handlers may take long, and so may the wait for a place or for a retry here: nobody else is to get these meanwhile. */
  function extend(): void {
    stopExtending = held.size > 0 ? clock.after(extendEveryMs, extend) : undefined;
    const before = clock.now() - extendEveryMs / 2;
    for (const job of held) if (job.receivedAt <= before) job.source.extend().catch(() => {});
  }

  async function drain(withinMs: number): Promise<readonly UnfinishedDelivery[]> {
    const letGo = holdProcess();
    try {
      return await finish(withinMs);
    } finally {
      letGo();
    }
  }

  async function finish(withinMs: number): Promise<readonly UnfinishedDelivery[]> {
    const end = clock.now() + withinMs;
    hold("drain");
    stopping.abort();
    stopDepth();
    const untouched = [...engine.clear(), ...intake.clear()];
    const released = untouched.map(
      (job) =>
        new Promise<void>((resolve) => {
          conclude(job, { kind: "release", attempt: job.source.attempt }, () => resolve());
        }),
    );
    // a broker that does not take them back must not hold the process up
    await before(Promise.all([engine.idle(), ...released]), withinMs, settings);
    const left = engine.running();
    const reason = new Error("the consumer stopped waiting for the handler");
    for (const job of left) job.running?.abort(reason);
    const unfinished = left.map(({ source: { id, address, attempt, position } }) => ({
      id,
      address,
      attempt,
      position,
    }));
    // who is told of as unfinished is not given a moment more, in which it could still be acknowledged
    await source?.drain(unfinished.length > 0 ? 0 : Math.max(0, end - clock.now()));
    stopExtending?.();
    for (const job of held) forget(job);
    return unfinished;
  }

  const { address, source: group, prefetch } = settings;
  const bindings = sourceBindings(channel.bindings, settings.bindings);
  source = await broker.consume({ address, group, prefetch, bindings }, deliver);
  // the switch may have tripped, or the owner paused, before the broker's consumer was there
  if (reasons.size > 0) source.pause();
  const stopDepth = measures?.watchDepth(broker) ?? (() => {});

  return {
    group: settings.group,
    pause: () => hold("owner"),
    resume: () => release("owner"),
    drain: (withinMs = 30_000) => (draining ??= drain(withinMs)),
  };
}

/** Resolves when the work is done or the time is over. */
async function before(work: Promise<unknown>, withinMs: number, settings: ConsumerSettings): Promise<void> {
  let cancel = (): void => {};
  const late = new Promise<void>((resolve) => {
    cancel = settings.clock.after(withinMs, resolve);
  });
  await Promise.race([work, late]);
  cancel();
}
