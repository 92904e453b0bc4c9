import { diagnostic } from "../../diagnostics/index.js";
import type { OptionMessage, Options, OptionValue, Origin, PolicyLevel, PolicyScope } from "../../model/index.js";
import {
  groupOf,
  isScope,
  keepsRule,
  policyPaths,
  ruleOf,
  wantedBy,
  type PolicyGroup,
  type PolicyPath,
  type PolicyValue,
} from "../../runtime/policy/index.js";
import { noStatement, spell, type PolicyEntry, type PolicyStatement } from "../policy/index.js";
import type { LinkContext } from "./context.js";
import { isMessage } from "./routes.js";

/** Where the option of a level stands in its options. */
export const policyOptions = {
  file: "[wirespan.options.v1.file]",
  service: "[wirespan.options.v1.service]",
  method: "[wirespan.options.v1.method]",
} as const;

type ProtoLevel = Exclude<PolicyLevel, "configuration">;

/** What the option of a file, service or method says; values that break their rule are reported and left out. */
export function readStatement(
  context: LinkContext,
  options: Options,
  level: ProtoLevel,
  fallback: Origin,
): PolicyStatement {
  const value = options.get(policyOptions[level]);
  if (!isMessage(value)) return noStatement;
  const origin = context.options.originOf(options, policyOptions[level]) ?? fallback;
  const entries = new Map<PolicyPath, PolicyEntry>();
  const broken = new Set<PolicyGroup>();
  for (const path of policyPaths) {
    const found = locate(context, value, path, origin);
    if (found === undefined) continue;
    const plain = plainValue(found.value, path);
    const name = spell(path, level);
    if (plain === undefined || !keepsRule(ruleOf(path), plain)) {
      broken.add(groupOf(path));
      context.report(diagnostic("E2061", found.origin, { name, wanted: wantedBy(ruleOf(path)) }));
    } else {
      entries.set(path, { value: plain, level, origin: found.origin, group: found.group, items: found.items });
    }
  }
  reportEmptyParts(context, value, level, origin);
  return { entries, broken, scopes: readScopes(context, value, level, origin) };
}

interface Located {
  readonly value: OptionValue;
  readonly origin: Origin;
  readonly group: Origin;
  readonly items: readonly Origin[];
}

/** The value of a path in the option. Two of them are oneofs there: whose calls a limit counts, and breakers. */
function locate(context: LinkContext, root: OptionMessage, path: PolicyPath, fallback: Origin): Located | undefined {
  const [group = "", key] = spell(path, "method").split(".");
  const { options } = context;
  const outer = options.originOf(root, group) ?? fallback;
  if (key === undefined) return found(context, root, group, outer, outer);
  const part = root.get(group);
  if (!isMessage(part)) return undefined;
  if (path === "limit.key") return found(context, part, part.has("claim") ? "claim" : "by", outer, outer);
  if (group !== "breaker") return found(context, part, key, outer, outer);
  const [kind, settings] = [...part][0] ?? [];
  if (kind === undefined || !isMessage(settings)) return undefined;
  const origin = options.originOf(part, kind) ?? outer;
  return key === "kind"
    ? { value: kind, origin, group: outer, items: [] }
    : found(context, settings, key, origin, outer);
}

function found(
  { options }: LinkContext,
  message: OptionMessage,
  key: string,
  fallback: Origin,
  group: Origin,
): Located | undefined {
  const value = message.get(key);
  if (value === undefined) return undefined;
  const origin = options.originOf(message, key) ?? fallback;
  const items = Array.isArray(value) ? value.map((_, i) => options.originOf(message, key, i) ?? origin) : [];
  return { value, origin, group, items };
}

/** An option's value as a policy has it: milliseconds, names of constants in small letters, plain lists. */
function plainValue(value: OptionValue, path: PolicyPath): PolicyValue | undefined {
  switch (ruleOf(path).kind) {
    case "duration":
      return isMessage(value) ? milliseconds(value) : undefined;
    case "limitKey":
      // a claim is the only text that is no name of a constant
      if (value === "METHOD" || value === "PEER") return value.toLowerCase();
      return typeof value === "string" ? { claim: value } : undefined;
    case "choice":
      return typeof value === "string" ? value.toLowerCase().replace("_", "-") : undefined;
    default:
      return isPlain(value) ? value : undefined;
  }
}

function isPlain(value: OptionValue): value is number | string | boolean | readonly (number | string)[] {
  if (Array.isArray(value)) return value.every((item) => typeof item === "string" || typeof item === "number");
  return typeof value === "number" || typeof value === "string" || typeof value === "boolean";
}

/** Undefined for what is no Duration: parts of different signs, a second and more in nanos. */
function milliseconds(duration: OptionMessage): number | undefined {
  const seconds = Number(duration.get("seconds") ?? 0n);
  const nanos = Number(duration.get("nanos") ?? 0);
  if (seconds * nanos < 0 || Math.abs(nanos) >= 1e9) return undefined;
  return seconds * 1000 + nanos / 1e6;
}

/** A part with nothing in it would have no effect, which nobody can have meant. */
function reportEmptyParts(context: LinkContext, value: OptionMessage, level: ProtoLevel, fallback: Origin): void {
  for (const group of new Set(policyPaths.filter((path) => path.includes(".")).map(groupOf))) {
    const part = value.get(group);
    if (!isMessage(part) || part.size > 0) continue;
    const origin = context.options.originOf(value, group) ?? fallback;
    if (context.options.isIncomplete(part)) continue;
    context.report(diagnostic("E2061", origin, { name: spell(group, level), wanted: "given with a value" }));
  }
}

function readScopes(
  context: LinkContext,
  value: OptionMessage,
  level: ProtoLevel,
  fallback: Origin,
): readonly PolicyScope[] {
  const listed = value.get("scopes");
  if (!Array.isArray(listed)) return [];
  const scopes: PolicyScope[] = [];
  for (const [i, scope] of listed.entries()) {
    if (!isMessage(scope)) continue;
    const origin = context.options.originOf(value, "scopes", i) ?? fallback;
    const name = scope.get("name");
    const description = scope.get("description");
    if (typeof name !== "string" || !isScope(name)) {
      const at = context.options.originOf(scope, "name") ?? origin;
      context.report(diagnostic("E2061", at, { name: "scopes.name", wanted: "a name such as users.read" }));
    } else if (scopes.some((other) => other.name === name)) {
      context.report(diagnostic("E2084", origin, { scope: name }));
    } else {
      scopes.push({ name, description: typeof description === "string" ? description : "", level, origin });
    }
  }
  return scopes;
}
