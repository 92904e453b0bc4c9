import type { LiteralSyntax, OptionValue, ScalarType } from "../../model/index.js";

/** A scalar option value or default, or why it is none. */
export type Converted =
  /** `lossy`: bytes that are no UTF-8 were replaced. */
  { readonly value: OptionValue; readonly lossy: boolean } | { readonly problem: string };

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const tolerant = new TextDecoder("utf-8", { ignoreBOM: true });

function exactly(value: OptionValue): Converted {
  return { value, lossy: false };
}

const ranges: Readonly<Partial<Record<ScalarType, readonly [min: bigint, max: bigint]>>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  sfixed32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  sint64: [-(2n ** 63n), 2n ** 63n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [0n, 2n ** 64n - 1n],
};

/** True for the types whose values are bigint in the model. */
export function is64Bit(scalar: ScalarType): boolean {
  return scalar.endsWith("64");
}

/** The value a literal has as that scalar. `lenient`: inside of braces, where text format allows a little more. */
export function convertScalar(literal: LiteralSyntax, scalar: ScalarType, lenient: boolean): Converted {
  switch (scalar) {
    case "bool":
      return convertBool(literal, lenient);
    case "string":
    case "bytes":
      return convertString(literal, scalar);
    case "double":
    case "float":
      return convertFloat(literal, scalar, lenient);
    default:
      return convertInteger(literal, scalar);
  }
}

function convertBool(literal: LiteralSyntax, lenient: boolean): Converted {
  const text = literal.kind === "identifier" || (lenient && literal.kind === "number") ? literal.text : "";
  if (text === "true" || (lenient && ["True", "t", "1"].includes(text))) return exactly(true);
  if (text === "false" || (lenient && ["False", "f", "0"].includes(text))) return exactly(false);
  return { problem: "true or false" };
}

function convertString(literal: LiteralSyntax, scalar: "string" | "bytes"): Converted {
  if (literal.kind !== "string") return { problem: "a string in quotes" };
  if (scalar === "bytes") return exactly(literal.bytes);
  try {
    return exactly(strict.decode(literal.bytes));
  } catch {
    // protoc keeps the bytes; a JavaScript string cannot
    return { value: tolerant.decode(literal.bytes), lossy: true };
  }
}

const words: ReadonlyMap<string, number> = new Map([
  ["inf", Infinity],
  ["-inf", -Infinity],
  ["nan", NaN],
  ["-nan", NaN],
]);

function convertFloat(literal: LiteralSyntax, scalar: "double" | "float", lenient: boolean): Converted {
  if (literal.kind === "identifier") {
    const text = lenient ? literal.text.toLowerCase().replace("infinity", "inf") : literal.text;
    const value = words.get(text);
    if (value !== undefined) return exactly(value);
  }
  if (literal.kind !== "number") return { problem: "a number, inf or nan" };
  const integer = parseInteger(literal.text);
  if (/^-?0[0-9xX]/.test(literal.text)) {
    // text format has no hexadecimal and octal floats; elsewhere they are integers of 64 bits first
    if (lenient) return { problem: "a decimal number, inf or nan" };
    if (integer !== undefined && (integer >= 2n ** 64n || integer <= -(2n ** 64n))) {
      return { problem: "a hexadecimal or octal number of 64 bits at most" };
    }
  }
  const value = integer === undefined ? Number(literal.text) : Number(integer);
  const signed = integer === 0n && literal.text.startsWith("-") ? -0 : value;
  return exactly(scalar === "float" ? Math.fround(signed) : signed);
}

function convertInteger(literal: LiteralSyntax, scalar: ScalarType): Converted {
  const value = literal.kind === "number" ? parseInteger(literal.text) : undefined;
  if (value === undefined) return { problem: "a whole number" };
  const [min, max] = ranges[scalar] ?? [0n, 0n];
  // -0 has a sign, too
  const negative = literal.kind === "number" && literal.text.startsWith("-");
  if (value < min || value > max || (negative && min === 0n)) return { problem: `a number from ${min} to ${max}` };
  return exactly(is64Bit(scalar) ? value : Number(value));
}

/** Digits as written, decimal, hexadecimal or octal, with a sign; undefined for anything else. */
export function parseInteger(text: string): bigint | undefined {
  const match = /^(-?)(?:0([0-7]+)|(0[xX][0-9a-fA-F]+|0|[1-9][0-9]*))$/.exec(text);
  if (match === null) return undefined;
  const [, sign, octal, other = "0"] = match;
  const value = octal === undefined ? BigInt(other) : BigInt(`0o${octal}`);
  return sign === "-" ? -value : value;
}

/** What was found, for a message. */
export function describe(literal: LiteralSyntax): string {
  switch (literal.kind) {
    case "identifier":
    case "number":
      return literal.text;
    case "string":
      return "a string";
    case "list":
      return "a list";
    case "aggregate":
      return "a message";
  }
}
