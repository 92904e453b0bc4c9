import { diagnostic, nearest, type Report } from "../diagnostics/index.js";
import {
  noPolicyDefaults,
  parseDuration,
  type Origin,
  type PolicyDefaults,
  type PolicyScope,
  type PolicySetting,
} from "../model/index.js";
import {
  failureCodes,
  isScope,
  keepsRule,
  policyPaths,
  ruleOf,
  wantedBy,
  wrongItem,
  type PolicyPath,
  type PolicyRule,
  type WrongItem,
} from "../runtime/policy/index.js";
import { anyOf, show } from "./show.js";
import type { RawOption } from "./read.js";

/** Parts of a policy that can be said of methods in general: keys for idempotency are fields of one request. */
const paths = policyPaths.filter((path) => path !== "idempotencyKey");

/** How a configuration spells a value: durations without their unit, for they have one. */
export function configKey(path: PolicyPath): string {
  return path.replace(/Ms$/, "");
}

/** The parts with the values in each; a part that is a value itself has none. */
export const policyParts: ReadonlyMap<string, ReadonlyMap<string, PolicyPath>> = partsOf();

function partsOf(): ReadonlyMap<string, ReadonlyMap<string, PolicyPath>> {
  const parts = new Map<string, Map<string, PolicyPath>>();
  for (const path of paths) {
    const [part = "", key] = configKey(path).split(".");
    const values = parts.get(part) ?? new Map<string, PolicyPath>();
    parts.set(part, key === undefined ? values : values.set(key, path));
  }
  return parts;
}

/** Reads `policies`; what is wrong is reported and left out. */
export function readPolicies(option: RawOption | undefined, report: Report): PolicyDefaults {
  if (option === undefined || !isMapping(option.value)) return noPolicyDefaults;
  const values = new Map<string, PolicySetting>();
  let scopes: readonly PolicyScope[] = [];
  const at = (...keys: readonly string[]): Origin | undefined => option.originAt?.(keys) ?? option.origin;

  const take = (path: PolicyPath, written: unknown, keys: readonly string[], group: Origin | undefined): void => {
    const value = plainValue(ruleOf(path), written);
    if (isSetting(value) && keepsRule(ruleOf(path), value)) {
      values.set(path, { value, origin: at(...keys) ?? nowhere, group: group ?? nowhere });
    } else {
      const wrong = wrongItem(ruleOf(path), written);
      const wanted = wantedInConfig(ruleOf(path));
      if (wrong === undefined) refuse(report, keys, written, wanted, at(...keys));
      else refuseItem(report, keys, wrong, wanted, ruleOf(path), at(...keys, String(wrong.at)) ?? at(...keys));
    }
  };

  for (const [part, value] of Object.entries(option.value)) {
    if (part === "scopes") {
      scopes = readScopes(value, at, report);
      continue;
    }
    const known = policyParts.get(part);
    if (known === undefined) {
      unknownKey(report, [part], [...policyParts.keys(), "scopes"], at(part));
    } else if (known.size === 0) {
      const path = paths.find((each) => configKey(each) === part);
      if (path !== undefined) take(path, value, [part], at(part));
    } else if (!isMapping(value) || Object.keys(value).length === 0) {
      refuse(report, [part], value, `a mapping with ${anyOf([...known.keys()])}`, at(part));
    } else {
      for (const [key, inner] of Object.entries(value)) {
        const path = known.get(key);
        if (path === undefined) unknownKey(report, [part, key], [...known.keys()], at(part, key));
        else take(path, inner, [part, key], at(part));
      }
    }
  }
  return { values, scopes };
}

/** For options that a program gives. */
const nowhere: Origin = { file: "(options)", line: 1, column: 1, length: 1 };

function readScopes(
  value: unknown,
  at: (...keys: readonly string[]) => Origin | undefined,
  report: Report,
): readonly PolicyScope[] {
  if (!isMapping(value)) {
    refuse(report, ["scopes"], value, "a mapping of names to descriptions", at("scopes"));
    return [];
  }
  return Object.entries(value).flatMap(([name, description]): readonly PolicyScope[] => {
    const origin = at("scopes", name);
    if (!isScope(name)) refuse(report, ["scopes"], name, "names such as users.read", origin);
    else if (typeof description !== "string") refuse(report, ["scopes", name], description, "a description", origin);
    else return [{ name, description, level: "configuration", origin: origin ?? nowhere }];
    return [];
  });
}

/** What stands in a configuration as a policy has it. */
function plainValue(rule: PolicyRule, written: unknown): unknown {
  if (rule.kind !== "duration") return written;
  return typeof written === "string" ? parseDuration(written) : undefined;
}

function isSetting(value: unknown): value is PolicySetting["value"] {
  if (Array.isArray(value)) return value.every((item) => typeof item === "string");
  // mappings are checked by the rule of the one value that is one
  return ["number", "string", "boolean", "object"].includes(typeof value) && value !== null;
}

function wantedInConfig(rule: PolicyRule): string {
  if (rule.kind === "limitKey") return '"method", "peer" or { claim: "sub" }';
  return rule.kind === "duration" ? `an ISO 8601 duration such as "PT0.5S", ${wantedBy(rule)}` : wantedBy(rule);
}

function refuse(
  report: Report,
  keys: readonly string[],
  found: unknown,
  wanted: string,
  origin: Origin | undefined,
): void {
  const name = JSON.stringify(["policies", ...keys].join("."));
  report(diagnostic("E5002", origin, { name, wanted, found: show(found), nearest: undefined }));
}

/** One entry of a list: the whole list would not tell which. */
function refuseItem(
  report: Report,
  keys: readonly string[],
  { item, twice }: WrongItem,
  wanted: string,
  rule: PolicyRule,
  origin: Origin | undefined,
): void {
  const name = JSON.stringify(["policies", ...keys].join("."));
  const found = `${show(item)}${twice ? " twice" : ""}`;
  const close =
    rule.kind === "codes" && typeof item === "string" ? nearest(item.toUpperCase(), failureCodes) : undefined;
  report(diagnostic("E5002", origin, { name, wanted, found, nearest: close }));
}

function unknownKey(
  report: Report,
  keys: readonly string[],
  known: readonly string[],
  origin: Origin | undefined,
): void {
  const name = ["policies", ...keys].join(".");
  report(diagnostic("E5001", origin, { name, nearest: nearest(keys.at(-1) ?? "", known), known }));
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
