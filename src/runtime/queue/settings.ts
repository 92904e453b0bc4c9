import { systemClock, type Attributes, type Clock, type Random, type Tracer } from "../context/index.js";
import type { Rate } from "../resilience/index.js";
import type { BodyLimits } from "./compression.js";
import type { ConsumeLogging } from "./consume-logs.js";
import type { ConsumeMetrics } from "./consume-measures.js";
import type { AroundAttempt, Idempotency, IdempotencyOptions } from "./dedupe.js";
import type { ConsumerEvent } from "./delivery.js";
import { QueueError } from "./errors.js";
import type { KillSwitchOptions } from "./kill-switch.js";
import { defaultRetry, type Retries, type RetryPolicy } from "./retry.js";
import type { Broker, ChannelInfo, ConsumerDefaults } from "./types.js";

/**
 * Settings of one consumer; what is not given comes from the contract, else from the defaults named here.
 *
 * @example
 * const consumer = await consumeUserCreated(broker, sendMail, {
 *   group: "mail",
 *   concurrency: 8,
 *   timeoutMs: 10_000,
 *   retry: { maxAttempts: 5, quick: 2, delaysMs: [5_000, 60_000] },
 *   deadLetter: true,
 *   onEvent: (event) => log.debug(event),
 * });
 */
