import type { Settings } from "node:http2";
import { showValue } from "../../rpc/index.js";

/**
 * Bytes of a stream that the other side may send before we have read them. With what lies between, a writer that
 * floods a reader who does not read is held back within 2 MB.
 */
const streamWindow = 1024 * 1024;

/** The same for a connection. node gives it back at once, whatever its streams do, so that none blocks the others. */
export const connectionWindow: number = 16 * 1024 * 1024;

/** What metadata may hold, as bytes and as fields, with those of HTTP and gRPC themselves. */
const maxHeaderListSize = 80 * 1024;
export const maxHeaderListPairs = 1_040;

/** What both sides say at the beginning of a connection. */
export const commonSettings: Settings = { initialWindowSize: streamWindow, maxHeaderListSize };

/** node counts the bytes of a block of headers that it sends, and gives the stream up when there are more. */
export const maxSendHeaderBlockLength = 256 * 1024;

/** @throws {RangeError} for what is no number, or one that is not at least 1. */
export function checkPositive(numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (typeof value === "number" && value >= 1) continue;
    throw new RangeError(`${name} must be at least 1, not ${showValue(value)}`);
  }
}

/** The same for what is counted. @throws {RangeError} for a fraction, too; Infinity is for as many as there may be. */
export function checkWhole(numbers: Readonly<Record<string, number>>): void {
  checkPositive(numbers);
  for (const [name, value] of Object.entries(numbers)) {
    if (value !== Infinity && !Number.isInteger(value)) {
      throw new RangeError(`${name} must be a whole number, not ${value}`);
    }
  }
}
