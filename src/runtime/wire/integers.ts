import { unwritable, WireError } from "./error.js";
import { createWord } from "./word.js";

// 64-bit fields that are numbers or strings in programs, by `jstype` or by the generator's option, and the bigint on
// the wire.

const { bigint, biguint, half, low, high } = createWord();

/** The bigint of a safe integer; several times as fast as `BigInt`. */
export function bigintOfSafe(value: number): bigint {
  half[low] = value;
  half[high] = Math.floor(value / 0x1_0000_0000);
  return bigint[0]!;
}

/** The number of a field's value; `field` is its full name. @throws {WireError} for one that no number holds exactly. */
export function int64ToNumber(value: bigint, field: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new WireError("invalid_value", `${field} is ${value}, which no number holds exactly`);
  }
  return number;
}

/** The decimal digits of a signed 64-bit integer. @throws {WireError} for what is none. */
export function int64Digits(value: bigint): string {
  if (typeof value !== "bigint") throw unwritable("a 64-bit integer", value);
  // read back it is another one unless it fits
  bigint[0] = value;
  if (bigint[0] !== value) throw unwritable("a 64-bit integer", value);
  // numbers print faster than bigints; what is beyond the safe ones is never rounded to one of them
  const number = (half[high]! | 0) * 0x1_0000_0000 + half[low]!;
  return Number.isSafeInteger(number) ? "" + number : value.toString();
}

/** Like {@link int64Digits}, unsigned. */
export function uint64Digits(value: bigint): string {
  if (typeof value !== "bigint") throw unwritable("an unsigned 64-bit integer", value);
  biguint[0] = value;
  if (biguint[0] !== value) throw unwritable("an unsigned 64-bit integer", value);
  const number = half[high]! * 0x1_0000_0000 + half[low]!;
  return Number.isSafeInteger(number) ? "" + number : value.toString();
}

/** Decimal digits. */
export function int64ToString(value: bigint): string {
  return value.toString();
}

/** The bigint of a number or of decimal digits. @throws {WireError} for a fraction and for a number beyond 2^53. */
export function toInt64(value: number | string): bigint {
  if (typeof value === "number" ? !Number.isSafeInteger(value) : !isDigits(value)) {
    throw unwritable("an integer that a number holds exactly, or decimal digits", value);
  }
  return BigInt(value);
}

function isDigits(value: string): boolean {
  return typeof value === "string" && /^-?[0-9]{1,20}$/.test(value);
}

/** Puts converted values behind those of a list; `field` is the full name of the field. */
export function appendAll<T>(
  list: T[],
  values: readonly bigint[],
  convert: (value: bigint, field: string) => T,
  field: string,
): void {
  for (const value of values) list.push(convert(value, field));
}
