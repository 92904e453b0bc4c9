import type { PolicyPath } from "./rules.js";

/**
 * The layers of a server from the outside in. `rateLimit` counts by method or peer before anybody is known, `claimLimit`
 * by a claim of who was let in; `handlerRecovery` is next to the handler.
 */
export const serverOrder = [
  "recovery",
  "tracing",
  "metrics",
  "logging",
  "deadline",
  "rateLimit",
  "concurrency",
  "shedding",
  "auth",
  "claimLimit",
  "validation",
  "idempotency",
  "cache",
  "handlerRecovery",
] as const;

/**
 * The layers of a client from the outside in. What stands before `retry` or `hedge` meets a call once, what follows
 * them each attempt: one decision of the breaker for a call, a fresh token for an attempt.
 */
export const clientOrder = [
  "deadline",
  "tracing",
  "metrics",
  "logging",
  "headers",
  "validation",
  "cache",
  "shadow",
  "split",
  "breaker",
  "retry",
  "hedge",
  "rateLimit",
  "concurrency",
  "attemptSpan",
  "attemptTimeout",
  "auth",
] as const;

/**
 * The stages of a consumer from the outside in. What cannot be decoded or does not fit is dead-lettered without a retry;
 * duplicates are found in what was decoded, because a field of the payload may tell them; retry lies inside of
 * dead-lettering, and each attempt has its own timeout. Acknowledgements follow, several at a time.
 */
export const consumerOrder = [
  "tracing",
  "metrics",
  "logging",
  "recovery",
  "deadLetter",
  "decode",
  "validation",
  "dedupe",
  "retry",
  "timeout",
  "aroundAttempt",
  "handler",
] as const;

/** A stage of a consumer. */
export type ConsumerStageName = (typeof consumerOrder)[number];

/** A layer of a server's chain. */
export type ServerLayerName = (typeof serverOrder)[number];

/** A layer of a client's chain. */
export type ClientLayerName = (typeof clientOrder)[number];

/** The layers of a server that a method's policy calls for. */
export function serverLayersFor(values: ReadonlyMap<PolicyPath, unknown>): ReadonlySet<ServerLayerName> {
  const layers = new Set<ServerLayerName>();
  if (values.has("timeoutMs")) layers.add("deadline");
  if (values.has("limit.rate")) layers.add(typeof values.get("limit.key") === "object" ? "claimLimit" : "rateLimit");
  if (values.has("limit.concurrency")) layers.add("concurrency");
  if (values.has("auth.scopes") || values.get("auth.public") === false) layers.add("auth");
  if (values.has("idempotencyKey")) layers.add("idempotency");
  if (values.has("cache.ttlMs")) layers.add("cache");
  return layers;
}

/** The layers of a client that a method's policy calls for. */
export function clientLayersFor(values: ReadonlyMap<PolicyPath, unknown>): ReadonlySet<ClientLayerName> {
  const layers = new Set<ClientLayerName>();
  if (values.has("breaker.kind")) layers.add("breaker");
  if (values.has("retry.maxAttempts")) layers.add("retry");
  if (values.has("retry.attemptTimeoutMs")) layers.add("attemptTimeout");
  if (values.has("hedge.maxAttempts")) layers.add("hedge");
  return layers;
}
