import type { Duration, DurationInit } from "./google/protobuf/duration.pb.js";

/** The Duration of a number of milliseconds, which may have a fraction. */
export function durationFromMs(ms: number): Duration {
  if (!Number.isFinite(ms)) throw new RangeError("a Duration is finite");
  const seconds = Math.trunc(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * 1_000_000);
  // rounding may have reached a whole second
  if (Math.abs(nanos) >= 1_000_000_000) return { seconds: BigInt(seconds + Math.sign(nanos)), nanos: 0 };
  return { seconds: BigInt(seconds), nanos: nanos + 0 };
}

/** Milliseconds, with a fraction where the Duration is finer. */
export function durationToMs({ seconds = 0n, nanos = 0 }: DurationInit): number {
  return Number(seconds) * 1000 + nanos / 1_000_000;
}
