import { lowerCamel } from "../../plan/index.js";
import type { RoutePlan, VariablePlan } from "../shared/routes.js";

/** A path of the document, `/v1/shelves/{shelf}/books/{book}`, and its parameters from left to right. */
export interface DocumentPath {
  readonly template: string;
  /** The template with nameless parameters: what OpenAPI compares paths by. */
  readonly shape: string;
  readonly parameters: readonly PathParameter[];
}

export interface PathParameter {
  readonly name: string;
  /** The variable it belongs to; undefined for a wildcard outside of one. */
  readonly variable: VariablePlan | undefined;
  /** Takes any number of segments, which OpenAPI cannot say. */
  readonly rest: boolean;
}

/** Expands a route's template: every wildcard becomes a parameter with a readable name. */
export function documentPath(plan: RoutePlan): DocumentPath {
  const used = new Set<string>();
  const parameters: PathParameter[] = [];
  const parts = plan.segments.map((segment, i) => {
    if (segment !== "*" && segment !== "**") return segment;
    const variable = plan.variables.find(({ start, end }) => start <= i && i < end);
    const alone = variable?.pattern.length === 1;
    const wanted = variable !== undefined && alone ? variable.json.join(".") : wildcardName(plan.segments, i);
    let name = wanted;
    for (let n = 2; used.has(name); n++) name = `${wanted}${n}`;
    used.add(name);
    parameters.push({ name, variable, rest: segment === "**" });
    return `{${name}}`;
  });
  const tail = plan.customVerb === undefined ? "" : `:${plan.customVerb}`;
  const template = `/${parts.join("/")}${tail}`;
  return { template, shape: template.replace(/\{[^}]*\}/g, "{}"), parameters };
}

/** The same path with the parameter names that another operation of that shape gave it. */
export function renamed(path: DocumentPath, names: readonly string[]): DocumentPath {
  const parameters = path.parameters.map((parameter, i) => ({ ...parameter, name: names[i] ?? parameter.name }));
  return { ...path, parameters };
}

/** The wildcard after `shelves` is a `shelf`. */
function wildcardName(segments: readonly string[], at: number): string {
  const before = segments[at - 1];
  if (before === undefined || before.startsWith("*")) return segments[at] === "**" ? "path" : "id";
  const cleaned = lowerCamel(before.replace(/[^A-Za-z0-9_]/g, "_"));
  const name = segments[at] === "**" ? cleaned : singular(cleaned);
  return /^[A-Za-z]/.test(name) && !/^v[0-9]+/.test(name) ? name : "id";
}

const irregular: ReadonlyMap<string, string> = new Map([
  ["shelves", "shelf"],
  ["leaves", "leaf"],
  ["people", "person"],
  ["children", "child"],
  ["indices", "index"],
  ["statuses", "status"],
]);

function singular(word: string): string {
  const known = irregular.get(word);
  if (known !== undefined) return known;
  if (/[^aeiou]ies$/.test(word)) return word.replace(/ies$/, "y");
  if (/(ss|x|sh|zz)es$/.test(word)) return word.replace(/es$/, "");
  return /[^su]s$/.test(word) && !word.endsWith("is") ? word.slice(0, -1) : word;
}
