/** A request target taken apart. */
export interface Target {
  /** Still percent-encoded. */
  readonly path: string;
  /** Without the question mark; empty when there is none. */
  readonly query: string;
}

/** Splits a request target: origin form (`/a?b`) as servers get it, or absolute form as proxies do. */
export function splitTarget(url: string): Target {
  let start = 0;
  if (!url.startsWith("/")) {
    const scheme = url.indexOf("://");
    const slash = scheme < 0 ? -1 : url.slice(scheme + 3).search(/[/?#]/);
    start = scheme < 0 ? 0 : slash < 0 ? url.length : scheme + 3 + slash;
  }
  const hash = url.indexOf("#", start);
  const end = hash < 0 ? url.length : hash;
  const question = url.indexOf("?", start);
  if (question < 0 || question > end) return { path: url.slice(start, end) || "/", query: "" };
  return { path: url.slice(start, question) || "/", query: url.slice(question + 1, end) };
}

/** The pairs of a query string in order, decoded; `+` is a space. @throws {URIError} on a malformed escape. */
export function parseQuery(query: string): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const part of query.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const key = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? "" : part.slice(equals + 1);
    pairs.push([decodeComponent(key), decodeComponent(value)]);
  }
  return pairs;
}

function decodeComponent(text: string): string {
  const spaced = text.includes("+") ? text.replace(/\+/g, " ") : text;
  return spaced.includes("%") ? decodeURIComponent(spaced) : spaced;
}

/**
 * The value of a path variable: of a single segment everything is decoded; of several all but an encoded slash,
 * which would otherwise look like a boundary between them.
 */
export function variableValue(segments: readonly string[], single: boolean): string {
  if (single) return decodeURIComponent(segments[0] ?? "");
  return segments.map((segment) => segment.split(/(%2F)/i).map(decodeExceptSlash).join("")).join("/");
}

function decodeExceptSlash(part: string): string {
  return /^%2F$/i.test(part) ? part : decodeURIComponent(part);
}
