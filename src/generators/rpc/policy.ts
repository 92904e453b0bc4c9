import type { MethodPolicy } from "../../model/index.js";
import { fits } from "../shared/print.js";

/** The names of gRPC's status codes at their numbers. The runtime has them too, but generators do not import it. */
const codes: readonly string[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** What the contract fixes about a call, as an object literal that starts at a column. */
export function policyLiteral({ timeoutMs, retry }: MethodPolicy, indent: number): string {
  const entries: string[] = [];
  const pad = " ".repeat(indent + 2);
  if (timeoutMs !== undefined) entries.push(`timeoutMs: ${printNumber(timeoutMs)}`);
  if (retry !== undefined) {
    const numbers = retry.codes.map((name) => codes.indexOf(name)).filter((code) => code >= 0);
    const fields = [
      `maxAttempts: ${printNumber(retry.maxAttempts)}`,
      `initialBackoffMs: ${printNumber(retry.initialBackoffMs)}`,
      `backoffMultiplier: ${printNumber(retry.backoffMultiplier)}`,
      `maxBackoffMs: ${printNumber(retry.maxBackoffMs)}`,
      `codes: [${numbers.join(", ")}]`,
    ];
    entries.push(`retry: {\n${fields.map((field) => `${pad}  ${field},\n`).join("")}${pad}}`);
  }
  if (entries.length === 0) return "{}";
  const line = `{ ${entries.join(", ")} }`;
  if (!line.includes("\n") && fits(`policy: ${line},`, indent)) return line;
  return `{\n${entries.map((entry) => `${pad}${entry},\n`).join("")}${" ".repeat(indent)}}`;
}

/** Numbers come from a contract: only finite ones are code. */
function printNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : "0";
}
