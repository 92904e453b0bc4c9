import type { Origin } from "./origin.js";

/** What a contract says about how a method behaves beyond its types. Undefined: the contract is silent. */
export interface MethodPolicy {
  /** Milliseconds. */
  readonly timeoutMs: number | undefined;
  readonly retry: MethodRetry | undefined;
  /** HTTP status of success; 200 when undefined. */
  readonly httpStatus: number | undefined;
  /** Template of the `Location` header over response fields: `/api/v1/users/{id}`. */
  readonly httpLocation: string | undefined;
  readonly origin: Origin | undefined;
}

export interface MethodRetry {
  /** Counts the first attempt; at most 5. */
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly backoffMultiplier: number;
  readonly maxBackoffMs: number;
  /** gRPC status names, `UNAVAILABLE`. */
  readonly codes: readonly string[];
}

export const noPolicy: MethodPolicy = {
  timeoutMs: undefined,
  retry: undefined,
  httpStatus: undefined,
  httpLocation: undefined,
  origin: undefined,
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
}

/** When a batch goes to its handler: at the first of these. */
export interface ConsumerBatch {
  readonly size: number;
  readonly bytes: number | undefined;
  /** Since its first message. */
  readonly lingerMs: number | undefined;
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
};
