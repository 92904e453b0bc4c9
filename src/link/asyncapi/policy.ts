import { nearest } from "../../diagnostics/index.js";
import {
  type ConsumerBatch,
  type ConsumerPolicy,
  type ConsumerPolicyLevel,
  type ConsumerPolicySource,
  type DeadLetter,
  noConsumerPolicy,
  type Origin,
  type QueueRetry,
  stringOf,
} from "../../model/index.js";
import { queueDefaults } from "../../runtime/policy/index.js";
import { brokerKeys } from "./broker-keys.js";
import type { Context } from "./context.js";
import { child, type Place } from "./place.js";
import { durationOf, openFields, wrong } from "./policy-reader.js";

/** wirespan's own keys of channels and operations, and what their objects take. */
export const policyKeys = {
  "x-retry": ["maxAttempts", "quick", "delays"],
  "x-dead-letter": ["channel"],
  "x-consumer": ["group", "concurrency", "buffer", "order", "timeout", "batch"],
  "x-idempotency-key": [],
  "x-expires": [],
} as const;

/** Keys of `x-consumer.batch`. */
export const batchKeys = ["size", "bytes", "linger"] as const;

/** What the proposal behind the bare names has beyond ours. */
const proposed = {
  retry: ["channel", "messages", "strategy", "backoff", "delay", "description", "title", "summary", "bindings"],
  deadLetter: ["messages", "waitTime", "delay", "description", "title", "summary", "bindings"],
} as const;

/** A policy as one object states it; parts are merged before they are complete. */
export interface PolicyPart {
  readonly group: string | undefined;
  readonly concurrency: number | undefined;
  readonly buffer: number | undefined;
  readonly order: "none" | "key" | "strict" | undefined;
  readonly timeoutMs: number | undefined;
  readonly batch: Partial<ConsumerBatch> | undefined;
  readonly retry: Partial<QueueRetry> | undefined;
  /** False: none, on purpose. */
  readonly deadLetter: DeadLetter | false | undefined;
  readonly idempotencyKey: { readonly pointer: string; readonly origin: Origin } | undefined;
  readonly expiresMs: number | undefined;
  readonly origin: Origin | undefined;
  readonly sources: ReadonlyMap<string, ConsumerPolicySource>;
}

/** A part that says nothing. */
export const noPolicyPart: PolicyPart = {
  group: undefined,
  concurrency: undefined,
  buffer: undefined,
  order: undefined,
  timeoutMs: undefined,
  batch: undefined,
  retry: undefined,
  deadLetter: undefined,
  idempotencyKey: undefined,
  expiresMs: undefined,
  origin: undefined,
  sources: new Map(),
};

/** Where each value of a policy is written, by the key in the document and the path in the model. */
const written: readonly (readonly [path: string, ...keys: string[]])[] = [
  ["group", "x-consumer", "group"],
  ["concurrency", "x-consumer", "concurrency"],
  ["buffer", "x-consumer", "buffer"],
  ["order", "x-consumer", "order"],
  ["timeoutMs", "x-consumer", "timeout"],
  ["batch.size", "x-consumer", "batch", "size"],
  ["batch.bytes", "x-consumer", "batch", "bytes"],
  ["batch.lingerMs", "x-consumer", "batch", "linger"],
  ["retry.maxAttempts", "retry", "maxAttempts"],
  ["retry.quick", "retry", "quick"],
  ["retry.delaysMs", "retry", "delays"],
  ["retry.maxAttempts", "x-retry", "maxAttempts"],
  ["retry.quick", "x-retry", "quick"],
  ["retry.delaysMs", "x-retry", "delays"],
  ["deadLetter", "deadLetter"],
  ["deadLetter", "x-dead-letter"],
  ["idempotencyKey", "x-idempotency-key"],
  ["expiresMs", "x-expires"],
];

function sourcesOf(context: Context, place: Place, level: ConsumerPolicyLevel): PolicyPart["sources"] {
  const sources = new Map<string, ConsumerPolicySource>();
  for (const [path, ...keys] of written) {
    let found: Place | undefined = place;
    for (const key of keys.slice(0, -1)) found = context.field(found, key);
    const last = child(found, keys.at(-1) ?? "");
    if (last !== undefined) sources.set(path, { level, origin: last.node.origin });
  }
  return sources;
}

/** The address that dead letters to a channel go to; undefined when it was reported as unusable. */
export type AddressOf = (channel: Place) => string | undefined;

/** Reads the policy keys of a channel or operation. */
export function readPolicy(
  context: Context,
  place: Place,
  addressOf: AddressOf,
  level: ConsumerPolicyLevel,
): PolicyPart {
  warnOfLookalikes(context, place);
  const consumer = readConsumer(context, place);
  const retry = readRetry(context, place);
  const deadLetter = readDeadLetter(context, place, addressOf);
  const idempotencyKey = readIdempotencyKey(context, place);
  const expires = context.field(place, "x-expires");
  const expiresMs = expires && durationOf(expires.node);
  if (expires !== undefined && expiresMs === undefined) {
    wrong(context, expires.node, "x-expires", "an ISO 8601 duration above zero like PT10M");
  }
  const first = [...Object.keys(policyKeys), "retry", "deadLetter"].find((key) => child(place, key) !== undefined);
  return {
    ...consumer,
    retry,
    deadLetter,
    idempotencyKey,
    expiresMs,
    origin: first === undefined ? undefined : child(place, first)?.node.origin,
    sources: sourcesOf(context, place, level),
  };
}

