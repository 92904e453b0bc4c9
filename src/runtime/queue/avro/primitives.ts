import { undecodable } from "./bytes.js";
import { AvroMismatch, type AvroType } from "./type.js";

/** A type of one value; `expected` is what errors say of others. */
export function leafType(
  name: string,
  expected: string,
  fits: (value: unknown) => boolean,
  write: (value: never, out: Parameters<AvroType["write"]>[1]) => void,
  read: AvroType["read"],
  fromDefault: AvroType["fromDefault"] = (json) => json,
): AvroType {
  return {
    name,
    fits,
    read,
    fromDefault,
    write(value, out) {
      if (!fits(value)) throw new AvroMismatch(`must be ${expected}`);
      // sound: it was just checked
      write(value as never, out);
    },
  };
}

const isNumber = (value: unknown): value is number => typeof value === "number";
const isInt = (value: unknown): boolean => isNumber(value) && value === (value | 0);

/** Integers of 64 bits; safe numbers are taken as well. */
export function isLong(value: unknown): value is bigint | number {
  return typeof value === "bigint" ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value);
}

const nothing = leafType(
  "null",
  "null",
  (value) => value === null || value === undefined,
  () => {},
  () => null,
);

const boolean = leafType(
  "boolean",
  "a boolean",
  (value) => typeof value === "boolean",
  (value: boolean, out) => out.byte(value ? 1 : 0),
  (input) => {
    const byte = input.byte();
    if (byte > 1) throw undecodable("a boolean is neither 0 nor 1");
    return byte === 1;
  },
);

const int = leafType(
  "int",
  "an integer of 32 bits",
  isInt,
  (value: number, out) => out.int(value),
  (input) => input.int(),
);

const long = leafType(
  "long",
  "an integer of 64 bits",
  isLong,
  (value: bigint | number, out) => out.long(BigInt(value)),
  (input) => input.long(),
  (json) => BigInt(Number(json)),
);

const float = leafType(
  "float",
  "a number",
  isNumber,
  (value: number, out) => out.float(value),
  (input) => input.float(),
);

const double = leafType(
  "double",
  "a number",
  isNumber,
  (value: number, out) => out.double(value),
  (input) => input.double(),
);

const string = leafType(
  "string",
  "a string",
  (value) => typeof value === "string",
  (value: string, out) => out.text(value),
  (input) => input.text(),
);

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;

/** Avro's JSON has bytes as text of one character each. */
const bytesOfDefault = (json: unknown): Uint8Array => Uint8Array.from(String(json), (char) => char.charCodeAt(0));

const bytes = leafType(
  "bytes",
  "a Uint8Array",
  isBytes,
  (value: Uint8Array, out) => {
    out.int(value.length);
    out.raw(value);
  },
  (input) => input.raw(input.size()),
  bytesOfDefault,
);

/** Bytes of one length. */
export function fixed(size: number): AvroType {
  return leafType(
    "fixed",
    `a Uint8Array of ${size} bytes`,
    (value) => isBytes(value) && value.length === size,
    (value: Uint8Array, out) => out.raw(value),
    (input) => input.raw(size),
    bytesOfDefault,
  );
}

/** A text of a list; what is not in it is read as the default where there is one. */
export function enumeration(rules: { readonly symbols: readonly string[]; readonly default?: string }): AvroType {
  const { symbols } = rules;
  const indexes = new Map(symbols.map((symbol, i) => [symbol, i]));
  const shown = symbols.map((symbol) => JSON.stringify(symbol)).join(", ");
  return leafType(
    "enum",
    `one of ${shown.length > 200 ? `${shown.slice(0, 200)}…` : shown}`,
    (value) => typeof value === "string" && indexes.has(value),
    (value: string, out) => out.int(indexes.get(value) ?? 0),
    (input) => {
      const symbol = symbols[input.size()] ?? rules.default;
      if (symbol === undefined) throw undecodable("an enum has no such symbol");
      return symbol;
    },
  );
}

export const primitives = { null: nothing, boolean, int, long, float, double, string, bytes } as const;
