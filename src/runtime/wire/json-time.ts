import { checkBlank, unwritable, WireError } from "./error.js";
import { bigintOfSafe } from "./integers.js";
import { checkLevel, jsonError, type JsonKey, type JsonSlot, wrongType } from "./json-input.js";
import { sized } from "./maps.js";
import type { JsonInput } from "./types.js";

// Timestamp and Duration in ProtoJSON. Date knows the calendar, but no nanoseconds, and is slow.

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
/** Whole seconds of 10,000 years; what follows the point may come on top. */
const longestDuration = 315_576_000_000;

/** `00` to `99`. */
const two: readonly string[] = /* @__PURE__ */ Array.from({ length: 100 }, (_, i) => `${i}`.padStart(2, "0"));

/** `.5` as three digits, six or nine; empty for none. */
function fraction(nanos: number): string {
  if (nanos === 0) return "";
  if (nanos % 1_000_000 === 0) return `.${`${1000 + nanos / 1_000_000}`.slice(1)}`;
  const text = `${nanos}`.padStart(9, "0");
  return `.${text.endsWith("000") ? text.slice(0, 6) : text}`;
}

/** What was asked last, by the low bits of the day: days come in clusters, and Date takes a quarter of a microsecond. */
const cachedDays: number[] = /* @__PURE__ */ sized(512);
const cachedTexts: string[] = /* @__PURE__ */ sized(512);

/** `2024-02-29T` of a number of days since the epoch. */
function dayText(day: number): string {
  const slot = day & 511;
  const cached = cachedTexts[slot];
  if (cachedDays[slot] === day && cached !== undefined) return cached;
  const text = new Date(day * 86_400_000).toISOString().slice(0, 11);
  cachedDays[slot] = day;
  cachedTexts[slot] = text;
  return text;
}

function daysOf(year: number, month: number, day: number): number {
  // years are counted from March, so that the leap day is the last of a year, in eras of 400 years
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

/** The seconds, of which only those in a message's range are exact. @throws {WireError} for what is no bigint. */
function secondsOfMessage(m: SecondsInit, wanted: string): number {
  const { seconds } = m;
  if (seconds === undefined) {
    checkBlank(m, wanted);
    return 0;
  }
  if (typeof seconds !== "bigint") throw unwritable("a 64-bit integer", seconds);
  return Number(seconds);
}

/** RFC 3339 in UTC. @throws {WireError} outside of the years 1 to 9999. */
export function timestampText(m: SecondsInit): string {
  const { nanos = 0 } = m;
  if (!Number.isInteger(nanos) || nanos < 0 || nanos > 999_999_999) {
    throw unwritable("0 to 999999999 nanoseconds", nanos);
  }
  const s = secondsOfMessage(m, "a Timestamp");
  if (s < firstSecond || s > lastSecond) {
    throw new WireError("invalid_value", "a Timestamp lies outside of the years 1 to 9999");
  }
  const day = Math.floor(s / 86_400);
  const rest = s - day * 86_400;
  const minutes = Math.floor(rest / 60);
  const clock = `${two[Math.floor(minutes / 60)]}:${two[minutes % 60]}:${two[rest % 60]}`;
  return `${dayText(day)}${clock}${fraction(nanos)}Z`;
}

/** The number of `count` digits from `at` on; NaN when one of them is none. */
function digitsAt(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** The nanoseconds of the fraction whose digits begin at `at`, of which there are up to nine. */
function nanosAt(text: string, at: number, count: number): number {
  let nanos = digitsAt(text, at, count);
  for (let i = count; i < 9; i++) nanos *= 10;
  return nanos;
}

/** Seconds since the epoch of `2024-02-29T12:00:00` at the beginning of a text; NaN when there is no such time. */
function secondsOf(text: string): number {
  const year = digitsAt(text, 0, 4);
  const month = digitsAt(text, 5, 2);
  const day = digitsAt(text, 8, 2);
  const hour = digitsAt(text, 11, 2);
  const minute = digitsAt(text, 14, 2);
  const second = digitsAt(text, 17, 2);
  if (text[4] !== "-" || text[7] !== "-" || text[10] !== "T" || text[13] !== ":" || text[16] !== ":") return Number.NaN;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  const inRange = month >= 1 && month <= 12 && day >= 1 && day <= days && hour <= 23 && minute <= 59 && second <= 59;
  return inRange ? daysOf(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second : Number.NaN;
}

/** Seconds that `Z`, `+02:00` or `-02:00`, the rest of a text, is ahead of UTC; NaN for anything else. */
function offsetAt(text: string, at: number): number {
  const sign = text[at];
  if (sign === "Z") return at + 1 === text.length ? 0 : Number.NaN;
  if ((sign !== "+" && sign !== "-") || text[at + 3] !== ":" || at + 6 !== text.length) return Number.NaN;
  const hours = digitsAt(text, at + 1, 2);
  const minutes = digitsAt(text, at + 4, 2);
  if (hours > 23 || minutes > 59) return Number.NaN;
  return (hours * 60 + minutes) * (sign === "-" ? -60 : 60);
}

/** Reads RFC 3339. */
export function parseTimestamp(v: JsonSlot, c: JsonInput, k: JsonKey): Seconds {
  if (typeof v !== "string") throw wrongType(c, k, "an RFC 3339 timestamp", v);
  checkLevel(c, k);
  let end = 19;
  if (v[end] === ".") {
    end++;
    while (end < 29 && !Number.isNaN(digitsAt(v, end, 1))) end++;
  }
  // a point has digits behind it
  const nanos = end === 20 ? Number.NaN : end === 19 ? 0 : nanosAt(v, 20, end - 20);
  const seconds = secondsOf(v) - offsetAt(v, end);
  // so is what is not a number
  if (!(seconds >= firstSecond && seconds <= lastSecond && nanos <= 999_999_999)) {
    throw jsonError(c, k, "expected an RFC 3339 timestamp in the years 1 to 9999");
  }
  return { seconds: bigintOfSafe(seconds), nanos };
}

/** `1.5s`. @throws {WireError} beyond 10,000 years, or when seconds and nanos differ in sign. */
export function durationText(m: SecondsInit): string {
  const { nanos = 0 } = m;
  if (!Number.isInteger(nanos) || Math.abs(nanos) > 999_999_999) {
    throw unwritable("-999999999 to 999999999 nanoseconds", nanos);
  }
  const s = secondsOfMessage(m, "a Duration");
  if (Math.abs(s) > longestDuration || (s > 0 && nanos < 0) || (s < 0 && nanos > 0)) {
    throw new WireError("invalid_value", "a Duration is out of range");
  }
  return `${s < 0 || nanos < 0 ? "-" : ""}${Math.abs(s)}${fraction(Math.abs(nanos))}s`;
}

const durationPattern = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;

/** Reads `1.5s`. */
export function parseDuration(v: JsonSlot, c: JsonInput, k: JsonKey): Seconds {
  const match = typeof v === "string" && v.length <= 40 ? durationPattern.exec(v) : null;
  if (match === null) throw wrongType(c, k, 'a duration such as "1.5s"', v);
  checkLevel(c, k);
  const [, sign, whole, part = ""] = match;
  const seconds = Number(whole);
  const nanos = Number(part.padEnd(9, "0"));
  if (seconds > longestDuration) {
    throw jsonError(c, k, "the duration is out of range");
  }
  return sign === "-"
    ? { seconds: BigInt(-seconds), nanos: nanos === 0 ? 0 : -nanos }
    : { seconds: BigInt(seconds), nanos };
}