function readConsumer(
  context: Context,
  place: Place,
): Pick<PolicyPart, "group" | "concurrency" | "buffer" | "order" | "timeoutMs" | "batch"> {
  const found = context.field(place, "x-consumer");
  const fields = found && openFields(context, found, "x-consumer", policyKeys["x-consumer"]);
  const batch = fields?.object("batch", batchKeys);
  return {
    group: fields?.text("group"),
    concurrency: fields?.count("concurrency"),
    buffer: fields?.count("buffer"),
    order: fields?.oneOf("order", ["none", "key", "strict"]),
    timeoutMs: fields?.duration("timeout"),
    batch:
      batch && defined({ size: batch.count("size"), bytes: batch.amount("bytes"), lingerMs: batch.duration("linger") }),
  };
}

function readRetry(context: Context, place: Place): Partial<QueueRetry> | undefined {
  const own = context.field(place, "x-retry");
  const found = own ?? context.field(place, "retry");
  if (found === undefined) return undefined;
  const [name, tolerated] = own === undefined ? (["retry", proposed.retry] as const) : (["x-retry", []] as const);
  const fields = openFields(context, found, name, policyKeys["x-retry"], tolerated);
  if (fields === undefined) return undefined;
  const retry = defined({
    maxAttempts: fields.count("maxAttempts"),
    quick: fields.count("quick"),
    delaysMs: fields.durations("delays"),
  });
  if (retry.maxAttempts !== undefined && retry.quick !== undefined && retry.quick > retry.maxAttempts) {
    const expected = `at most maxAttempts (${retry.maxAttempts}), in which it counts`;
    const node = fields.place("quick")?.node;
    if (node !== undefined) wrong(context, node, `${name}.quick`, expected);
  }
  return retry;
}

function readDeadLetter(context: Context, place: Place, addressOf: AddressOf): DeadLetter | false | undefined {
  const own = context.field(place, "x-dead-letter");
  const found = own ?? context.field(place, "deadLetter");
  if (found === undefined) return undefined;
  if (found.node.kind === "scalar" && typeof found.node.value === "boolean") {
    return found.node.value ? { address: undefined } : false;
  }
  const [name, tolerated] =
    own === undefined ? (["deadLetter", proposed.deadLetter] as const) : (["x-dead-letter", []] as const);
  const fields = openFields(context, found, name, policyKeys["x-dead-letter"], tolerated);
  const channel = fields?.place("channel");
  return channel === undefined ? { address: undefined } : { address: addressOf(channel) };
}

function readIdempotencyKey(context: Context, place: Place): PolicyPart["idempotencyKey"] {
  const found = context.field(place, "x-idempotency-key");
  if (found === undefined) return undefined;
  const pointer = /^\$message\.payload#(\/.+)$/.exec(stringOf(found.node) ?? "")?.[1];
  if (pointer === undefined) {
    return wrong(context, found.node, "x-idempotency-key", "an expression like $message.payload#/id");
  }
  return { pointer, origin: found.node.origin };
}

/** `x-retries`, `x-deadletter`: allowed by the specification, but surely meant for us. */
function warnOfLookalikes(context: Context, place: Place): void {
  if (place.node.kind !== "object") return;
  const known = [...Object.keys(policyKeys), ...Object.keys(brokerKeys)];
  for (const { key, origin } of place.node.entries) {
    if (!key.startsWith("x-") || known.includes(key)) continue;
    const close = nearest(key, known);
    if (close !== undefined) context.warn("E3022", origin, { key, reason: "nobody reads it", nearest: close });
  }
}

/** Parts over one another, later ones win field by field; lists replace. */
export function mergePolicies(parts: readonly PolicyPart[]): PolicyPart {
  return parts.reduce((base, part) => ({
    ...base,
    ...defined(part),
    batch: base.batch && part.batch ? { ...base.batch, ...part.batch } : (part.batch ?? base.batch),
    retry: base.retry && part.retry ? { ...base.retry, ...part.retry } : (part.retry ?? base.retry),
    deadLetter: mergeDeadLetters(base.deadLetter, part.deadLetter),
    sources: new Map([...base.sources, ...part.sources]),
  }));
}

function mergeDeadLetters(base: PolicyPart["deadLetter"], part: PolicyPart["deadLetter"]): PolicyPart["deadLetter"] {
  if (part === undefined || part === false || base === undefined || base === false) return part ?? base;
  return { address: part.address ?? base.address };
}

/** A retry that says less than it could; the runtime's own delays follow where there are none. */
function completeRetry({ maxAttempts, quick, delaysMs }: Partial<QueueRetry>): QueueRetry {
  const { retry: builtIn } = queueDefaults;
  const inProcess = quick ?? Math.min(builtIn.quick, maxAttempts ?? builtIn.quick);
  const stated = delaysMs === undefined ? Math.max(builtIn.maxAttempts, inProcess) : inProcess + delaysMs.length;
  return { maxAttempts: maxAttempts ?? stated, quick: inProcess, delaysMs: delaysMs ?? [] };
}

/** The part as the model has it. */
export function completePolicy(part: PolicyPart): ConsumerPolicy {
  const { retry, batch } = part;
  return {
    ...noConsumerPolicy,
    ...defined({
      group: part.group,
      concurrency: part.concurrency,
      buffer: part.buffer,
      order: part.order,
      timeoutMs: part.timeoutMs,
      expiresMs: part.expiresMs,
      origin: part.origin,
    }),
    sources: part.sources,
    retry: retry && completeRetry(retry),
    batch: batch && { ...queueDefaults.batch, bytes: undefined, ...defined(batch) },
    deadLetter: part.deadLetter === false ? undefined : part.deadLetter,
    idempotencyKey: part.idempotencyKey?.pointer,
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(value: T): Defined<T> {
  // sound: only keys whose value is undefined are left out
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<T>;
}
