import { groupOf, policyPaths, type PolicyGroup, type PolicyPath, type PolicyValue } from "./rules.js";

/** What one place says: values by path, each with whatever its owner keeps of it. */
export type PolicyPart<T> = ReadonlyMap<PolicyPath, T>;

/**
 * A part over another: values win one by one, lists replace lists. What a more specific place says ends what excludes
 * it: a hedge the retry from below, scopes the public, another kind of breaker the settings of the first.
 */
export function mergeParts<T>(
  base: PolicyPart<T>,
  over: PolicyPart<T>,
  valueOf: (entry: T) => PolicyValue,
): PolicyPart<T> {
  const merged = new Map(base);
  const drop = (group: PolicyGroup): void => {
    for (const path of merged.keys()) if (groupOf(path) === group) merged.delete(path);
  };
  const says = (path: PolicyPath): PolicyValue | undefined => {
    const entry = over.get(path);
    return entry === undefined ? undefined : valueOf(entry);
  };
  const groups = new Set([...over.keys()].map(groupOf));
  if (groups.has("hedge")) drop("retry");
  if (groups.has("retry")) drop("hedge");
  if (says("auth.public") === true) merged.delete("auth.scopes");
  if (over.has("auth.scopes")) merged.delete("auth.public");
  const before = merged.get("breaker.kind");
  const kind = says("breaker.kind");
  if (kind !== undefined && before !== undefined && valueOf(before) !== kind) drop("breaker");
  for (const [path, entry] of over) merged.set(path, entry);
  return merged;
}

/** How often a call is made where a part does not say. */
export const defaultAttempts = { retry: 3, hedge: 2 } as const;

/** Values that hold where a part is there and nobody says them. */
export function builtInValues(values: PolicyPart<PolicyValue>): PolicyPart<PolicyValue> {
  const built = new Map<PolicyPath, PolicyValue>();
  const groups = new Set([...values.keys()].map(groupOf));
  const unavailable = 14;
  if (groups.has("retry")) {
    const initial = values.get("retry.initialBackoffMs") ?? 100;
    built.set("retry.maxAttempts", defaultAttempts.retry);
    built.set("retry.initialBackoffMs", 100);
    built.set("retry.backoffMultiplier", 2);
    built.set("retry.maxBackoffMs", Math.max(1000, typeof initial === "number" ? initial : 0));
    built.set("retry.codes", [unavailable]);
  }
  if (groups.has("hedge")) {
    built.set("hedge.maxAttempts", defaultAttempts.hedge);
    built.set("hedge.nonFatalCodes", [unavailable]);
  }
  if (groups.has("limit") && typeof values.get("limit.rate") === "number") {
    built.set("limit.burst", Math.ceil(Number(values.get("limit.rate"))));
    built.set("limit.key", "method");
  }
  if (values.has("limit.concurrency")) built.set("limit.maxQueue", 0);
  if (groups.has("breaker")) {
    built.set("breaker.kind", "ramp");
    if (values.get("breaker.kind") === "sre") built.set("breaker.variant", "aegis");
  }
  for (const path of values.keys()) built.delete(path);
  return built;
}

/** The values of a policy by path; what no policy may have is left out. */
export function flattenPolicy(policy: object): Map<PolicyPath, unknown> {
  const flat = new Map<PolicyPath, unknown>();
  for (const path of policyPaths) {
    const value = path
      .split(".")
      .reduce<unknown>(
        (at, key) =>
          typeof at === "object" && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined,
        policy,
      );
    if (value !== undefined) flat.set(path, value);
  }
  return flat;
}

/** The other way: an object with an object for each part. */
export function nestPolicy(values: Iterable<readonly [PolicyPath, unknown]>): Record<string, unknown> {
  const nested: Record<string, unknown> = {};
  const groups = new Map<string, Record<string, unknown>>();
  for (const [path, value] of values) {
    const [group = "", key] = path.split(".");
    if (key === undefined) {
      nested[group] = value;
      continue;
    }
    let inner = groups.get(group);
    if (inner === undefined) groups.set(group, (nested[group] = inner = {}));
    inner[key] = value;
  }
  return nested;
}
