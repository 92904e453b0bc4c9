import type { Origin } from "./origin.js";

/**
 * How a method behaves beyond its types: what configuration, file, service and method say, merged. Undefined: all of them
 * are silent. Values are those of `MethodPolicy` in the runtime, where they are described; codes are names here.
 */
export interface MethodPolicy {
  /** Milliseconds. */
  readonly timeoutMs: number | undefined;
  readonly retry: MethodRetry | undefined;
  readonly limit: MethodLimit | undefined;
  readonly auth: MethodAuth | undefined;
  /** A field of the request, `order.id`. */
  readonly idempotencyKey: string | undefined;
  readonly cache: MethodCache | undefined;
  readonly hedge: MethodHedge | undefined;
  readonly breaker: MethodBreaker | undefined;
  /** HTTP status of success; 200 when undefined. */
  readonly httpStatus: number | undefined;
  /** Template of the `Location` header over response fields: `/api/v1/users/{id}`. */
  readonly httpLocation: string | undefined;
  /** The method's own option. */
  readonly origin: Origin | undefined;
  /** Where each value comes from, by its path: `timeoutMs`, `retry.codes`. Values without an entry are built in. */
  readonly sources: ReadonlyMap<string, PolicySource>;
  /** Parts that a more general place states and that do not hold here, by name: `retry`. */
  readonly leftOut: ReadonlyMap<string, LeftOut>;
}

/** A default that does not hold for a method. */
export interface LeftOut extends PolicySource {
  /** `unfit`: the method is not of a kind that can have it; `without`: it says so itself. */
  readonly reason: "unfit" | "without";
}

/** Who says a value, the most general first. */
export type PolicyLevel = "configuration" | "file" | "service" | "method";

/** The place that a value comes from. */
export interface PolicySource {
  readonly level: PolicyLevel;
  readonly origin: Origin;
}

export interface MethodRetry {
  /** Counts the first attempt; at most 5. */
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly backoffMultiplier: number;
  readonly maxBackoffMs: number;
  /** gRPC status names, `UNAVAILABLE`. */
  readonly codes: readonly string[];
  readonly attemptTimeoutMs: number | undefined;
}

export interface MethodLimit {
  /** Calls a second. */
  readonly rate: number | undefined;
  readonly burst: number | undefined;
  readonly key: "method" | "peer" | { readonly claim: string } | undefined;
  readonly concurrency: number | undefined;
  readonly maxQueue: number | undefined;
}

export interface MethodAuth {
  readonly public: boolean | undefined;
  /** Each is one of the service's. */
  readonly scopes: readonly string[] | undefined;
}

export interface MethodCache {
  readonly ttlMs: number;
  /** Fields of the request. */
  readonly keyFields: readonly string[] | undefined;
  /** Names of events. */
  readonly invalidatedBy: readonly string[] | undefined;
}

export interface MethodHedge {
  /** Counts the first copy; at most 5. */
  readonly maxAttempts: number;
  readonly delayMs: number;
  /** gRPC status names. */
  readonly nonFatalCodes: readonly string[];
}

export interface MethodBreaker {
  readonly kind: "ramp" | "classic" | "sre";
  readonly windowMs: number | undefined;
  readonly minCalls: number | undefined;
  readonly failureRatio: number | undefined;
  readonly openMs: number | undefined;
  readonly maxProbes: number | undefined;
  readonly variant: "aegis" | "go-zero" | undefined;
}

/** A right that methods may ask for. */
export interface PolicyScope {
  readonly name: string;
  /** May be empty. */
  readonly description: string;
  readonly level: PolicyLevel;
  readonly origin: Origin;
}

/** What a configuration says of all methods: values by path, checked one by one. */
export interface PolicyDefaults {
  readonly values: ReadonlyMap<string, PolicySetting>;
  readonly scopes: readonly PolicyScope[];
}

/** One value with its place. */
export interface PolicySetting {
  readonly value: number | string | boolean | readonly (number | string)[] | { readonly claim: string };
  readonly origin: Origin;
  /** Of the part that it stands in. */
  readonly group: Origin;
}

export const noPolicyDefaults: PolicyDefaults = { values: new Map(), scopes: [] };

export const noPolicy: MethodPolicy = {
  timeoutMs: undefined,
  retry: undefined,
  limit: undefined,
  auth: undefined,
  idempotencyKey: undefined,
  cache: undefined,
  hedge: undefined,
  breaker: undefined,
  httpStatus: undefined,
  httpLocation: undefined,
  origin: undefined,
  sources: new Map(),
  leftOut: new Map(),
};

/** What a contract says about a channel's consumers (`x-retry`, `x-dead-letter`, `x-consumer`, …). */
export interface ConsumerPolicy {
  readonly group: string | undefined;
  readonly concurrency: number | undefined;
  /** Deliveries fetched beyond the running handlers. */
  readonly buffer: number | undefined;
  readonly batch: ConsumerBatch | undefined;
  readonly order: "none" | "key" | "strict" | undefined;
  readonly timeoutMs: number | undefined;
  readonly retry: QueueRetry | undefined;
  readonly deadLetter: DeadLetter | undefined;
  /** JSON pointer into the payload, `/id`, from `x-idempotency-key: $message.payload#/id`. */
  readonly idempotencyKey: string | undefined;
  readonly expiresMs: number | undefined;
  readonly origin: Origin | undefined;
  /** Where each value comes from, by its path: `group`, `retry.delaysMs`. Values without an entry are built in. */
  readonly sources: ReadonlyMap<string, ConsumerPolicySource>;
}

/** Who says a value of a consumer, the most general first. */
export type ConsumerPolicyLevel = "document" | "channel" | "operation" | "binding";

/** The place that a value of a consumer comes from. */
export interface ConsumerPolicySource {
  readonly level: ConsumerPolicyLevel;
  readonly origin: Origin;
}

/** When a batch goes to its handler: at the first of these. */
export interface ConsumerBatch {
  readonly size: number;
  readonly bytes: number | undefined;
  /** Since its first message. */
  readonly lingerMs: number;
}

export interface QueueRetry {
  /** Counts the first attempt. */
  readonly maxAttempts: number;
  /** Attempts inside the process before the broker delays; counts in `maxAttempts`. */
  readonly quick: number;
  readonly delaysMs: readonly number[];
}

export interface DeadLetter {
  /** The address; undefined: the broker's default name for it. */
  readonly address: string | undefined;
}

export const noConsumerPolicy: ConsumerPolicy = {
  group: undefined,
  concurrency: undefined,
  buffer: undefined,
  batch: undefined,
  order: undefined,
  timeoutMs: undefined,
  retry: undefined,
  deadLetter: undefined,
  idempotencyKey: undefined,
  expiresMs: undefined,
  origin: undefined,
  sources: new Map(),
};
