import type { MethodPolicy, PolicySource } from "../../model/index.js";
import {
  builtInValues,
  failureCodes,
  groupOf,
  ruleOf,
  type PolicyGroup,
  type PolicyPath,
  type PolicyValue,
} from "../../runtime/policy/index.js";
import { valuesOf, type EffectivePolicy } from "./effective.js";
import type { PolicyEntry } from "./entries.js";

/** A method's policy without its HTTP half. */
export type CallPolicy = Omit<MethodPolicy, "httpStatus" | "httpLocation" | "origin">;

/** The values in force with those that are built in, as the model has them. */
export function callPolicy({ entries, leftOut }: EffectivePolicy): CallPolicy {
  const stated = valuesOf(entries);
  const values = new Map<PolicyPath, PolicyValue>([...builtInValues(stated), ...stated]);
  const groups = new Set([...stated.keys()].map(groupOf));
  const part = <T>(group: PolicyGroup, read: () => T): T | undefined => (groups.has(group) ? read() : undefined);
  const number = (path: PolicyPath): number | undefined => {
    const value = values.get(path);
    return typeof value === "number" ? value : undefined;
  };
  const flag = (path: PolicyPath): boolean | undefined => {
    const value = values.get(path);
    return typeof value === "boolean" ? value : undefined;
  };
  const text = (path: PolicyPath): string | undefined => {
    const value = values.get(path);
    return typeof value === "string" ? value : undefined;
  };
  const texts = (path: PolicyPath): readonly string[] | undefined => {
    const value = values.get(path);
    return Array.isArray(value) ? value.map((item: unknown) => nameOf(item, ruleOf(path).kind)) : undefined;
  };
  const oneOf = <T extends string>(path: PolicyPath, known: readonly T[]): T | undefined =>
    known.find((value) => value === values.get(path));

  return {
    timeoutMs: number("timeoutMs"),
    retry: part("retry", () => ({
      maxAttempts: number("retry.maxAttempts") ?? 3,
      initialBackoffMs: number("retry.initialBackoffMs") ?? 100,
      backoffMultiplier: number("retry.backoffMultiplier") ?? 2,
      maxBackoffMs: number("retry.maxBackoffMs") ?? 1000,
      codes: texts("retry.codes") ?? [],
      attemptTimeoutMs: number("retry.attemptTimeoutMs"),
    })),
    limit: part("limit", () => ({
      rate: number("limit.rate"),
      burst: number("limit.burst"),
      key: limitKey(values.get("limit.key")),
      concurrency: number("limit.concurrency"),
      maxQueue: number("limit.maxQueue"),
    })),
    auth: part("auth", () => ({ public: flag("auth.public"), scopes: texts("auth.scopes") })),
    idempotencyKey: text("idempotencyKey"),
    cache: part("cache", () => ({
      ttlMs: number("cache.ttlMs") ?? 0,
      keyFields: texts("cache.keyFields"),
      invalidatedBy: texts("cache.invalidatedBy"),
    })),
    hedge: part("hedge", () => ({
      maxAttempts: number("hedge.maxAttempts") ?? 2,
      delayMs: number("hedge.delayMs") ?? 0,
      nonFatalCodes: texts("hedge.nonFatalCodes") ?? [],
    })),
    breaker: part("breaker", () => ({
      kind: oneOf("breaker.kind", ["ramp", "classic", "sre"] as const) ?? "ramp",
      windowMs: number("breaker.windowMs"),
      minCalls: number("breaker.minCalls"),
      failureRatio: number("breaker.failureRatio"),
      openMs: number("breaker.openMs"),
      maxProbes: number("breaker.maxProbes"),
      variant: oneOf("breaker.variant", ["aegis", "go-zero"] as const),
    })),
    sources: new Map([...entries].map(([path, entry]) => [path, sourceOf(entry)])),
    leftOut,
  };
}

function sourceOf({ level, origin }: PolicyEntry): PolicySource {
  return { level, origin };
}

/** Codes are names in the model, whoever gave them as numbers. */
function nameOf(item: unknown, kind: string): string {
  return kind === "codes" && typeof item === "number" ? (failureCodes[item - 1] ?? String(item)) : String(item);
}

function limitKey(value: PolicyValue | undefined): "method" | "peer" | { readonly claim: string } | undefined {
  if (value === "method" || value === "peer") return value;
  return typeof value === "object" && "claim" in value ? value : undefined;
}
