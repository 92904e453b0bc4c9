import type { Random } from "../context/index.js";
import type { OptionObject, OptionValue } from "./options.js";

/** A whole number between the two, both included. */
export function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

export function pick<T>(random: Random, list: readonly T[]): T | undefined {
  return list[Math.floor(random() * list.length)];
}

/** What rules fix: `const`, one of `in`, an `example`. */
export function givenValue(random: Random, rules: OptionObject): OptionValue | undefined {
  if (rules["const"] !== undefined) return rules["const"];
  for (const name of ["example", "in"]) {
    const list = rules[name];
    if (Array.isArray(list) && list.length > 0) return pick(random, list as readonly OptionValue[]);
  }
  return undefined;
}

/** The values that a rule refuses, as text. */
export function refused(rules: OptionObject): ReadonlySet<string> {
  const list = rules["not_in"];
  return new Set((Array.isArray(list) ? (list as readonly OptionValue[]) : []).map(String));
}

/** A value that is not refused, of several tries. */
export function avoiding<T>(rules: OptionObject, make: () => T): T {
  const not = refused(rules);
  let value = make();
  for (let i = 0; i < 50 && not.has(String(value)); i++) value = make();
  return value;
}

/** A 64-bit integer within `gt`, `gte`, `lt`, `lte`. */
export function wholeNumber(random: Random, rules: OptionObject, least: bigint, most: bigint): bigint {
  const number = (name: string): bigint | undefined => {
    const value = rules[name];
    return typeof value === "bigint" ? value : typeof value === "number" ? BigInt(Math.trunc(value)) : undefined;
  };
  const above = number("gte") ?? plus(number("gt"), 1n);
  const below = number("lte") ?? plus(number("lt"), -1n);
  const { low, high } = range(
    above,
    below,
    least,
    most,
    (low) => low + 999n,
    (high) => high - 999n,
    1n,
  );
  const size = high - low + 1n;
  return size <= 1n ? low : low + (BigInt(Math.floor(random() * 2 ** 52)) * size) / 2n ** 52n;
}

function plus(value: bigint | undefined, step: bigint): bigint | undefined {
  return value === undefined ? undefined : value + step;
}

/** A number with up to two digits behind the point, within the same rules. */
export function decimal(random: Random, rules: OptionObject): number {
  const number = (name: string): number | undefined => {
    const value = rules[name];
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  };
  const above = number("gte") ?? number("gt");
  const below = number("lte") ?? number("lt");
  const bounds = range(
    above,
    below,
    -3e38,
    3e38,
    (low) => low + 1_000,
    (high) => high - 1_000,
    0,
  );
  const { low, high } = bounds;
  const value = low + (0.01 + random() * 0.98) * (high - low);
  const rounded = Math.round(value * 100) / 100;
  return rounded > low && rounded < high ? rounded : value;
}

/**
 * The range that rules leave, and where they leave much, a thousand of it. A lower bound above the upper one is what
 * the rules say of values outside of a range.
 */
function range<N extends number | bigint>(
  above: N | undefined,
  below: N | undefined,
  least: N,
  most: N,
  up: (low: N) => N,
  down: (high: N) => N,
  first: N,
): { readonly low: N; readonly high: N } {
  const outside = above !== undefined && below !== undefined && above > below;
  if (above !== undefined && (below === undefined || outside)) {
    const high = up(above);
    return { low: above, high: high > most ? most : high };
  }
  if (below !== undefined && above === undefined) {
    const low = below > first ? first : down(below);
    return { low: low < least ? least : low, high: below };
  }
  if (above !== undefined && below !== undefined) return { low: above, high: below };
  const high = up(first);
  return { low: first, high: high > most ? most : high };
}