export interface ConsumeOptions {
  /** Every group gets every message, the consumers of one group share them. */
  readonly group?: string | undefined;
  /** Which of several operations that receive from the channel. */
  readonly operation?: string | undefined;
  /** Instead of the contract's address; needed where that is known at run time only. */
  readonly address?: string | undefined;
  /** Handlers that run at the same time; 1. */
  readonly concurrency?: number | undefined;
  /**
   * Deliveries fetched beyond the running handlers; the larger of 16 and `concurrency`. Brokers count them together
   * in 16 bits: of `concurrency` and `buffer` no more than 65,535 are fetched, whatever they add up to.
   */
  readonly buffer?: number | undefined;
  /**
   * `key`: one after the other within a key; `strict`: also while one of them is tried again, and messages without a key
   * all in a row. `none`. A message with a key that is given back because the consumer stops keeps its place, and for
   * that loses count: its next attempt has the number that its first one here had.
   */
  readonly order?: "none" | "key" | "strict" | undefined;
  /**
   * Milliseconds for one attempt; no limit. Then the delivery's signal aborts, and a handler that fails was late. One
   * that ignores the signal keeps its place among the `concurrency`, its key and its message until it ends (event
   * `overdue`): else more handlers would run than allowed, two of them on one message. If it succeeds in the end, the
   * message is handled: another attempt would do it twice.
   */
  readonly timeoutMs?: number | undefined;
  /** False: one attempt only. Otherwise 3 attempts, two of them at once, the third after a second. */
  readonly retry?: RetryPolicy | false | undefined;
  /** The address of dead letters; true: the broker's default; false: none, failed messages come back for ever. */
  readonly deadLetter?: string | boolean | undefined;
  /**
   * Keeps duplicates from the handler. Off by default where the contract has no `x-idempotency-key`; where it has one, it
   * must be given, or be `false`: a key that nobody keeps looks the same as one that somebody does.
   */
  readonly idempotency?: IdempotencyOptions | false | undefined;
  /** Runs each attempt within something else, a database transaction; not for batches. */
  readonly aroundAttempt?: AroundAttempt | undefined;
  /**
   * Messages that are handled each second, at most: beyond it the consumer fetches no more until there is room. No limit.
   *
   * @example rateLimit: { rate: 100, burst: 20 }
   */
  readonly rateLimit?: Rate | undefined;
  /** Bytes of a body, as it came and decompressed: what is bigger is dead-lettered. 64 MiB each. */
  readonly limits?: Partial<BodyLimits> | undefined;
  /** Counts, times and depths, under OpenTelemetry's names; none by default. */
  readonly metrics?: ConsumeMetrics | undefined;
  /**
   * One line for each delivery when it is over. By default, where there is no `onEvent` either, one on stderr for each
   * dead letter and each pause of the kill switch; `false`: not even those.
   */
  readonly logging?: ConsumeLogging | false | undefined;
  /** Pauses fetching when too many attempts fail; on by default. */
  readonly killSwitch?: KillSwitchOptions | false | undefined;
  /** Called for all that happens; what it throws is ignored. */
  readonly onEvent?: ((event: ConsumerEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly tracer?: Tracer | undefined;
}

/** What holds for one consumer, all merged. */
export interface ConsumerSettings {
  /** Channel id. */
  readonly channel: string;
  /** Broker id. */
  readonly system: string;
  readonly address: string;
  /** For people and headers; `source` is what the broker is asked for. */
  readonly group: string;
  readonly source: string;
  readonly concurrency: number;
  readonly prefetch: number;
  readonly order: "none" | "key" | "strict";
  readonly timeoutMs: number | undefined;
  readonly retry: Retries;
  readonly deadLetter: string | undefined;
  /** How long a failed message waits that has no dead letter to go to. */
  readonly idleMs: number;
  readonly messages: readonly string[] | undefined;
  /** Of the operation, by protocol. */
  readonly bindings: Readonly<Record<string, unknown>>;
  readonly killSwitch: KillSwitchOptions | false;
  readonly idempotency: Idempotency | undefined;
  readonly aroundAttempt: AroundAttempt | undefined;
  readonly rateLimit: Rate | undefined;
  readonly limits: BodyLimits;
  /** What every span has. */
  readonly spanAttributes: Attributes;
  /** Milliseconds from an arbitrary start, with fractions where the clock is the real one. */
  readonly elapsed: () => number;
  readonly clock: Clock;
  readonly random: Random;
  readonly tracer: Tracer;
}

const defaultIdleMs = 30_000;
/** What AMQP's prefetch count can hold. */
const maxPrefetch = 65_535;

const orders: ReadonlySet<string> = new Set(["none", "key", "strict"]);

/** Merges built-in values, the contract's and the program's, later ones win. @throws {QueueError} `usage`. */
export function resolveSettings<T, Init, Params>(
  broker: Broker,
  channel: ChannelInfo<T, Init, Params>,
  options: ConsumeOptions,
  batchSize = 1,
): ConsumerSettings {
  const contract = contractOf(channel, options.operation);
  const address = options.address ?? channel.address;
  if (address === "") {
    throw new QueueError("usage", `channel ${channel.id} has no address in its contract: pass { address }`);
  }
  const group = options.group ?? contract.group ?? channel.id;
  if (group === "") throw new QueueError("usage", `channel ${channel.id}: a group needs a name`);
  const source = channel.queue === true ? "" : group;
  const concurrency = options.concurrency ?? contract.concurrency ?? 1;
  const buffer = options.buffer ?? contract.buffer ?? Math.max(16, concurrency, batchSize);
  checkWhole("concurrency", concurrency, 1);
  checkWhole("buffer", buffer, 0);
  const order = options.order ?? contract.order ?? "none";
  if (!orders.has(order)) {
    throw new QueueError("usage", `order must be one of ${[...orders].join(", ")}, not ${String(order)}`);
  }
  const retry = resolveRetry(options.retry, contract.retry);
  const deadLetter = options.deadLetter ?? contract.deadLetter ?? false;
  const { settings } = broker;
  const clock = options.clock ?? settings.clock;
  return {
    channel: channel.id,
    system: broker.id,
    address,
    group,
    source,
    concurrency,
    prefetch: Math.min(concurrency * batchSize + buffer, maxPrefetch),
    order,
    timeoutMs: options.timeoutMs ?? contract.timeoutMs,
    retry,
    deadLetter:
      deadLetter === true
        ? broker.deadLetterAddress(address, source, channel.bindings)
        : deadLetter === false
          ? undefined
          : deadLetter,
    idleMs: Math.max(defaultIdleMs, ...retry.delaysMs),
    messages: contract.messages,
    bindings: contract.bindings ?? {},
    killSwitch: options.killSwitch ?? {},
    idempotency: resolveIdempotency(channel, options),
    aroundAttempt: options.aroundAttempt,
    rateLimit: options.rateLimit,
    limits: resolveLimits(options.limits),
    spanAttributes: {
      "messaging.system": broker.id,
      "messaging.destination.name": address,
      "messaging.consumer.group.name": group,
    },
    elapsed: clock === systemClock ? () => performance.now() : () => clock.now(),
    clock,
    random: options.random ?? settings.random,
    tracer: options.tracer ?? settings.tracer,
  };
}

/** What the contract says of the operation that is meant. @throws {QueueError} `usage`. */
export function contractOf<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  operation: string | undefined,
): ConsumerDefaults {
  const operations = channel.operations ?? [];
  const ids = operations.map(({ id }) => id).join(", ");
  if (operation === undefined) {
    if (operations.length === 0) return channel.consumer;
    throw new QueueError("usage", `channel ${channel.id} has several receive operations: pass { operation } of ${ids}`);
  }
  const found = operations.find(({ id }) => id === operation);
  if (found !== undefined) return found;
  const only = operations.length > 0 ? `only ${ids}` : "there is nothing to choose from: leave { operation } out";
  throw new QueueError("usage", `channel ${channel.id} has no operation ${operation}, ${only}`);
}

function resolveRetry(option: RetryPolicy | false | undefined, contract: RetryPolicy | undefined): Retries {
  if (option === false) return { maxAttempts: 1, quick: 1, delaysMs: [] };
  const { maxAttempts, quick, delaysMs = [] } = option ?? contract ?? defaultRetry;
  checkWhole("retry.maxAttempts", maxAttempts, 1);
  checkWhole("retry.quick", quick, 0);
  for (const delay of delaysMs) {
    if (!(delay >= 0 && delay <= Number.MAX_SAFE_INTEGER)) {
      throw new QueueError("usage", `retry.delaysMs must hold milliseconds, not ${delay}`);
    }
  }
  const needsDelay = maxAttempts > Math.max(quick, 1);
  return { maxAttempts, quick, delaysMs: delaysMs.length === 0 && needsDelay ? defaultRetry.delaysMs : delaysMs };
}

const dayMs = 86_400_000;

function resolveIdempotency<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  { idempotency: option, aroundAttempt }: ConsumeOptions,
): Idempotency | undefined {
  if (option === undefined && channel.idempotencyKey !== undefined && aroundAttempt === undefined) {
    const help = "pass { idempotency: { store } } or { aroundAttempt }, or { idempotency: false } to do without";
    throw new QueueError("usage", `channel ${channel.id} has an idempotency key that nothing keeps: ${help}`);
  }
  if (option === undefined || option === false) return undefined;
  const { store, leaseMs = 30_000, ttlMs = dayMs } = option;
  checkWhole("idempotency.leaseMs", leaseMs, 1);
  checkWhole("idempotency.ttlMs", ttlMs, 1);
  return { store, leaseMs, ttlMs };
}

const defaultBodyBytes = 64 * 1_024 * 1_024;

function resolveLimits(option: Partial<BodyLimits> = {}): BodyLimits {
  const { maxBytes = defaultBodyBytes, maxInflatedBytes = defaultBodyBytes } = option;
  checkWhole("limits.maxBytes", maxBytes, 1);
  checkWhole("limits.maxInflatedBytes", maxInflatedBytes, 1);
  return { maxBytes, maxInflatedBytes };
}

/** @throws {QueueError} `usage`. */
export function checkWhole(name: string, value: number, minimum: number): void {
  if (!Number.isSafeInteger(value) || value < minimum) {
    throw new QueueError("usage", `${name} must be a whole number of at least ${minimum}, not ${value}`);
  }
}
