import type { CachePolicy, MethodInfo } from "../rpc/index.js";
import { canonicalText, digestOf } from "./canonical.js";
import { createFieldReader } from "./request-field.js";

/** What is known not to exist: a lookup for it would never find anything in the cache, and ask the server each time. */
export interface AbsentGuard {
  /** Says for sure what is not there: a Bloom filter, to which the program adds everything that comes to exist. */
  readonly filter: { has(item: string): boolean };
  /** The field of the request that names it, as a path of contract names. */
  readonly field: string;
}

/** How the answers of one method are kept. */
export interface CachePlan {
  readonly ttlMs: number;
  readonly tags: readonly string[];
  /** What of a request, a whole message, tells answers apart. */
  readonly keyOf: (request: unknown) => string;
  readonly isAbsent: (request: unknown) => boolean;
  /** The field of the guard. */
  readonly guarded: string;
}

interface PlanOptions {
  readonly methods?: Readonly<Record<string, Partial<CachePolicy> | false>> | undefined;
  readonly guards?: Readonly<Record<string, AbsentGuard>> | undefined;
}

/** The plan of each method, made once; undefined for those that are not cached. */
export function createCachePlans({ methods, guards }: PlanOptions): (method: MethodInfo) => CachePlan | undefined {
  for (const [name, own] of Object.entries(methods ?? {})) {
    if (own !== false && own.ttlMs !== undefined) checkTtl(name, own.ttlMs);
  }
  const plans = new WeakMap<MethodInfo, { readonly plan: CachePlan | undefined }>();
  return (method) => {
    let known = plans.get(method);
    if (known === undefined) {
      known = { plan: createPlan(method, entryOf(methods, method), entryOf(guards, method)) };
      plans.set(method, known);
    }
    return known.plan;
  };
}

function entryOf<T>(entries: Readonly<Record<string, T>> | undefined, method: MethodInfo): T | undefined {
  const name = [method.path, method.name].find((each) => entries !== undefined && Object.hasOwn(entries, each));
  return name === undefined ? undefined : entries?.[name];
}

function createPlan(
  method: MethodInfo,
  own: Partial<CachePolicy> | false | undefined,
  guard: AbsentGuard | undefined,
): CachePlan | undefined {
  if (own === false || method.kind !== "unary") return undefined;
  const { ttlMs, keyFields, invalidatedBy = [] } = { ...method.policy.cache, ...own };
  if (ttlMs === undefined) return undefined;
  checkTtl(method.name, ttlMs);
  const readers = keyFields?.map(createFieldReader);
  const readGuarded = guard === undefined ? undefined : createFieldReader(guard.field);
  return {
    ttlMs,
    tags: invalidatedBy,
    guarded: guard?.field ?? "",
    keyOf: (request) => canonicalText(readers === undefined ? request : readers.map((read) => read(request) ?? null)),
    isAbsent(request) {
      if (guard === undefined || readGuarded === undefined) return false;
      const value = readGuarded(request);
      return value !== undefined && !guard.filter.has(String(value));
    },
  };
}

function checkTtl(name: string, ttlMs: number): void {
  if (!(ttlMs >= 0)) throw new RangeError(`cache: ttlMs of ${name} is ${ttlMs}; it must be at least 0 milliseconds`);
}

const longestPlainKey = 256;

/** The name of an answer. Who asks is in it as a hash only: it may be a secret. */
export async function keyOf(method: MethodInfo, who: string, request: string): Promise<string> {
  const plain = `${method.path} ${request}`;
  if (who === "" && plain.length <= longestPlainKey) return plain;
  return digestOf(canonicalText([who, plain]));
}
