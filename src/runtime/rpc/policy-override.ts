import {
  builtInValues,
  contradictions,
  failureCodes,
  flattenPolicy,
  isPolicyPath,
  keepsRule,
  mergeParts,
  nestPolicy,
  policyPaths,
  ruleOf,
  wantedBy,
  type PolicyPath,
  type PolicyProblem,
  type PolicyValue,
} from "../policy/index.js";
import type {
  AuthPolicy,
  BreakerPolicy,
  CachePolicy,
  HedgePolicy,
  LimitPolicy,
  MethodPolicy,
  RetryPolicy,
} from "./policy.js";
import type { JsonValue } from "../wire/index.js";
import type { MethodInfo, OwnMethods, ServiceInfo } from "./types.js";

/** What a program says of a method in place of the contract, value by value; lists replace lists. */
export interface PolicyOverride {
  /** Milliseconds for the whole call. */
  readonly timeoutMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  readonly limit?: LimitPolicy;
  readonly auth?: AuthPolicy;
  readonly idempotencyKey?: string;
  readonly cache?: Partial<CachePolicy>;
  readonly hedge?: Partial<HedgePolicy>;
  readonly breaker?: BreakerPolicy;
}

/** By the names of the methods in generated code, `getUser`. */
export type PolicyOverrides<M extends string = string> = { readonly [N in M]?: PolicyOverride };

/**
 * Policies in place of the contract's, for `policies` of clients and handlers; held against the rules that a contract
 * has to keep, as far as they can be told at run time: which scopes are declared, and of what type fields are, cannot.
 *
 * @throws {TypeError} when a method does not exist, a value breaks its rule, the result contradicts itself or a field of a
 * key is not there.
 * @example
 * const policies = overridePolicies(UserService, { getUser: { timeoutMs: 500, retry: { maxAttempts: 5 } } });
 * const users = createUserServiceClient(transport, { chain, policies });
 */
export function overridePolicies<S extends ServiceInfo>(
  service: S,
  overrides: PolicyOverrides<keyof S["methods"] & string>,
): OwnMethods {
  const methods = new Map<string, MethodInfo>();
  for (const [name, override] of Object.entries<PolicyOverride | undefined>(overrides)) {
    const method = Object.hasOwn(service.methods, name) ? service.methods[name] : undefined;
    if (method === undefined) throw new TypeError(`${service.typeName} has no method ${JSON.stringify(name)}`);
    if (override !== undefined) methods.set(name, { ...method, policy: overriddenPolicy(method, override) });
  }
  return methods;
}

function overriddenPolicy(method: MethodInfo, override: PolicyOverride): MethodPolicy {
  const where = `the policy given for ${method.service}/${method.name}`;
  const own = checkedValues(override, where);
  const merged = mergeParts(statedValues(method.policy), own, (value) => value);
  const [problem] = contradictions(merged, method);
  if (problem !== undefined) throw new TypeError(`${where}: ${problemText(problem)}`);
  checkFields(own, method, where);
  // sound because every value keeps the rule of its path, and what is demanded is there
  return nestPolicy([...builtInValues(merged), ...merged]) as MethodPolicy;
}

/** The values that somebody has stated: what follows from them follows from those that take their place, too. */
function statedValues(policy: object): ReadonlyMap<PolicyPath, PolicyValue> {
  const all = valuesOf(policy);
  return new Map(
    [...all].filter(([path, value]) => {
      const others = new Map([...all].filter(([other]) => other !== path));
      return JSON.stringify(builtInValues(others).get(path)) !== JSON.stringify(value);
    }),
  );
}

/** Fields that keys are made of have to be there: one that is not would be the same in all requests. */
function checkFields(values: ReadonlyMap<PolicyPath, PolicyValue>, { input }: MethodInfo, where: string): void {
  for (const path of ["idempotencyKey", "cache.keyFields"] as const) {
    for (const field of [values.get(path) ?? []].flat()) {
      if (lacksField(input, String(field))) {
        throw new TypeError(`${where}: ${path} has ${String(field)}, which ${input.typeName} does not have`);
      }
    }
  }
}

/** Types do not list their fields, but their JSON form refuses names that are none, and takes `null` for all others. */
function lacksField(type: MethodInfo["input"], path: string): boolean {
  const value = path.split(".").reduceRight<JsonValue>((inner, name) => ({ [name]: inner }), null);
  try {
    type.fromJson(value, { ignoreUnknownFields: true });
  } catch {
    // it wants more than that one field
    return false;
  }
  try {
    type.fromJson(value);
    return false;
  } catch {
    return true;
  }
}

function valuesOf(policy: object): ReadonlyMap<PolicyPath, PolicyValue> {
  // sound because the generator has checked it
  return flattenPolicy(policy) as ReadonlyMap<PolicyPath, PolicyValue>;
}

function checkedValues(override: unknown, where: string): ReadonlyMap<PolicyPath, PolicyValue> {
  if (!isPart(override)) throw new TypeError(`${where} must be an object`);
  for (const [part, value] of Object.entries(override)) {
    if (isGroup(part) && value !== undefined && !isPart(value)) {
      throw new TypeError(`${where}: ${part} must be an object`);
    }
  }
  for (const path of writtenPaths(override)) {
    if (!isPolicyPath(path)) throw new TypeError(`${where} has ${path}, which no policy has`);
  }
  const values = new Map<PolicyPath, PolicyValue>();
  for (const [path, value] of flattenPolicy(override)) {
    const rule = ruleOf(path);
    if (!keepsRule(rule, value)) throw new TypeError(`${where}: ${path} must be ${wantedBy(rule)}`);
    // sound because the rule takes nothing else
    values.set(path, rule.kind === "codes" ? numbersOf(value as readonly (string | number)[]) : (value as PolicyValue));
  }
  return values;
}

/** A part with values of its own, `retry`. */
function isGroup(name: string): boolean {
  return policyPaths.some((path) => path.startsWith(`${name}.`));
}

function isPart(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Codes are numbers at run time; a program without types may give their names. */
function numbersOf(codes: readonly (string | number)[]): readonly number[] {
  return codes.map((code) => (typeof code === "number" ? code : failureCodes.indexOf(code) + 1));
}

/** What is written, whether a policy has it or not. */
function writtenPaths(override: object): readonly string[] {
  return Object.entries(override).flatMap(([part, value]: [string, unknown]) => {
    if (value === undefined) return [];
    if (!isPart(value) || isPolicyPath(part)) return [part];
    return Object.entries(value).flatMap(([key, given]) => (given === undefined ? [] : [`${part}.${key}`]));
  });
}

function problemText(problem: PolicyProblem): string {
  switch (problem.kind) {
    case "value":
      return `${problem.path} must be ${problem.wanted}`;
    case "idempotency":
      return `${problem.path} is for idempotent methods, and this one is not declared so`;
    case "tooLong":
      return `${problem.path} may take ${problem.neededMs} ms, and the timeout is ${problem.timeoutMs} ms`;
    case "conflict":
      return `${problem.path} and ${problem.other} exclude each other`;
    case "method":
      return `${problem.path} is for ${problem.wanted}`;
  }
}
