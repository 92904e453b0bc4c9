const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Milliseconds of a `grpc-timeout` header, `1000H`, `250m`; undefined when it is malformed. */
export function parseTimeout(header: string): number | undefined {
  const match = /^([0-9]{1,8})([HMSmun])$/.exec(header);
  return match === null ? undefined : Number(match[1]) * (unitMs[match[2] ?? ""] ?? 1);
}

/** A `grpc-timeout` header: at most eight digits, rounded up. */
export function formatTimeout(timeoutMs: number): string {
  const left = Math.max(0, timeoutMs);
  for (const unit of ["m", "S", "M", "H"]) {
    const amount = Math.ceil(left / (unitMs[unit] ?? 1));
    if (amount < 1e8) return `${amount}${unit}`;
  }
  return "99999999H";
}
