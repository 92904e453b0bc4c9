/** What a setting must lie in. */
export interface Range {
  readonly above?: number;
  readonly least?: number;
  readonly most?: number;
  readonly whole?: boolean;
}

/** A setting as it is. @throws {RangeError} when it is out of its range, with what was found. */
export function inRange(name: string, value: number, { above, least, most, whole = false }: Range): number {
  const fits =
    (above === undefined || value > above) &&
    (least === undefined || value >= least) &&
    (most === undefined || value <= most) &&
    (whole ? Number.isInteger(value) : Number.isFinite(value));
  if (fits) return value;
  const limits = [
    whole ? "a whole number" : "a number",
    above === undefined ? "" : `above ${above}`,
    least === undefined ? "" : `of at least ${least}`,
    most === undefined ? "" : `of at most ${most}`,
  ];
  throw new RangeError(`${name} must be ${limits.filter((text) => text !== "").join(" ")}, not ${String(value)}`);
}
