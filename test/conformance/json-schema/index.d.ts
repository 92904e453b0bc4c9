import type { Diagnostic } from "../../../src/diagnostics/index.js";
import type { Group } from "./suite.js";

export interface Verdict {
  readonly passed: number;
  readonly failed: readonly string[];
  readonly known: readonly string[];
}

export interface Case {
  readonly name: string;
  readonly accepted: boolean;
  readonly agrees: boolean;
  /** There is no validator: the schema has an error. */
  readonly refused: boolean;
  readonly said: readonly Diagnostic[];
}

export declare function run(chosen?: (name: string) => boolean): Promise<Readonly<Record<string, Verdict>>>;
export declare function judgeGroups(groups: readonly Group[], dialect: "draft7" | "asyncapi"): Promise<readonly Case[]>;
