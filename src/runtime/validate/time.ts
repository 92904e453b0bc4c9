import { openJson, parseTimestamp } from "../wire/index.js";

/** A `google.protobuf.Timestamp` or `Duration` as programs may hand it in. */
export interface SecondsAndNanos {
  readonly seconds?: bigint | number | string | undefined;
  readonly nanos?: number | undefined;
}

/** Nanoseconds of a Duration. */
export function durationNanos({ seconds = 0n, nanos = 0 }: SecondsAndNanos): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
}

/** Nanoseconds since the epoch of a Timestamp in any of the forms that programs have it in. */
export function timestampNanos(value: SecondsAndNanos | Date | string): bigint {
  if (typeof value === "string") return durationNanos(parseTimestamp(value, openJson(undefined), undefined));
  if (isDate(value)) return BigInt(value.getTime()) * 1_000_000n;
  return durationNanos(value);
}

/** Not `instanceof`: a Date may come from another realm. */
function isDate(value: object): value is Date {
  return Object.prototype.toString.call(value) === "[object Date]";
}

/** A Timestamp of a Date or RFC 3339 text. */
export function timestampOf(value: Date | string): { readonly seconds: bigint; readonly nanos: number } {
  const nanos = timestampNanos(value);
  const rest = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return { seconds: (nanos - rest) / 1_000_000_000n, nanos: Number(rest) };
}
