import type { CachePolicy, MethodInfo } from "../rpc/index.js";
import { canonicalText, digestOf } from "./canonical.js";
import { entryFor } from "./method-names.js";
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

/**
 * The plan of each method, made once; undefined for those that are not cached.
 *
 * @throws {RangeError | TypeError} for options that are none.
 */
export function createCachePlans({ methods, guards }: PlanOptions): (method: MethodInfo) => CachePlan | undefined {
  for (const [name, own] of Object.entries(methods ?? {})) checkPolicy(name, own);
  for (const [name, guard] of Object.entries(guards ?? {})) checkGuard(name, guard);
  const plans = new WeakMap<MethodInfo, { readonly plan: CachePlan | undefined }>();
  return (method) => {
    let known = plans.get(method);
    if (known === undefined) {
      known = { plan: createPlan(method, entryFor(methods, method), entryFor(guards, method)) };
      plans.set(method, known);
    }
    return known.plan;
  };
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

/** Options may come from a file, without types. */
function checkPolicy(name: string, own: unknown): void {
  if (own === false) return;
  const wrong = (what: string): TypeError => new TypeError(`cache: ${what} of ${name}`);
  if (typeof own !== "object" || own === null) throw wrong("an object, or false, is wanted in place of the policy");
  for (const [key, value] of Object.entries(own)) {
    if (value === undefined) continue;
    if (key === "ttlMs") checkTtl(name, value);
    else if (key !== "keyFields" && key !== "invalidatedBy") throw wrong(`no policy has the ${key}`);
    else if (!isTexts(value)) throw wrong(`a list of texts is wanted in place of the ${key}`);
  }
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function checkGuard(name: string, guard: unknown): void {
  // sound because nothing is taken for granted of it
  const { filter, field } = (typeof guard === "object" && guard !== null ? guard : {}) as Partial<AbsentGuard>;
  if (typeof filter?.has === "function" && typeof field === "string") return;
  throw new TypeError(`cache: the guard of ${name} needs a filter and a field`);
}

function checkTtl(name: string, ttlMs: unknown): void {
  if (typeof ttlMs === "number" && ttlMs >= 0) return;
  throw new RangeError(`cache: ttlMs of ${name} is ${String(ttlMs)}; it must be at least 0 milliseconds`);
}

const longestPlainKey = 256;

/** The name of an answer. Who asks is in it as a hash only: it may be a secret. */
export async function keyOf(method: MethodInfo, who: string, request: string): Promise<string> {
  const plain = `${method.path} ${request}`;
  if (who === "" && plain.length <= longestPlainKey) return plain;
  return digestOf(canonicalText([who, plain]));
}
