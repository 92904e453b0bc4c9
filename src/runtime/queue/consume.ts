import { setMaxListeners } from "node:events";
import { sleep } from "../context/index.js";
import type { Delivery, MessageHandler, PlainEvent } from "./delivery.js";
import { toError } from "./errors.js";
import { createJob, type Job } from "./job.js";
import { createKillSwitch } from "./kill-switch.js";
import { createPool } from "./pool.js";
import { judge, type Lifecycle, type Verdict } from "./process.js";
import { resolveSettings, type ConsumeOptions, type ConsumerSettings } from "./settings.js";
import { settle } from "./settle.js";
import type { Broker, BrokerConsumer, BrokerDelivery, ChannelInfo, Topology } from "./types.js";

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
 * Consumes a channel. From the outside in: recovery, dead letter with its kill switch, decoding and validation, retry,
 * timeout, the trace of the message, the handler. A handler that returns acknowledges; one that throws is tried again
 * as the contract or `options` say, then the message goes to the dead letters.
 *
 * @throws {QueueError} `usage` or `topology`.
 * @example const consumer = await consume(broker, userCreated, async (user) => { await sendMail(user.email); });
 */
export async function consume<T, Init, Params>(
  broker: Broker,
  channel: ChannelInfo<T, Init, Params>,
  handler: MessageHandler<T, Params>,
  options: ConsumeOptions = {},
): Promise<Consumer> {
  const settings = resolveSettings(broker, channel, options);
  await broker.ensure(consumerTopology(channel, settings));

  const stopping = new AbortController();
  const abandoned = new AbortController();
  // one for each message at work, bounded by the prefetch: more than the ten at which node suspects a leak
  setMaxListeners(0, stopping.signal, abandoned.signal);
  const held = new Set<string>();
  let source: BrokerConsumer | undefined;
  let draining: Promise<readonly UnfinishedDelivery[]> | undefined;

  function emit(event: PlainEvent): void {
    try {
      settings.onEvent({ channel: channel.id, group: settings.group, ...event });
    } catch {
      // an observer must not change what happens to messages
    }
  }

  const lifecycle: Lifecycle = { stopping: stopping.signal, abandoned: abandoned.signal, count: createCounter() };

  function createCounter(): Lifecycle["count"] {
    if (settings.killSwitch === false) return () => undefined;
    const killSwitch = createKillSwitch(settings.clock, settings.killSwitch);
    let pause: Promise<void> | undefined;
    return (failed) => {
      if (pause === undefined && killSwitch.record(failed)) {
        hold("kill switch");
        emit({ kind: "paused", forMs: killSwitch.pauseMs });
        pause = sleep(settings.clock, killSwitch.pauseMs, stopping.signal);
        const resume = (): void => {
          pause = undefined;
          release("kill switch");
          emit({ kind: "resumed" });
        };
        // a consumer that stops stays paused
        pause.then(resume, () => {});
      }
      return pause;
    };
  }

  const pool = createPool<Job<T, Params>, Verdict>(
    settings.concurrency,
    (job) => job.lane,
    (job, slot) =>
      judge(job, handler, settings, lifecycle, slot, emit).catch((error: unknown): Verdict => {
        // a tracer or clock of the program threw: not the message's fault, so it costs no attempt
        const { attempt } = job.source;
        return { kind: "again", attempt, delayMs: settings.retry.delaysMs[0] ?? 0, error: toError(error) };
      }),
    (job, verdict) => settle(broker, job, verdict, settings, lifecycle, emit),
  );

  function hold(reason: string): void {
    held.add(reason);
    pool.pause();
    source?.pause();
  }

  function release(reason: string): void {
    held.delete(reason);
    if (held.size > 0) return;
    source?.resume();
    pool.resume();
  }

  function deliver(batch: readonly BrokerDelivery[]): void {
    for (const delivery of batch) {
      if (stopping.signal.aborted) {
        // on its way when fetching stopped, or given back a moment ago; a verdict that fails has the same effect
        delivery.nack().catch(() => {});
        continue;
      }
      emit({ kind: "received", id: delivery.id, attempt: delivery.attempt });
      pool.add(createJob(delivery, channel, settings.address, settings.order));
    }
  }

  async function giveBack(job: Job<T, Params>): Promise<void> {
    await settle(broker, job, { kind: "release", attempt: job.source.attempt }, settings, lifecycle, emit);
  }

  async function drain(withinMs: number): Promise<readonly UnfinishedDelivery[]> {
    const end = settings.clock.now() + withinMs;
    hold("drain");
    stopping.abort();
    await Promise.all(pool.clear().map(giveBack));
    await before(pool.idle(), withinMs, settings);
    const unfinished = [...pool.running].map(({ source: { id, address, attempt, position } }) => ({
      id,
      address,
      attempt,
      position,
    }));
    if (unfinished.length > 0) abandoned.abort(new Error("the consumer stopped waiting for the handler"));
    await source?.drain(Math.max(0, end - settings.clock.now()));
    return unfinished;
  }

  source = await broker.consume(
    { address: settings.address, group: settings.source, prefetch: settings.prefetch },
    deliver,
  );
  // the switch may have tripped, or the owner paused, before the broker's consumer was there
  if (held.size > 0) source.pause();

  return {
    group: settings.group,
    pause: () => hold("owner"),
    resume: () => release("owner"),
    drain: (withinMs = 30_000) => (draining ??= drain(withinMs)),
  };
}

/** What a consumer needs of its broker. */
export function consumerTopology<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  settings: Pick<ConsumerSettings, "address" | "source" | "retry" | "idleMs" | "deadLetter" | "order">,
): Topology {
  const { retry, deadLetter, idleMs } = settings;
  const delays = settings.order === "strict" ? [] : retry.delaysMs;
  const retryDelaysMs = [...new Set([...delays, ...(deadLetter === undefined ? [idleMs] : [])])].sort((a, b) => a - b);
  return {
    addresses: [
      {
        address: settings.address,
        groups: [{ group: settings.source, retryDelaysMs, deadLetter }],
        bindings: channel.bindings,
      },
    ],
  };
}

/** Resolves when the work is done or the time is over. */
async function before(work: Promise<void>, withinMs: number, settings: ConsumerSettings): Promise<void> {
  let cancel = (): void => {};
  const late = new Promise<void>((resolve) => {
    cancel = settings.clock.after(withinMs, resolve);
  });
  await Promise.race([work, late]);
  cancel();
}
