import { unwritable } from "./error.js";

// 64-bit fields with `jstype`: what the field is in the message, and the bigint on the wire.

/** @throws {WireError} when the number cannot be told from its neighbours. */
export function int64ToNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw unwritable("an integer that a number can hold exactly", value);
  return number;
}

/** The decimal digits of a signed 64-bit integer in any of its forms. @throws {WireError} for what is none. */
export function int64Digits(value: bigint | number | string): string {
  const integer = typeof value === "bigint" ? value : toInt64(value);
  // numbers print faster than bigints
  if (integer >= -0x1fffffffffffffn && integer <= 0x1fffffffffffffn) return "" + Number(integer);
  if (BigInt.asIntN(64, integer) !== integer) throw unwritable("a 64-bit integer", value);
  return integer.toString();
}

/** Like {@link int64Digits}, unsigned. */
export function uint64Digits(value: bigint | number | string): string {
  const integer = typeof value === "bigint" ? value : toInt64(value);
  if (integer >= 0n && integer <= 0x1fffffffffffffn) return "" + Number(integer);
  if (BigInt.asUintN(64, integer) !== integer) throw unwritable("an unsigned 64-bit integer", value);
  return integer.toString();
}

/** Decimal digits. */
export function int64ToString(value: bigint): string {
  return value.toString();
}

/** The bigint of a number or of decimal digits. */
export function toInt64(value: number | string): bigint {
  if (typeof value === "number" ? !Number.isSafeInteger(value) : !/^-?[0-9]{1,20}$/.test(value)) {
    throw unwritable("an integer", value);
  }
  return BigInt(value);
}

/** Puts converted values behind those of a list. */
export function appendAll<T>(list: T[], values: readonly bigint[], convert: (value: bigint) => T): void {
  for (const value of values) list.push(convert(value));
}
