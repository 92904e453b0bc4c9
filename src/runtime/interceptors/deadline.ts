import { systemClock, type Clock } from "../context/index.js";
import type { Interceptor } from "../rpc/index.js";

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
  return async (call, next) => {
    const given = call.context.deadline;
    const now = clock.now();
    const limits = [
      ...(given === undefined && defaultMs !== undefined ? [now + defaultMs] : []),
      ...(maxMs === undefined ? [] : [now + maxMs]),
    ];
    return limits.length === 0 ? next(call) : next(call.change({ deadline: Math.min(...limits) }));
  };
}
