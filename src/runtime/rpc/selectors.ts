import type { MethodInfo, MethodSelector } from "./types.js";

/** A selector as one predicate. */
export function createSelector(selector: MethodSelector): (method: MethodInfo) => boolean {
  if (typeof selector === "function") return selector;
  if (selector instanceof RegExp) {
    // without the flags that keep a position between calls
    const pattern = new RegExp(selector.source, selector.flags.replace(/[gy]/g, ""));
    return ({ path }) => pattern.test(path);
  }
  const patterns = (typeof selector === "string" ? [selector] : selector).map(normalize);
  return ({ path }) =>
    patterns.some((pattern) => (pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern));
}

/** Paths begin with a slash; `*` alone is for all. */
function normalize(pattern: string): string {
  return pattern.startsWith("/") || pattern === "*" ? pattern : `/${pattern}`;
}
