import type { RestCallOptions } from "./client.js";
import { RestCode, RestError, isRestError } from "./error.js";
import type { RestRoute } from "./route.js";

/** How long a call goes on. */
export interface Life {
  readonly signal: AbortSignal;
  readonly expired: () => boolean;
  end(): void;
}

/** The life of a call: until its signal aborts, its time is over, or it ends. */
export function lifeOf({ signal, timeoutMs }: RestCallOptions, usual: number | undefined): Life {
  const controller = new AbortController();
  let expired = false;
  const abort = (): void => controller.abort(signal?.reason);
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort, { once: true });
  const limit = timeoutMs ?? usual;
  const expire = (): void => {
    expired = true;
    controller.abort();
  };
  const timer = limit === undefined ? undefined : setTimeout(expire, limit);
  return {
    signal: controller.signal,
    expired: () => expired,
    end() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      // a body that nobody reads any more would keep its connection
      controller.abort();
    },
  };
}

/** What ended a call, as the error that programs see. */
export function failureOf(route: RestRoute<never, unknown>, error: unknown, life: Life): RestError {
  if (isRestError(error)) return error;
  if (life.expired()) {
    return new RestError(RestCode.DEADLINE_EXCEEDED, `${route.name}: the deadline is over`, { cause: error });
  }
  if (life.signal.aborted)
    return new RestError(RestCode.CANCELLED, `${route.name}: the call was cancelled`, { cause: error });
  // fetch rejects with a TypeError when there was no response; the rest is a body that does not fit the contract
  return error instanceof TypeError
    ? new RestError(RestCode.UNAVAILABLE, `${route.name}: the server cannot be reached`, { cause: error })
    : new RestError(RestCode.INTERNAL, `${route.name}: the response does not fit the contract`, { cause: error });
}

/** What a promise gives, unless the call is over before. */
export function unlessOver<T>({ signal }: Life, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject);
  });
}
