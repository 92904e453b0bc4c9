import type { Clock } from "../context/index.js";
import { systemClock } from "../context/index.js";
import { errorOfStatus, isRpcError, RpcError } from "./error.js";
import { Code, type RpcStatus } from "./status.js";

/** What a lifetime hangs on. */
export interface LifetimeInit {
  /** Milliseconds since the epoch. */
  readonly deadline?: number | undefined;
  /** Signals from outside, each of which ends it. */
  readonly signals?: readonly (AbortSignal | undefined)[] | undefined;
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
  #ended = false;
  #controller: AbortController | undefined;
  #listeners: Set<Listener> | undefined;
  #children: Set<Lifetime> | undefined;
  readonly #release = new Set<() => void>();

  constructor({ deadline, signals = [], parent, clock = parent?.clock ?? systemClock }: LifetimeInit) {
    this.clock = clock;
    this.narrowed = parent !== undefined;
    this.deadline = earliest(deadline, parent?.deadline);
    if (parent !== undefined) this.#follow(parent);
    for (const signal of signals) this.#followSignal(signal);
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
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => this.#listeners?.delete(listener);
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
    this.#release.add(run);
    return () => this.#release.delete(run);
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
    const watched = (set: ReadonlySet<unknown> | undefined): boolean => set !== undefined && set.size > 0;
    if (
      status.code !== Code.OK &&
      (this.#controller !== undefined || watched(this.#listeners) || watched(this.#children))
    ) {
      this.abort(errorOfStatus(status));
      return;
    }
    this.#close();
    this.#listeners = undefined;
    for (const child of this.#children ?? []) child.end(status);
    this.#children = undefined;
  }

  #close(): void {
    this.#ended = true;
    const all = [...this.#release];
    this.#release.clear();
    for (const release of all) release();
  }

  #follow(parent: Lifetime): void {
    if (parent.reason !== undefined) return this.abort(parent.reason);
    if (parent.#ended) return this.#close();
    parent.#children ??= new Set();
    parent.#children.add(this);
    this.#release.add(() => parent.#children?.delete(this));
  }

  #followSignal(signal: AbortSignal | undefined): void {
    if (signal === undefined || this.#ended) return;
    const onAbort = (): void => this.abort(errorOfAbort(signal.reason));
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    this.#release.add(() => signal.removeEventListener("abort", onAbort));
  }

  #arm(deadline: number): void {
    if (this.#ended) return;
    const left = deadline - this.clock.now();
    const expire = (): void => this.abort(new RpcError(Code.DEADLINE_EXCEEDED, "the deadline is over"));
    if (left <= 0) expire();
    else this.#release.add(this.clock.after(left, expire));
  }
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
