// What CEL's format() makes of the values of rules, for the messages of violations.

/** A value as `%s` prints it. */
export function show(value: unknown): string {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (value === Infinity) return "Infinity";
  if (value === -Infinity) return "-Infinity";
  return String(value);
}

/** Bytes as `%x` prints them. */
export function showHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** A duration of nanoseconds: `1.5s`. */
export function showDuration(nanos: bigint): string {
  const sign = nanos < 0n ? "-" : "";
  const size = nanos < 0n ? -nanos : nanos;
  return `${sign}${size / 1_000_000_000n}${fraction(size % 1_000_000_000n)}s`;
}

function fraction(nanos: bigint): string {
  return nanos === 0n ? "" : `.${nanos.toString().padStart(9, "0").replace(/0+$/, "")}`;
}

/** A time of nanoseconds since the epoch in RFC 3339. */
export function showTimestamp(nanos: bigint): string {
  const rest = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const ms = Number((nanos - rest) / 1_000_000n);
  // beyond what a Date can say
  if (!Number.isFinite(new Date(ms).getTime())) return `${nanos}ns`;
  return new Date(ms).toISOString().replace(".000Z", `${fraction(rest)}Z`);
}
