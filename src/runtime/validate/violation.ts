/** One rule of the contract that a message breaks. */
export interface Violation {
  /** Path to the field by names of the contract: `items[0].name`, `labels["key"]`; empty for the message itself. */
  readonly field: string;
  /** Path to the rule within the field's rules, `string.min_len`, `repeated.items.string.email`, `cel[0]`. */
  readonly rule: string;
  /** What programs tell rules apart by: `string.min_len`, `required`, the `id` of a CEL rule. */
  readonly ruleId: string;
  /** For people, `must be at least 3 characters`. */
  readonly message: string;
  /** The rule is one of keys of a map, and so is `field`. */
  readonly forKey: boolean;
}

/** What is wrong, in one line and at most three of its parts: `name: must be at least 3 characters`. */
export function describeViolations(violations: readonly Violation[]): string {
  const shown = violations.slice(0, 3).map(({ field, message }) => (field === "" ? message : `${field}: ${message}`));
  const more = violations.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

/** Why a rule could not be applied. `compile`: it makes no sense; `runtime`: its expression failed for this message. */
export class RuleError extends Error {
  readonly kind: "compile" | "runtime";

  constructor(kind: "compile" | "runtime", message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RuleError";
    this.kind = kind;
  }
}

/** Whether an error is a {@link RuleError}, of this copy of the runtime or another. */
export function isRuleError(error: unknown): error is RuleError {
  return error instanceof Error && error.name === "RuleError" && "kind" in error;
}
