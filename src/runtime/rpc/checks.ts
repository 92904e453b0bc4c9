/** A value of a setting as messages show it. */
export function showValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/**
 * Settings often come from files and environments that no compiler has seen.
 *
 * @throws {TypeError} for a value that is none of those there are; undefined stands for the default.
 */
export function checkOneOf(name: string, value: unknown, known: readonly string[]): void {
  if (value === undefined || known.some((one) => one === value)) return;
  throw new TypeError(`${name}: ${showValue(value)} is none of ${known.map((one) => JSON.stringify(one)).join(", ")}`);
}

/** @throws {RangeError} for what is no number of bytes; undefined stands for the default. */
export function checkBytes(name: string, value: unknown): void {
  if (value === undefined || (typeof value === "number" && value >= 0)) return;
  throw new RangeError(`${name} is a number of bytes, 0 or more, not ${showValue(value)}`);
}
