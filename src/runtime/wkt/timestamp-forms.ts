import {
  type Bytes,
  type JsonInput,
  type JsonKey,
  type JsonOptions,
  type JsonSlot,
  type JsonValue,
  openJson,
  parseTimestamp,
  printString,
  timestampText,
  WireError,
} from "../wire/index.js";
import { unwritable } from "../wire/error.js";
import { readTimestamp, type Timestamp, writeTimestamp } from "./google/protobuf/timestamp.pb.js";
import { timestampFromDate, timestampToDate } from "./timestamp.js";

// Fields of type Timestamp that are a Date or RFC 3339 text in programs: what emitted code calls in place of the
// functions of the message.

/** The Date that a Timestamp field holds. @throws {WireError} when no Date reaches that far. */
function toDate(timestamp: Timestamp): Date {
  const date = timestampToDate(timestamp);
  if (Number.isNaN(date.getTime())) {
    throw new WireError("invalid_value", `no Date holds a Timestamp of ${timestamp.seconds} seconds`);
  }
  return date;
}

/** @throws {WireError} for what is no valid Date. */
function fromDate(m: Date): Timestamp {
  // not instanceof: a Date may come from another realm
  if (Object.prototype.toString.call(m) !== "[object Date]" || Number.isNaN(m.getTime())) {
    throw unwritable("a valid Date", m);
  }
  return timestampFromDate(m);
}

/** A Date of its own. */
export function createTimestampDate(init: Date): Date {
  return new Date(init);
}

/** Writes a Date as the fields of a Timestamp. */
export function writeTimestampDate(m: Date, b: Bytes, p: number): number {
  return writeTimestamp(fromDate(m), b, p);
}

/** Reads the fields of a Timestamp as a Date. What is finer than milliseconds is cut off, and so are unknown fields. */
export function readTimestampDate(b: Bytes, p: number, e: number, d: number, into?: Date): Date {
  return toDate(readTimestamp(b, p, e, d, into === undefined ? undefined : fromDate(into)));
}

/** RFC 3339. */
export function timestampDateToJson(m: Date, _c: JsonOptions): JsonValue {
  return timestampText(fromDate(m));
}

/** RFC 3339 in quotes. */
export function printTimestampDate(m: Date, _c: JsonOptions): string {
  return printString(timestampText(fromDate(m)));
}

/** Reads RFC 3339; what is finer than milliseconds is cut off. */
export function timestampDateFromJson(v: JsonSlot, c: JsonInput, k: JsonKey): Date {
  return toDate(parseTimestamp(v, c, k));
}

/** A text of a program, for which there is no path. */
const plain: JsonInput = /* @__PURE__ */ openJson(undefined);

/** @throws {WireError} for what is no RFC 3339 of the years 1 to 9999. */
function fromText(m: string): Timestamp {
  return parseTimestamp(m, plain, undefined);
}

/** The text itself. */
export function createTimestampText(init: string): string {
  return init;
}

/** Writes RFC 3339 as the fields of a Timestamp. */
export function writeTimestampText(m: string, b: Bytes, p: number): number {
  return writeTimestamp(fromText(m), b, p);
}

/** Reads the fields of a Timestamp as RFC 3339 in UTC. @throws {WireError} outside of the years 1 to 9999. */
export function readTimestampText(b: Bytes, p: number, e: number, d: number, into?: string): string {
  return timestampText(readTimestamp(b, p, e, d, into === undefined ? undefined : fromText(into)));
}

/** RFC 3339 in UTC. */
export function timestampTextToJson(m: string, _c: JsonOptions): JsonValue {
  return timestampText(fromText(m));
}

/** RFC 3339 in UTC, in quotes. */
export function printTimestampText(m: string, _c: JsonOptions): string {
  return printString(timestampText(fromText(m)));
}

/** Reads RFC 3339 and gives it in UTC. */
export function timestampTextFromJson(v: JsonSlot, c: JsonInput, k: JsonKey): string {
  return timestampText(parseTimestamp(v, c, k));
}
