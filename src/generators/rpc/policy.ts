import type { MethodPolicy } from "../../model/index.js";
import { fits, printList, stringLiteral } from "../shared/print.js";
import { property } from "./property.js";

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

/** Parts whose lists are names of codes, which the runtime has as numbers. */
const codeLists: ReadonlySet<string> = new Set(["codes", "nonFatalCodes"]);

/** What a call knows; what HTTP shows stands in the routes. */
const parts = ["timeoutMs", "retry", "hedge", "limit", "auth", "idempotencyKey", "cache", "breaker"] as const;

/** What is in force for a call, as an object literal that starts at a column. A line a value, so that diffs are read. */
export function policyLiteral(policy: MethodPolicy, indent: number): string {
  const texts = parts.flatMap((part) => {
    const value = policy[part];
    if (value === undefined) return [];
    return [typeof value === "object" ? block(part, value, indent + 2) : entry(part, value, indent + 2)];
  });
  if (texts.length === 0) return "{}";
  const pad = " ".repeat(indent + 2);
  const line = `{ ${texts.join(", ")} }`;
  if (!line.includes("\n") && fits(`policy: ${line},`, indent)) return line;
  return `{\n${texts.map((text) => `${pad}${text},\n`).join("")}${" ".repeat(indent)}}`;
}

function block(name: string, part: object, indent: number): string {
  const pad = " ".repeat(indent);
  const fields = Object.entries(part).flatMap(([key, value]: [string, unknown]) =>
    value === undefined ? [] : [entry(key, value, indent + 2)],
  );
  return `${name}: {\n${fields.map((field) => `${pad}  ${field},\n`).join("")}${pad}}`;
}

/** `name: value` as it stands in an object whose entries are indented by that many columns. */
function entry(name: string, value: unknown, indent: number): string {
  if (typeof value === "number") return `${name}: ${printNumber(value)}`;
  if (typeof value === "boolean") return `${name}: ${String(value)}`;
  if (typeof value === "string") return property(name, stringLiteral(value), indent);
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    if (codeLists.has(name))
      return numberList(
        name,
        items.map((item) => String(codes.indexOf(String(item)))),
        indent,
      );
    const texts = items.map((item) => stringLiteral(String(item)));
    return printList(`${name}: `, texts, ",", { indent, open: "[", close: "]" }).slice(0, -1);
  }
  // the one value that is an object: the claim that a limit counts by
  const claim = typeof value === "object" && value !== null && "claim" in value ? String(value.claim) : "";
  const line = `${name}: { claim: ${stringLiteral(claim)} }`;
  if (fits(`${line},`, indent)) return line;
  const pad = " ".repeat(indent);
  return `${name}: {\n${pad}  ${property("claim", stringLiteral(claim), indent + 2)},\n${pad}}`;
}

/** Numbers, which prettier puts as many on a line as fit. */
function numberList(name: string, numbers: readonly string[], indent: number): string {
  const line = `${name}: [${numbers.join(", ")}]`;
  if (fits(`${line},`, indent)) return line;
  const lines: string[] = [];
  for (const number of numbers) {
    const last = lines.at(-1);
    if (last !== undefined && fits(`${last} ${number},`, indent + 2)) lines.splice(-1, 1, `${last} ${number},`);
    else lines.push(`${number},`);
  }
  const pad = " ".repeat(indent);
  return `${name}: [\n${lines.map((each) => `${pad}  ${each}\n`).join("")}${pad}]`;
}

/** Numbers come from a contract: only finite ones are code. */
function printNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : "0";
}
