import type { Origin, PolicyDefaults, PolicyLevel, PolicyScope, PolicySource } from "../../model/index.js";
import {
  isPolicyPath,
  type PolicyGroup,
  type PolicyPart,
  type PolicyPath,
  type PolicyValue,
} from "../../runtime/policy/index.js";

/** One value as one place says it. */
export interface PolicyEntry extends PolicySource {
  readonly value: PolicyValue;
  /** Of the part that it stands in, `retry: { … }`. */
  readonly group: Origin;
  /** Of the items, where the value is a list. */
  readonly items: readonly Origin[];
}

/** What one place says of methods. */
export interface PolicyStatement {
  readonly entries: PolicyPart<PolicyEntry>;
  /** Parts with a value that was reported and left out. */
  readonly broken: ReadonlySet<PolicyGroup>;
  readonly scopes: readonly PolicyScope[];
}

/** Silence. */
export const noStatement: PolicyStatement = { entries: new Map(), broken: new Set(), scopes: [] };

/** What a method is to its policy. */
export interface PolicyOwner {
  readonly name: string;
  /** Full name of its service. */
  readonly service: string;
  /** Parts of more general places that do not hold for it. */
  readonly without: ReadonlySet<PolicyGroup>;
}

/** A value as its level spells it: `retry.max_attempts` in a proto, `retry.maxAttempts` in a configuration. */
export function spell(path: PolicyPath | PolicyGroup, level: PolicyLevel): string {
  const plain = path.replace(/Ms$/, "");
  return level === "configuration" ? plain : plain.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** What a configuration says, as the most general statement. */
export function statementOf({ values, scopes }: PolicyDefaults): PolicyStatement {
  const entries = new Map<PolicyPath, PolicyEntry>();
  for (const [path, setting] of values) {
    if (isPolicyPath(path)) entries.set(path, { ...setting, level: "configuration", items: [] });
  }
  return { entries, broken: new Set(), scopes };
}
