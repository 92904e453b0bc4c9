import { systemClock, type Clock } from "../context/index.js";
import { createLayer, earliest, type Interceptor } from "../rpc/index.js";

/** Settings of {@link deadline}. */
export interface DeadlineOptions {
  /** Milliseconds for calls that came without a deadline. */
  readonly defaultMs?: number | undefined;
  /** Milliseconds that no call gets more of. */
  readonly maxMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Sees to it that every call has a deadline, and none too far away. The handler's signal aborts then, and calls made
 * inside of it inherit what is left.
 *
 * @example chain().use(deadline({ defaultMs: 5_000, maxMs: 60_000 }))
 */
export function deadline({ defaultMs, maxMs, clock = systemClock }: DeadlineOptions): Interceptor {
  return createLayer((call) => {
    const most = call.context.deadline === undefined ? earliest(defaultMs, maxMs) : maxMs;
    return { call: most === undefined ? call : call.change({ deadline: clock.now() + most }) };
  });
}
