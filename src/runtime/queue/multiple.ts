/** Whether a number is a multiple of another, both read as the decimals that they are written as: 0.3 is one of 0.1. */
export function isMultiple(value: number, of: number): boolean {
  if (value % of === 0) return true;
  if (Number.isInteger(value) && Number.isInteger(of)) return false;
  const [a, b] = [decimalOf(value), decimalOf(of)];
  const exponent = Math.min(a.exponent, b.exponent);
  const scaled = ({ digits, exponent: own }: Decimal): bigint => digits * 10n ** BigInt(own - exponent);
  return scaled(a) % scaled(b) === 0n;
}

interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

/** The shortest decimal that reads as the number: `1.5e-7` is 15 · 10⁻⁸. */
function decimalOf(value: number): Decimal {
  const [mantissa = "0", exponent = "0"] = value.toExponential().split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}
