import { defaultAttempts } from "./merge.js";
import { groupOf, ruleOf, wantedBy, type PolicyGroup, type PolicyPath, type PolicyValue } from "./rules.js";

/** What a policy is checked against. */
export interface PolicyFacts {
  readonly idempotency: "unknown" | "no_side_effects" | "idempotent";
  readonly kind: "unary" | "server_streaming" | "client_streaming" | "bidi_streaming";
}

/** Why a policy cannot work. `path` is the value, or the part, that is at fault. */
export type PolicyProblem =
  /** A value is wrong, or missing. */
  | { readonly kind: "value"; readonly path: PolicyPath; readonly wanted: string }
  /** Called again, though doing it twice may do harm. */
  | { readonly kind: "idempotency"; readonly path: "retry" | "hedge" }
  /** Attempts that can never be made. */
  | {
      readonly kind: "tooLong";
      readonly path: "retry" | "hedge";
      readonly neededMs: number;
      readonly timeoutMs: number;
    }
  /** Two things of which one can be. */
  | { readonly kind: "conflict"; readonly path: PolicyPath | PolicyGroup; readonly other: PolicyPath | PolicyGroup }
  /** The method is not of a kind that can have it. */
  | { readonly kind: "method"; readonly path: PolicyPath | PolicyGroup; readonly wanted: string };

/** Delays vary by up to a fifth; the worst case counts. */
const jitter = 1.2;

/** True for methods that may be called twice: by their level, or because a key tells repetitions, of unary calls. */
export function isIdempotent({ idempotency, kind }: PolicyFacts, values: ReadonlyMap<PolicyPath, unknown>): boolean {
  return idempotency !== "unknown" || (kind === "unary" && values.has("idempotencyKey"));
}

/** True for methods whose answers may be given again. */
export function isCacheable({ idempotency, kind }: PolicyFacts): boolean {
  return idempotency === "no_side_effects" && kind === "unary";
}

/** The values of a whole policy, each of which keeps its rule, held against each other and against the method. */
export function contradictions(values: ReadonlyMap<PolicyPath, PolicyValue>, facts: PolicyFacts): PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const groups = new Set([...values.keys()].map(groupOf));
  const number = (path: PolicyPath): number | undefined => {
    const value = values.get(path);
    return typeof value === "number" ? value : undefined;
  };
  const demand = (path: PolicyPath): void => {
    if (!values.has(path)) problems.push({ kind: "value", path, wanted: `given: ${wantedBy(ruleOf(path))}` });
  };
  const together = (path: PolicyPath, other: PolicyPath): void => {
    if (!values.has(path) || values.has(other)) return;
    problems.push({ kind: "value", path, wanted: `given together with ${other.split(".").at(-1) ?? other}` });
  };
  const timeoutMs = number("timeoutMs");
  /** `begins`: that is when the last attempt begins, not when it ends. */
  const fitsInto = (path: "retry" | "hedge", neededMs: number, begins: boolean): void => {
    if (timeoutMs === undefined || neededMs < timeoutMs || (!begins && neededMs === timeoutMs)) return;
    problems.push({ kind: "tooLong", path, neededMs, timeoutMs });
  };

  for (const path of ["retry", "hedge"] as const) {
    if (!groups.has(path)) continue;
    if (!isIdempotent(facts, values)) problems.push({ kind: "idempotency", path });
  }
  if (groups.has("retry")) {
    const initial = number("retry.initialBackoffMs") ?? 100;
    const most = number("retry.maxBackoffMs") ?? Math.max(1000, initial);
    if (most < initial) {
      problems.push({ kind: "value", path: "retry.maxBackoffMs", wanted: "at least the initial backoff" });
    } else {
      fitsInto("retry", retryTime(values), !values.has("retry.attemptTimeoutMs"));
    }
  }
  if (groups.has("hedge")) {
    demand("hedge.delayMs");
    fitsInto(
      "hedge",
      ((number("hedge.maxAttempts") ?? defaultAttempts.hedge) - 1) * (number("hedge.delayMs") ?? 0),
      true,
    );
    if (groups.has("retry")) problems.push({ kind: "conflict", path: "hedge", other: "retry" });
  }
  if (groups.has("limit")) {
    together("limit.burst", "limit.rate");
    together("limit.key", "limit.rate");
    together("limit.maxQueue", "limit.concurrency");
  }
  if (values.get("auth.public") === true) {
    if (values.has("auth.scopes")) problems.push({ kind: "conflict", path: "auth.scopes", other: "auth.public" });
    if (typeof values.get("limit.key") === "object") {
      problems.push({ kind: "conflict", path: "limit.key", other: "auth.public" });
    }
  }
  if (groups.has("cache")) {
    demand("cache.ttlMs");
    if (!isCacheable(facts)) {
      problems.push({ kind: "method", path: "cache", wanted: "unary methods with NO_SIDE_EFFECTS" });
    }
  }
  if (groups.has("idempotencyKey") && facts.kind !== "unary") {
    problems.push({ kind: "method", path: "idempotencyKey", wanted: "unary methods" });
  }
  if (groups.has("breaker")) problems.push(...foreignToKind(values));
  return problems;
}

/** The longest that all attempts and the waits between them may take, attempts counted where they have a limit. */
export function retryTime(values: ReadonlyMap<PolicyPath, PolicyValue>): number {
  const number = (path: PolicyPath, fallback: number): number => {
    const value = values.get(path);
    return typeof value === "number" ? value : fallback;
  };
  const initial = number("retry.initialBackoffMs", 100);
  const growth = number("retry.backoffMultiplier", 2);
  const most = number("retry.maxBackoffMs", Math.max(1000, initial));
  const attempts = number("retry.maxAttempts", defaultAttempts.retry);
  const delays = Array.from({ length: attempts - 1 }, (_, n) => Math.min(initial * growth ** n, most));
  const waits = delays.reduce((sum, delay) => sum + delay, 0);
  return Math.round(waits * jitter + attempts * number("retry.attemptTimeoutMs", 0));
}

const kinds: Readonly<Record<string, readonly PolicyPath[]>> = {
  ramp: ["breaker.kind", "breaker.windowMs", "breaker.minCalls", "breaker.failureRatio"],
  classic: [
    "breaker.kind",
    "breaker.windowMs",
    "breaker.minCalls",
    "breaker.failureRatio",
    "breaker.openMs",
    "breaker.maxProbes",
  ],
  sre: ["breaker.kind", "breaker.variant"],
};

/** Settings that the kind of breaker does not have. */
function foreignToKind(values: ReadonlyMap<PolicyPath, PolicyValue>): PolicyProblem[] {
  const kind = String(values.get("breaker.kind") ?? "ramp");
  const own = kinds[kind] ?? [];
  return [...values.keys()]
    .filter((path) => groupOf(path) === "breaker" && !own.includes(path))
    .map((path) => ({ kind: "conflict", path, other: "breaker.kind" }));
}
