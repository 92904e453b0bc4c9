import type { Code, Diagnostic } from "../diagnostics/index.js";

/** How a command ends. Scripts rely on these numbers. */
export const exitCodes = {
  ok: 0,
  /** The contracts have errors, or warnings with `--fail-on warn`. */
  findings: 1,
  /** Usage, configuration, files that cannot be read or written. */
  usage: 2,
  /** `check`: the output folder is not what the contracts say. */
  drift: 3,
  /** A fault of wirespan. */
  internal: 70,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

/** A way to end. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Faults of files and folders rather than of what a contract says. */
const fileFaults: ReadonlySet<Code> = new Set<Code>([
  "E1020",
  "E1021",
  "E1025",
  "E1026",
  "E1030",
  "E1031",
  "E6002",
  "E6003",
  "E6004",
  "E6005",
  "E6006",
]);

/** The code that a run's diagnostics call for. */
export function exitCodeOf(diagnostics: readonly Diagnostic[], failOn: "error" | "warn"): ExitCode {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return failOn === "warn" && diagnostics.length > 0 ? exitCodes.findings : exitCodes.ok;
  return errors.every(({ code }) => !isUsage(code)) ? exitCodes.findings : exitCodes.usage;
}

function isUsage(code: Code): boolean {
  return code.startsWith("E5") || fileFaults.has(code);
}
