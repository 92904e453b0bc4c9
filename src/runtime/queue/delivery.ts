import type { TraceContext } from "../context/index.js";

/** A message that a handler works on, with everything that came along. */
export interface Delivery<T, Params = {}, Headers extends object = Readonly<Record<string, string>>> {
  readonly message: T;
  readonly id: string;
  readonly address: string;
  /** The values of the address's parameters. */
  readonly params: Params;
  readonly key: string | undefined;
  /** As texts; where the contract describes them, what it describes, with its types. */
  readonly headers: Headers;
  /** As they came, all of them; not to be changed. */
  readonly rawHeaders: Readonly<Record<string, string>>;
  /** What ties messages of one conversation together, where the sender set it. */
  readonly correlationId: string | undefined;
  readonly contentType: string;
  /** As it came; not to be changed, a dead letter is made of it. */
  readonly body: Uint8Array;
  readonly group: string;
  /** Where it stands in its source; opaque. */
  readonly position: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly redelivered: boolean;
  /** When the sender's caller wanted to be done, milliseconds since the epoch: information, not a limit. */
  readonly deadline: number | undefined;
  /**
   * Aborts when the attempt takes longer than it may, or when the process stops waiting for it. A handler that ignores
   * it keeps its place until it ends: pass it on to what the handler waits for.
   */
  readonly signal: AbortSignal;
  /** Where in the trace its handler runs; in a batch, of which each message may have its own: where it was published. */
  readonly trace: TraceContext;
  /** Keeps it from being redelivered while a long handler is at work. */
  extend(): Promise<void>;
}

/**
 * Handles one message: returning is success, throwing is failure. A failed message is tried again as the contract
 * says and then dead-lettered; a `PermanentError` is dead-lettered at once.
 *
 * @example
 * const sendMail: MessageHandler<UserCreated> = async (user, { id, signal }) => {
 *   await mailer.send({ to: user.email, messageId: id, signal });
 * };
 */
export type MessageHandler<T, Params = {}, Headers extends object = Readonly<Record<string, string>>> = (
  message: T,
  delivery: Delivery<T, Params, Headers>,
) => Promise<void>;

/** A message of a batch that was not handled, and why. */
export interface FailedDelivery<T, Params = {}, Headers extends object = Readonly<Record<string, string>>> {
  /** One of those that the handler got. */
  readonly delivery: Delivery<T, Params, Headers>;
  readonly error: unknown;
}

/**
 * Handles several messages at a time. Returning is success of all but those that it names as failed, throwing is
 * failure of all. Only what failed is tried again, in a batch with others or alone.
 *
 * @example
 * const store: BatchHandler<UserCreated> = async (deliveries) => {
 *   const refused = await insertUsers(deliveries.map(({ message }) => message));
 *   return { failed: refused.map(({ index, error }) => ({ delivery: deliveries[index]!, error })) };
 * };
 */
export type BatchHandler<T, Params = {}, Headers extends object = Readonly<Record<string, string>>> = (
  deliveries: readonly Delivery<T, Params, Headers>[],
) => Promise<void | { readonly failed: readonly FailedDelivery<T, Params, Headers>[] }>;

/** What a consumer did; for logs and metrics. */
export type ConsumerEvent = {
  /** Channel id. */
  readonly channel: string;
  readonly group: string;
} & (
  | { readonly kind: "received"; readonly id: string; readonly attempt: number }
  /** One run of the handler. */
  | {
      readonly kind: "attempt";
      readonly id: string;
      readonly attempt: number;
      readonly durationMs: number;
      readonly error: Error | undefined;
    }
  | { readonly kind: "handled"; readonly id: string; readonly attempts: number }
  | { readonly kind: "skipped"; readonly id: string; readonly reason: string }
  | {
      readonly kind: "retried";
      readonly id: string;
      readonly nextAttempt: number;
      readonly delayMs: number;
      readonly error: Error;
    }
  | {
      readonly kind: "dead";
      readonly id: string;
      readonly attempts: number;
      readonly reason: DeadReason;
      readonly error: Error;
    }
  /**
   * The attempt's time is over and its signal aborted; until the handler ends it keeps its place and its lane. One that
   * succeeds all the same has succeeded.
   */
  | { readonly kind: "overdue"; readonly id: string; readonly attempt: number }
  /**
   * The lease of an idempotency key ran out while the message was handled, or the store did not hear that it was: the
   * same may be handled once more.
   */
  | { readonly kind: "unmarked"; readonly id: string; readonly error: Error }
  /** Given back untouched, because the consumer stops or pauses. */
  | { readonly kind: "released"; readonly id: string }
  /**
   * The verdict did not reach the broker, the broker's place for retries takes nothing, or the dead letter could not
   * be published: it is delivered again.
   */
  | { readonly kind: "unsettled"; readonly id: string; readonly error: Error }
  /** The kill switch: too many attempts fail. */
  | { readonly kind: "paused"; readonly forMs: number }
  | { readonly kind: "resumed" }
);

type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** An event without what is the same for all of a consumer. */
export type PlainEvent = DistributedOmit<ConsumerEvent, "channel" | "group">;

/** Why a message became a dead letter. */
export type DeadReason = "undecodable" | "invalid" | "permanent" | "exhausted";
