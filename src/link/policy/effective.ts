import { diagnostic, nearest, type Report } from "../../diagnostics/index.js";
import type { LeftOut, Method, PolicyLevel, PolicyScope } from "../../model/index.js";
import {
  contradictions,
  groupOf,
  isCacheable,
  isIdempotent,
  mergeParts,
  type PolicyGroup,
  type PolicyPart,
  type PolicyPath,
  type PolicyProblem,
  type PolicyValue,
} from "../../runtime/policy/index.js";
import { spell, type PolicyEntry, type PolicyOwner, type PolicyStatement } from "./entries.js";

type Entries = PolicyPart<PolicyEntry>;
type Facts = Pick<Method, "idempotency" | "kind">;

const levels: readonly PolicyLevel[] = ["configuration", "file", "service", "method"];

/** What is in force, and what is not though somebody says it. */
export interface EffectivePolicy {
  readonly entries: Entries;
  readonly leftOut: ReadonlyMap<string, LeftOut>;
}

/**
 * What is in force for a method: the statements over one another, the most general first, the method's own last. What
 * the method cannot have does not reach it from more general places; what contradicts itself is reported.
 */
export function effectivePolicy(
  general: readonly PolicyStatement[],
  own: PolicyStatement,
  owner: PolicyOwner,
  facts: Facts,
  report: Report,
): EffectivePolicy {
  const inherited = general.reduce<Entries>((base, { entries }) => mergeParts(base, entries, valueOf), new Map());
  const reached = withoutGroups(inherited, owner.without);
  const merged = mergeParts(reached, own.entries, valueOf);
  const unfit = unfitParts(merged, facts);
  const entries = withoutGroups(merged, unfit);
  const statements = [...general, own];
  const scopes = knownScopes(statements);
  // what a part lacks because it was wrong has been told
  const broken = new Set(statements.flatMap((statement) => [...statement.broken]));
  for (const problem of contradictions(valuesOf(entries), facts)) {
    if (!broken.has(groupOf(problem.path))) tell(problem, entries, owner, facts, report);
  }
  checkScopes(entries, scopes, owner, report);
  const leftOut = new Map<string, LeftOut>([
    ...sourcesOf(inherited, owner.without, "without"),
    ...sourcesOf(merged, unfit, "unfit"),
  ]);
  return { entries, leftOut };
}

function sourcesOf(
  entries: Entries,
  groups: ReadonlySet<PolicyGroup>,
  reason: LeftOut["reason"],
): readonly (readonly [string, LeftOut])[] {
  return [...groups].flatMap((group) => {
    const found = mostSpecific(entries, group)?.[1];
    return found === undefined ? [] : [[group, { level: found.level, origin: found.group, reason }] as const];
  });
}

/** The scopes of all statements; of two with one name the more specific one's. */
export function knownScopes(statements: readonly PolicyStatement[]): readonly PolicyScope[] {
  return [...new Map(statements.flatMap(({ scopes }) => scopes).map((scope) => [scope.name, scope])).values()];
}

/** Values without where they come from. */
export function valuesOf(entries: Entries): ReadonlyMap<PolicyPath, PolicyValue> {
  return new Map([...entries].map(([path, { value }]) => [path, value]));
}

function valueOf({ value }: PolicyEntry): PolicyValue {
  return value;
}

function withoutGroups(entries: Entries, groups: ReadonlySet<PolicyGroup>): Entries {
  return groups.size === 0 ? entries : new Map([...entries].filter(([path]) => !groups.has(groupOf(path))));
}

/** Parts that come from elsewhere alone, and that a method of this kind cannot have. */
function unfitParts(entries: Entries, facts: Facts): ReadonlySet<PolicyGroup> {
  const unfit = new Set<PolicyGroup>();
  if (!isIdempotent(facts, entries)) unfit.add("retry").add("hedge");
  if (!isCacheable(facts)) unfit.add("cache");
  const [key, open] = [entries.get("limit.key"), entries.get("auth.public")];
  // who lets anybody in knows no claims; said in one place, the two contradict each other
  if (key !== undefined && typeof key.value === "object" && open?.value === true && rank(open) > rank(key))
    unfit.add("limit");
  for (const [path, { level }] of entries) if (level === "method") unfit.delete(groupOf(path));
  return unfit;
}

function tell(
  problem: PolicyProblem,
  entries: Entries,
  { name: method }: PolicyOwner,
  { kind }: Facts,
  report: Report,
): void {
  const found = mostSpecific(entries, problem.path);
  if (found === undefined) return;
  const [foundPath, entry] = found;
  const name = spell(problem.path, entry.level);
  // a part as a whole is marked at its braces, also where a value is missing in it
  const origin = foundPath === problem.path ? entry.origin : entry.group;
  switch (problem.kind) {
    case "value":
      return report(diagnostic("E2061", origin, { name, wanted: problem.wanted }));
    case "idempotency":
      return report(
        diagnostic("E2063", origin, {
          method,
          what: problem.path === "retry" ? "retried" : "hedged",
          unary: kind === "unary",
        }),
      );
    case "tooLong": {
      const { path, neededMs, timeoutMs } = problem;
      const timeout = entries.get("timeoutMs");
      // who says the last word is at fault
      const last = timeout !== undefined && rank(timeout) > rank(entry) ? timeout.origin : origin;
      const other = last === origin ? timeout?.origin : origin;
      const message = last === origin ? "the timeout is set here" : `the ${path} is set here`;
      const related = other === undefined ? [] : [{ message, origin: other }];
      return report(diagnostic("E2064", last, { what: path, neededMs, timeoutMs }, related));
    }
    case "conflict": {
      const other = mostSpecific(entries, problem.other)?.[1];
      const related = other === undefined ? [] : [{ message: "this is the other one", origin: other.origin }];
      return report(diagnostic("E2080", origin, { name, other: spell(problem.other, entry.level) }, related));
    }
    case "method":
      return report(diagnostic("E2081", origin, { name, method, wanted: problem.wanted }));
  }
}

/** The value at a path, else the one of its part that the most specific place says. */
function mostSpecific(
  entries: Entries,
  path: PolicyPath | PolicyGroup,
): readonly [PolicyPath, PolicyEntry] | undefined {
  const [group = ""] = path.split(".", 1);
  const all = [...entries];
  const exact = all.find(([each]) => each === path);
  if (exact !== undefined) return exact;
  return all
    .filter(([each]) => groupOf(each) === group)
    .reduce<readonly [PolicyPath, PolicyEntry] | undefined>(
      (best, next) => (best === undefined || rank(next[1]) > rank(best[1]) ? next : best),
      undefined,
    );
}

function rank({ level }: PolicyEntry): number {
  return levels.indexOf(level);
}

function checkScopes(entries: Entries, known: readonly PolicyScope[], { service }: PolicyOwner, report: Report): void {
  const entry = entries.get("auth.scopes");
  if (!Array.isArray(entry?.value)) return;
  const names = known.map(({ name }) => name);
  for (const [i, scope] of entry.value.entries()) {
    if (typeof scope !== "string" || names.includes(scope)) continue;
    const origin = entry.items[i] ?? entry.origin;
    report(
      diagnostic("E2082", origin, {
        scope,
        service,
        nearest: nearest(scope, names),
        inConfiguration: entry.level === "configuration",
      }),
    );
  }
}
