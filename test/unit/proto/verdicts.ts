import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../support/compile.js";
import type { Verdict } from "../../support/judges.js";

/** The committed judgements; `npm run conformance -- judges` holds them against protoc and buf. */
export const verdictsFile: string = join(root, "test/unit/proto/verdicts.json");

/** An input's judgement, and what we say: code, place, message and help of each diagnostic. */
export interface Judged {
  readonly judges: Verdict;
  readonly says: readonly string[];
}

/** By group, then by title. */
export type Verdicts = Readonly<Record<string, Readonly<Record<string, Judged>>>>;

/** Reads them anew at each call. */
export function readVerdicts(): Verdicts {
  return JSON.parse(readFileSync(verdictsFile, "utf8")) as Verdicts;
}

/** Where we differ from both judges, and why. */
export const ours: ReadonlyMap<string, string> = new Map([
  ...[32, 33, 64, 100, 200].map((n) => [`nested messages ${n}`, "we take 256 levels, they 31"] as const),
  ["nested groups 200", "we take 256 levels, they 31"],
  ...[100, 150, 200].map((n) => [`nested aggregates ${n}`, "we take 256 levels, they 99"] as const),
  ...["absolute", "dotdot", "backslash"].map(
    (kind) => [`import path ${kind}`, "names of imports are checked when files are looked for (E1029)"] as const,
  ),
]);
