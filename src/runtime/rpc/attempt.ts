// What layers that send a call several times, layers within, and transports tell each other about attempts.

import type { RpcStatus } from "./status.js";
import type { Call } from "./types.js";

/** Which attempt of its call one is. */
export interface Attempt {
  /** 1 for the first. An attempt that no server has seen does not count: the one after it has the same number. */
  readonly number: number;
  /** True for one that takes the place of an attempt that no server has seen. */
  readonly transparent: boolean;
  /** Milliseconds it may take, where that was said at run time. */
  readonly timeoutMs: number | undefined;
}

/** Under a symbol, for names in a context belong to users. */
const key: unique symbol = Symbol("wirespan.attempt");

const first: Attempt = { number: 1, transparent: false, timeoutMs: undefined };

/** The call as an attempt for layers within. A call without it is the first attempt. */
export function callOfAttempt<I, O, C>(call: Call<I, O, C>, attempt: Attempt): Call<I, O, C> {
  return call.with({ [key]: attempt });
}

/** Which attempt a call is, by its context. */
export function attemptInfo(context: object): Attempt {
  return key in context ? (context[key] as Attempt) : first;
}

/** True for what a transport may send again by itself once, where a server has refused it. */
export function isFirstAttempt<I, O>({ context }: Call<I, O, {}>): boolean {
  const { number, transparent } = attemptInfo(context);
  return number === 1 && !transparent;
}

/**
 * Why nobody has seen a call that failed, so that it may be sent again whatever it does:
 * - `unsent`: it never left this process;
 * - `refused`: the server said that it has not looked at it (`REFUSED_STREAM`, or a `GOAWAY` with a lower number).
 */
export type Unseen = "unsent" | "refused";

const unseen = new WeakMap<RpcStatus, Unseen>();

/** The status, with the fact that no server has seen the call. It is a fact of the object: a copy does not have it. */
export function markUnseen(status: RpcStatus, how: Unseen): RpcStatus {
  unseen.set(status, how);
  return status;
}

/** How it is known that no server has seen the call; undefined when one may have. */
export function unseenOf(status: RpcStatus): Unseen | undefined {
  return unseen.get(status);
}

const expired = new WeakSet<RpcStatus>();

/** The status, with the fact that the attempt took too long, while its call has time left. */
export function markExpiredAttempt(status: RpcStatus): void {
  expired.add(status);
}

/** True for an attempt that took too long, while its call has time left. */
export function isExpiredAttempt(status: RpcStatus): boolean {
  return expired.has(status);
}
