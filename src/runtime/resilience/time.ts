import type { Clock } from "../context/index.js";

/** Milliseconds from an arbitrary start, with fractions. */
export type Now = () => number;

/**
 * What measures spans of time: the clock that was given, else one that does not jump when somebody sets the machine's.
 */
export function elapsed(clock: Clock | undefined): Now {
  return clock === undefined ? () => performance.now() : () => clock.now();
}
