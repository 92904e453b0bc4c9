/** What a single value of a policy may be. Durations are milliseconds. */
export type PolicyRule =
  | { readonly kind: "duration"; readonly most: number }
  | { readonly kind: "count"; readonly least: number; readonly most: number; readonly note?: string }
  | { readonly kind: "number"; readonly above?: number; readonly least?: number; readonly most: number }
  | { readonly kind: "codes" }
  | { readonly kind: "scopes" }
  | { readonly kind: "names" }
  | { readonly kind: "fields" }
  | { readonly kind: "field" }
  | { readonly kind: "flag" }
  | { readonly kind: "choice"; readonly values: readonly string[] }
  /** `method`, `peer` or `{ claim }`. */
  | { readonly kind: "limitKey" };

/** A timer of JavaScript takes no more. */
const longestTimer = 2 ** 31 - 1;
const day = 24 * 60 * 60 * 1000;
const duration = { kind: "duration", most: longestTimer } as const;
const attempts = { kind: "count", least: 2, most: 5, note: "the first attempt included" } as const;
const count = { kind: "count", least: 1, most: 1_000_000 } as const;
const ratio = { kind: "number", above: 0, most: 1 } as const;

/**
 * Every value of a policy by its path in `MethodPolicy`, with the rule it has to keep: what a contract, a
 * configuration and a program may say is the same.
 */
export const policyRules = {
  timeoutMs: duration,
  "retry.maxAttempts": attempts,
  "retry.initialBackoffMs": duration,
  "retry.backoffMultiplier": { kind: "number", least: 1, most: 100 },
  "retry.maxBackoffMs": duration,
  "retry.codes": { kind: "codes" },
  "retry.attemptTimeoutMs": duration,
  "limit.rate": { kind: "number", above: 0, most: 1_000_000 },
  "limit.burst": count,
  "limit.key": { kind: "limitKey" },
  "limit.concurrency": count,
  "limit.maxQueue": { kind: "count", least: 0, most: 1_000_000 },
  "auth.public": { kind: "flag" },
  "auth.scopes": { kind: "scopes" },
  idempotencyKey: { kind: "field" },
  "cache.ttlMs": { kind: "duration", most: 366 * day },
  "cache.keyFields": { kind: "fields" },
  "cache.invalidatedBy": { kind: "names" },
  "hedge.maxAttempts": attempts,
  "hedge.delayMs": duration,
  "hedge.nonFatalCodes": { kind: "codes" },
  "breaker.kind": { kind: "choice", values: ["ramp", "classic", "sre"] },
  "breaker.windowMs": duration,
  "breaker.minCalls": count,
  "breaker.failureRatio": ratio,
  "breaker.openMs": duration,
  "breaker.maxProbes": count,
  "breaker.variant": { kind: "choice", values: ["aegis", "go-zero"] },
} as const satisfies Readonly<Record<string, PolicyRule>>;

/** The path of a value, `retry.maxAttempts`. */
export type PolicyPath = keyof typeof policyRules;

/** A part of a policy, `retry`. */
export type PolicyGroup = PolicyPath extends infer P ? (P extends `${infer G}.${string}` ? G : P) : never;

/** A single value of a policy. */
export type PolicyValue = number | string | boolean | readonly (number | string)[] | { readonly claim: string };

/** The paths in the order of {@link policyRules}. */
export const policyPaths: readonly PolicyPath[] = Object.keys(policyRules).filter((path) => isPolicyPath(path));

/** True for the path of a value that a policy may have. */
export function isPolicyPath(path: string): path is PolicyPath {
  return Object.hasOwn(policyRules, path);
}

/** The rule of a value, without its exact type. */
export function ruleOf(path: PolicyPath): PolicyRule {
  return policyRules[path];
}

/** The part that a value belongs to: `retry` of `retry.codes`, `timeoutMs` of itself. */
export function groupOf(path: PolicyPath | PolicyGroup): PolicyGroup {
  // sound because every path begins with its group
  return path.split(".", 1)[0] as PolicyGroup;
}

/** Names of the codes that calls fail with, each at its number less 1. */
export const failureCodes: readonly string[] = (
  "CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED " +
  "RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS " +
  "UNAUTHENTICATED"
).split(" ");

/** True for what the rule takes. Codes may be names or numbers. */
export function keepsRule(rule: PolicyRule, value: unknown): boolean {
  switch (rule.kind) {
    case "duration":
      return isBetween(value, 1, rule.most) && Number.isInteger(value);
    case "count":
      return isBetween(value, rule.least, rule.most) && Number.isInteger(value);
    case "number":
      return isBetween(value, rule.least ?? 0, rule.most) && value !== rule.above;
    case "flag":
      return typeof value === "boolean";
    case "choice":
      return typeof value === "string" && rule.values.includes(value);
    case "field":
      return isField(value);
    case "limitKey":
      return value === "method" || value === "peer" || isClaim(value);
    case "codes":
      return isSet(value, isFailure);
    case "scopes":
      return isSet(value, isScope);
    case "names":
      return isSet(value, (name) => typeof name === "string" && name.trim() !== "");
    case "fields":
      return isSet(value, isField);
  }
}

/** An item that a list must not have. */
export interface WrongItem {
  readonly item: unknown;
  readonly at: number;
  /** It stands there before. */
  readonly twice: boolean;
}

/** The first item of a list that its rule does not take; undefined where that is not what is wrong. */
export function wrongItem(rule: PolicyRule, value: unknown): WrongItem | undefined {
  if (!Array.isArray(value)) return undefined;
  const items: readonly unknown[] = value;
  for (const [at, item] of items.entries()) {
    const twice = items.indexOf(item) !== at;
    if (twice || !keepsRule(rule, [item])) return { item, at, twice };
  }
  return undefined;
}

/** What the rule takes, in words that follow "must be". */
export function wantedBy(rule: PolicyRule): string {
  switch (rule.kind) {
    case "duration":
      return `a duration of whole milliseconds, from 1 to ${Math.floor(rule.most / day)} days`;
    case "count":
      return `a whole number from ${rule.least} to ${rule.most}${rule.note === undefined ? "" : `, ${rule.note}`}`;
    case "number":
      return rule.above === undefined
        ? `a number from ${rule.least ?? 0} to ${rule.most}`
        : `a number above ${rule.above}, at most ${rule.most}`;
    case "flag":
      return "true or false";
    case "choice":
      return rule.values.join(" or ");
    case "field":
      return "the path of a field such as order.id";
    case "limitKey":
      return "method, peer or the name of a claim";
    case "codes":
      return "codes of failures, each once";
    case "scopes":
      return "names of scopes such as users.read, each once";
    case "names":
      return "names, each once";
    case "fields":
      return "paths of fields such as order.id, each once";
  }
}

/** Whether a text can be a scope of OAuth 2 (RFC 6749, 3.3). */
export function isScope(value: unknown): boolean {
  return typeof value === "string" && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value);
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && value >= least && value <= most;
}

function isField(value: unknown): boolean {
  return typeof value === "string" && /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(value);
}

function isClaim(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    "claim" in value &&
    typeof value.claim === "string" &&
    value.claim.trim() !== ""
  );
}

function isFailure(value: unknown): boolean {
  return typeof value === "string"
    ? failureCodes.includes(value)
    : isBetween(value, 1, failureCodes.length) && Number.isInteger(value);
}

/** A list with something in it, and nothing twice. */
function isSet(value: unknown, fits: (item: unknown) => boolean): boolean {
  if (!Array.isArray(value)) return false;
  const items: readonly unknown[] = value;
  return items.length > 0 && new Set(items).size === items.length && items.every(fits);
}
