import { jsonName } from "../wire/json-name.js";
import type { HttpRoute, PathVariable, RouteBody } from "./route.js";

/** A variable with its place: the segments from `start` up to, not including, `end`. */
export interface PlacedVariable extends PathVariable {
  readonly start: number;
  readonly end: number;
}

/** A route with what its template and its defaults say. */
export interface ResolvedRoute extends Omit<HttpRoute, "variables" | "body"> {
  /** Literals, `*` for one segment, `**` for any number of them. */
  readonly segments: readonly string[];
  /** The verb after the path's colon, `/v1/books/1:move`; empty when there is none. */
  readonly customVerb: string;
  readonly variables: readonly PlacedVariable[];
  readonly body: RouteBody | undefined;
}

/** Reads the template of a route. The compiler has checked its grammar: literals hold none of `/:{}*`. */
export function resolveRoute(route: HttpRoute): ResolvedRoute {
  const segments: string[] = [];
  const variables: PlacedVariable[] = [];
  const known = new Map(route.variables?.map((variable) => [variable.field.join("."), variable]));
  const [, path = "", customVerb = ""] = /^((?:[^{:]|\{[^}]*\})*):?(.*)$/.exec(route.path) ?? [];
  for (const [part, name, pattern = "*"] of path.matchAll(/\{([^=}]*)=?([^}]+)?\}|[^/]+/g)) {
    const start = segments.length;
    if (name === undefined) {
      segments.push(part);
      continue;
    }
    segments.push(...pattern.split("/"));
    const field = name.split(".");
    const variable = known.get(name) ?? { field, json: field.map(jsonName), kind: "text" };
    variables.push({ ...variable, start, end: segments.length });
  }
  const { body } = route;
  return {
    ...route,
    segments,
    customVerb,
    variables,
    body: typeof body === "string" ? { name: body, json: jsonName(body) } : body,
  };
}
