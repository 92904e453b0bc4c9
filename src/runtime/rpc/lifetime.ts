import type { Clock } from "../context/index.js";
import { systemClock } from "../context/index.js";
import { onAbortOf } from "./abort-listeners.js";
import { errorOfStatus, isRpcError, RpcError } from "./error.js";
import type { FailureListener } from "./report.js";
import { Code, type RpcStatus } from "./status.js";

/** What a lifetime hangs on. */
export interface LifetimeInit {
  /** Milliseconds since the epoch. */
  readonly deadline?: number | undefined;
  /** One from outside, which ends it. */
  readonly signal?: AbortSignal | undefined;
  readonly parent?: Lifetime | undefined;
  readonly clock?: Clock | undefined;
}

type Listener = (reason: RpcError) => void;

/**
 * How long a call goes on: until its status is known, its deadline is over or somebody cancels it. Holds the timer
 * and the listeners, so that nothing is left behind, and makes an AbortSignal only when somebody asks for one.
 */
export class Lifetime {
  readonly deadline: number | undefined;
  readonly clock: Clock;
  /** True for one inside of another, with nearer limits. */
  readonly narrowed: boolean;
  /** Why it was aborted. */
  reason: RpcError | undefined;
  /** True when that was the call's own failure, not somebody who cancelled it or its deadline. */
  failed = false;
  /** Who hears of what layers throw when the call is over. */
  onLayerFailure: FailureListener | undefined;
  #ended = false;
  #controller: AbortController | undefined;
  #parent: Lifetime | undefined;
  // made when they are needed: there are several lifetimes to a call
  #listeners: Listener[] | undefined;
  #children: Lifetime[] | undefined;
  #release: (() => void)[] | undefined;

  constructor({ deadline, signal, parent, clock = parent?.clock ?? systemClock }: LifetimeInit) {
    this.clock = clock;
    this.narrowed = parent !== undefined;
    this.onLayerFailure = parent?.onLayerFailure;
    this.deadline = earliest(deadline, parent?.deadline);
    if (parent !== undefined) this.#follow(parent);
    if (signal !== undefined) this.#followSignal(signal);
    if (this.deadline !== undefined && this.deadline !== parent?.deadline) this.#arm(this.deadline);
  }

  /** Aborts when the call is cancelled, its deadline is over, or it failed. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.reason !== undefined) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  /** Calls the listener once when it is aborted, at once when it has been. Returns what takes it away again. */
  onAbort(listener: Listener): () => void {
    if (this.reason !== undefined) {
      listener(this.reason);
      return () => {};
    }
    if (this.#ended) return () => {};
    (this.#listeners ??= []).push(listener);
    return () => remove(this.#listeners, listener);
  }

  /** True once it has ended, either way. */
  get over(): boolean {
    return this.#ended;
  }

  /** Calls the function once when it ends, either way. Returns what takes it away again. */
  onOver(run: () => void): () => void {
    if (this.#ended) {
      run();
      return () => {};
    }
    (this.#release ??= []).push(run);
    return () => remove(this.#release, run);
  }

  /** Ends it early. Without effect once it has ended. */
  abort(reason: RpcError): void {
    if (this.#ended) return;
    this.reason = reason;
    this.#close();
    const listeners = this.#listeners;
    const children = this.#children;
    this.#listeners = undefined;
    this.#children = undefined;
    // from the inside out, as failures travel
    for (const child of children ?? []) child.abort(reason);
    for (const listener of listeners ?? []) listener(reason);
    this.#controller?.abort(reason);
  }

  /** The call is over: what failed stops everything that still works for it, what succeeded only lets go. */
  end(status: RpcStatus): void {
    if (this.#ended) return;
    const watched =
      this.#controller !== undefined || (this.#listeners?.length ?? 0) > 0 || (this.#children?.length ?? 0) > 0;
    if (status.code !== Code.OK && watched) {
      this.failed = true;
      this.abort(errorOfStatus(status));
      return;
    }
    this.#close();
    this.#listeners = undefined;
    const children = this.#children;
    this.#children = undefined;
    for (const child of children ?? []) child.end(status);
  }

  #close(): void {
    this.#ended = true;
    if (this.#parent !== undefined) remove(this.#parent.#children, this);
    const all = this.#release;
    this.#release = undefined;
    for (const release of all ?? []) release();
  }

  #follow(parent: Lifetime): void {
    if (parent.reason !== undefined) return this.abort(parent.reason);
    if (parent.#ended) return this.#close();
    (parent.#children ??= []).push(this);
    this.#parent = parent;
  }

  #followSignal(signal: AbortSignal): void {
    if (this.#ended) return;
    const onAbort = (): void => this.abort(errorOfAbort(signal.reason));
    if (signal.aborted) return onAbort();
    (this.#release ??= []).push(onAbortOf(signal, onAbort));
  }

  #arm(deadline: number): void {
    if (this.#ended) return;
    const left = deadline - this.clock.now();
    const expire = (): void => this.abort(new RpcError(Code.DEADLINE_EXCEEDED, "the deadline is over"));
    if (left <= 0) expire();
    else (this.#release ??= []).push(this.clock.after(left, expire));
  }
}

function remove<T>(list: T[] | undefined, item: T): void {
  const at = list?.lastIndexOf(item) ?? -1;
  if (at >= 0) list?.splice(at, 1);
}

/** Timers may run a millisecond before the clock gets there, and what is left of a deadline travels in whole ones. */
const earlyMs = 2;

/** True when a deadline is over for somebody who keeps it, which need not be this process. */
export function isPast(deadline: number | undefined, clock: Clock): boolean {
  return deadline !== undefined && clock.now() >= deadline - earlyMs;
}

/** The earliest of several deadlines. */
export function earliest(...deadlines: readonly (number | undefined)[]): number | undefined {
  let first: number | undefined;
  for (const deadline of deadlines) {
    if (deadline !== undefined && (first === undefined || deadline < first)) first = deadline;
  }
  return first;
}

/** The reason of an AbortSignal as an error of a call: `CANCELLED`, or `DEADLINE_EXCEEDED` for a timeout. */
export function errorOfAbort(reason: unknown): RpcError {
  if (isRpcError(reason)) return reason;
  if (reason instanceof Error && reason.name === "TimeoutError") {
    return new RpcError(Code.DEADLINE_EXCEEDED, "the deadline is over", { cause: reason });
  }
  return new RpcError(Code.CANCELLED, "the call was cancelled", { cause: reason });
}
