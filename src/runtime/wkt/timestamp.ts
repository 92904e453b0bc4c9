import type { Timestamp, TimestampInit } from "./google/protobuf/timestamp.pb.js";

/**
 * The Timestamp of a Date.
 *
 * @example const user = User.create({ createdAt: timestampFromDate(new Date()) });
 */
export function timestampFromDate(date: Date): Timestamp {
  const ms = date.getTime();
  if (Number.isNaN(ms)) throw new RangeError("an invalid Date has no Timestamp");
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: (ms - seconds * 1000) * 1_000_000 };
}

/** The Date of a Timestamp; what is finer than milliseconds is cut off. */
export function timestampToDate({ seconds = 0n, nanos = 0 }: TimestampInit): Date {
  return new Date(Number(seconds) * 1000 + Math.floor(nanos / 1_000_000));
}

/** The Timestamp of this moment, to the millisecond. */
export function timestampNow(): Timestamp {
  return timestampFromDate(new Date());
}
