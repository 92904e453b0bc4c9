import type { Shape } from "./checker.js";

export interface BytesRules {
  /** How many; any number by default. */
  readonly size?: number;
}

/** Bytes: base64 in JSON, `Uint8Array` in programs. */
export function bytesShape({ size }: BytesRules = {}): Shape {
  return {
    parts: [],
    changes: true,
    check(value, checker) {
      if (typeof value !== "string" || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) {
        return checker.fail("must be bytes in base64");
      }
      if (size !== undefined && Buffer.byteLength(value, "base64") !== size) checker.fail(`must be ${size} bytes`);
    },
    read: (value) => new Uint8Array(Buffer.from(String(value), "base64")),
    write: (value) => (value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value),
  };
}

/** Integers of 64 bits: numbers in JSON as far as those are exact, else texts; bigints in programs. */
export const longShape: Shape = {
  parts: [],
  changes: true,
  check(value, checker) {
    if (Number.isSafeInteger(value)) return;
    const exact = typeof value === "string" && /^-?\d{1,19}$/.test(value) ? BigInt(value) : undefined;
    if (exact !== undefined && BigInt.asIntN(64, exact) === exact) return;
    checker.fail("must be an integer of 64 bits, written as text where it is beyond 2^53");
  },
  read: (value) => (typeof value === "number" || typeof value === "string" ? BigInt(value) : value),
  write(value) {
    if (typeof value !== "bigint") return value;
    const near = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
    return near ? Number(value) : String(value);
  },
};
