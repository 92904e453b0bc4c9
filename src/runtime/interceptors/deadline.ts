import { systemClock, type Clock } from "../context/index.js";
import { createLayer, earliest, type Interceptor } from "../rpc/index.js";

/** Settings of {@link deadline}. */
export interface DeadlineOptions {
  /** Milliseconds for calls that came without a deadline; the contract's timeout by default. */
  readonly defaultMs?: number | undefined;
  /** Milliseconds that no call gets more of; the contract's timeout by default. */
  readonly maxMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Sees to it that every call has a deadline, and none too far away: neither further than the contract's `timeout`, nor
 * than `maxMs`. The handler's signal aborts then, and calls made inside of it inherit what is left.
 *
 * @example chain().use(deadline({ defaultMs: 5_000, maxMs: 60_000 }))
 * @throws {RangeError} for times that are not more than 0.
 */
export function deadline({ defaultMs, maxMs, clock = systemClock }: DeadlineOptions = {}): Interceptor {
  for (const [name, value] of Object.entries({ defaultMs, maxMs })) {
    if (value !== undefined && !(value > 0)) {
      throw new RangeError(`deadline: ${name} is ${value}; it must be more than 0 milliseconds`);
    }
  }
  return createLayer((call) => {
    const { timeoutMs } = call.method.policy;
    const longest = maxMs ?? timeoutMs;
    const most = call.context.deadline === undefined ? earliest(defaultMs ?? timeoutMs, longest) : longest;
    return { call: most === undefined ? call : call.change({ deadline: clock.now() + most }) };
  });
}
