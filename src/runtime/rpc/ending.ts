import { statusOfError } from "./error.js";
import type { RpcStatus } from "./status.js";

/** The promises that were made of endings. */
const endings = new WeakMap<Promise<RpcStatus>, Ending>();

/**
 * How a call ends, to be known now or later. Those who only watch are listeners; a promise is made when somebody asks
 * for one, because AsyncLocalStorage follows every promise in Node 20.
 */
export class Ending {
  /** Undefined until the call is over. */
  status: RpcStatus | undefined;
  #listeners: ((status: RpcStatus) => void)[] | undefined;
  #promise: Promise<RpcStatus> | undefined;

  constructor(status?: RpcStatus) {
    this.status = status;
  }

  /** The call is over. Listeners hear of it before this returns. Without effect the second time. */
  finish(status: RpcStatus): void {
    if (this.status !== undefined) return;
    this.status = status;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) tell(listener, status);
  }

  /** Calls the listener once with the status, at once when that is known. */
  when(listener: (status: RpcStatus) => void): void {
    if (this.status !== undefined) tell(listener, this.status);
    else (this.#listeners ??= []).push(listener);
  }

  /** The same as a promise. Never rejects. */
  get promise(): Promise<RpcStatus> {
    if (this.#promise === undefined) {
      this.#promise = new Promise((resolve) => this.when(resolve));
      endings.set(this.#promise, this);
    }
    return this.#promise;
  }
}

/** What a listener throws is what it would be behind a promise: a rejection that nobody handles. */
function tell(listener: (status: RpcStatus) => void, status: RpcStatus): void {
  try {
    listener(status);
  } catch (error) {
    void Promise.reject(error);
  }
}

/** The ending behind a promise; one is made for a promise of somebody else, which may be anything, and may reject. */
export function endingOf(done: Promise<RpcStatus>): Ending {
  const known = endings.get(done);
  if (known !== undefined) return known;
  const ending = new Ending();
  Promise.resolve(done).then(
    (status) => ending.finish(status),
    (error: unknown) => ending.finish(statusOfError(error)),
  );
  return ending;
}
