import { WireError } from "./error.js";
import { jsonError, wrongType } from "./json-input.js";
import type { JsonInput, JsonValue } from "./types.js";

// Timestamp and Duration in ProtoJSON. Dates are computed from the count of days: Date knows no nanoseconds.

interface SecondsInit {
  readonly seconds?: bigint | undefined;
  readonly nanos?: number | undefined;
}

interface Seconds {
  seconds: bigint;
  nanos: number;
}

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;
const longestDuration = 315_576_000_000;

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

/** `.5` as three digits, six or nine; empty for none. */
function fraction(nanos: number): string {
  if (nanos === 0) return "";
  const text = `${nanos}`.padStart(9, "0");
  return `.${text.endsWith("000000") ? text.slice(0, 3) : text.endsWith("000") ? text.slice(0, 6) : text}`;
}

let cachedDay = Number.NaN;
let cachedText = "";

/** `2024-02-29T` of a number of days since the epoch. */
function dayText(day: number): string {
  if (day === cachedDay) return cachedText;
  // years are counted from March, so that the leap day is the last of a year, in eras of 400 years
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * month + 2) / 5) + 1;
  const year = yearOfEra + era * 400 + (month < 10 ? 0 : 1);
  cachedText = `${`${year}`.padStart(4, "0")}-${two(month < 10 ? month + 3 : month - 9)}-${two(dayOfMonth)}T`;
  cachedDay = day;
  return cachedText;
}

function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

/** RFC 3339 in UTC. @throws {WireError} outside of the years 1 to 9999. */
export function timestampText({ seconds = 0n, nanos = 0 }: SecondsInit): string {
  const s = Number(seconds);
  if (s < firstSecond || s > lastSecond || !Number.isInteger(nanos) || nanos < 0 || nanos > 999_999_999) {
    throw new WireError("invalid_value", "a Timestamp lies outside of the years 1 to 9999");
  }
  const day = Math.floor(s / 86_400);
  const rest = s - day * 86_400;
  const minutes = Math.floor(rest / 60);
  const clock = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(rest % 60)}`;
  return `${dayText(day)}${clock}${fraction(nanos)}Z`;
}

const timestampPattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** Reads RFC 3339. */
export function parseTimestamp(v: JsonValue, c: JsonInput): Seconds {
  const match = typeof v === "string" && v.length <= 40 ? timestampPattern.exec(v) : null;
  if (match === null) throw wrongType(c, undefined, "an RFC 3339 timestamp", v);
  const [, year, month, day, hour, minute, second, part = "", sign, offsetHour = 0, offsetMinute = 0] = match;
  const y = Number(year);
  const mo = Number(month);
  const d = Number(day);
  const h = Number(hour);
  const mi = Number(minute);
  const s = Number(second);
  const leap = (y % 4 === 0 && y % 100 !== 0) || y % 400 === 0;
  const monthDays = mo === 2 ? (leap ? 29 : 28) : mo === 4 || mo === 6 || mo === 9 || mo === 11 ? 30 : 31;
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * (sign === "-" ? -60 : 60);
  const total = daysOf(y, mo, d) * 86_400 + h * 3600 + mi * 60 + s - offset;
  if (
    mo < 1 ||
    mo > 12 ||
    d < 1 ||
    d > monthDays ||
    h > 23 ||
    mi > 59 ||
    s > 59 ||
    Number(offsetHour) > 23 ||
    Number(offsetMinute) > 59 ||
    total < firstSecond ||
    total > lastSecond
  ) {
    throw jsonError(c, undefined, "there is no such time in the years 1 to 9999");
  }
  return { seconds: BigInt(total), nanos: Number(part.padEnd(9, "0")) };
}

/** `1.5s`. @throws {WireError} beyond 10,000 years, or when seconds and nanos differ in sign. */
export function durationText({ seconds = 0n, nanos = 0 }: SecondsInit): string {
  const s = Number(seconds);
  if (
    Math.abs(s) > longestDuration ||
    !Number.isInteger(nanos) ||
    Math.abs(nanos) > 999_999_999 ||
    (s > 0 && nanos < 0) ||
    (s < 0 && nanos > 0)
  ) {
    throw new WireError("invalid_value", "a Duration is out of range");
  }
  return `${s < 0 || nanos < 0 ? "-" : ""}${Math.abs(s)}${fraction(Math.abs(nanos))}s`;
}

const durationPattern = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;

/** Reads `1.5s`. */
export function parseDuration(v: JsonValue, c: JsonInput): Seconds {
  const match = typeof v === "string" && v.length <= 40 ? durationPattern.exec(v) : null;
  if (match === null) throw wrongType(c, undefined, 'a duration such as "1.5s"', v);
  const [, sign, whole, part = ""] = match;
  const seconds = Number(whole);
  const nanos = Number(part.padEnd(9, "0"));
  if (seconds > longestDuration || (seconds === longestDuration && nanos > 0)) {
    throw jsonError(c, undefined, "the duration is out of range");
  }
  return sign === "-"
    ? { seconds: BigInt(-seconds), nanos: nanos === 0 ? 0 : -nanos }
    : { seconds: BigInt(seconds), nanos };
}
