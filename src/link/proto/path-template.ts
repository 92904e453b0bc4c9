import type { PathSegment, PathTemplate, PathVariable } from "../../model/index.js";

/** What is wrong with a template, and at which offset of it. */
export interface TemplateProblem {
  readonly problem: string;
  readonly offset: number;
}

/** A template cannot have more of anything; it is untrusted input. */
const maxLength = 2_000;

/**
 * Parses a path template by the grammar of google/api/http.proto:
 * `/v1/{name=shelves/*}/books:move`. `**` may be followed by literals; there is one of it at most.
 */
export function parsePathTemplate(source: string): { readonly template: PathTemplate } | TemplateProblem {
  if (source.length > maxLength) return { problem: `it is longer than ${maxLength} characters`, offset: 0 };
  if (!source.startsWith("/")) return { problem: "it must begin with /", offset: 0 };
  const segments: PathSegment[] = [];
  const variables: PathVariable[] = [];
  let at = 1;

  function literal(): string {
    const found = /^(?:%[0-9a-fA-F]{2}|[^\s/:{}*?#%"<>\\^`|\p{Cc}])+/u.exec(source.slice(at))?.[0] ?? "";
    at += found.length;
    return found;
  }

  /** A problem, or undefined when one segment was read. */
  function segment(inVariable: boolean): TemplateProblem | undefined {
    if (source.startsWith("**", at)) {
      if (segments.some(({ kind }) => kind === "rest")) return { problem: "** may stand in it once", offset: at };
      at += 2;
      segments.push({ kind: "rest" });
    } else if (source[at] === "*") {
      at++;
      segments.push({ kind: "one" });
    } else if (source[at] === "{") {
      if (inVariable) return { problem: "a variable cannot contain another one", offset: at };
      return variable();
    } else {
      const start = at;
      const value = literal();
      if (value === "") return { problem: unexpected(source, at), offset: start };
      segments.push({ kind: "literal", value });
    }
    return undefined;
  }

  function variable(): TemplateProblem | undefined {
    const opened = at++;
    const name = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/.exec(source.slice(at))?.[0];
    if (name === undefined) return { problem: "a variable is the name of a field, user.id", offset: at };
    if (variables.some(({ field }) => field.join(".") === name)) {
      return { problem: `${name} is bound twice`, offset: at };
    }
    at += name.length;
    const start = segments.length;
    if (source[at] === "=") {
      do {
        at++;
        const problem = segment(true);
        if (problem !== undefined) return problem;
      } while (source[at] === "/");
    } else {
      segments.push({ kind: "one" });
    }
    if (source[at] !== "}") {
      const problem = at >= source.length ? "this variable is not closed" : unexpected(source, at);
      return { problem, offset: at >= source.length ? opened : at };
    }
    at++;
    variables.push({ field: name.split("."), start, end: segments.length });
    return undefined;
  }

  while (at < source.length || segments.length > 0) {
    const problem = segment(false);
    if (problem !== undefined) return problem;
    if (source[at] !== "/") break;
    at++;
    if (at >= source.length) return { problem: "it may not end with /", offset: at - 1 };
  }

  let customVerb: string | undefined;
  if (source[at] === ":") {
    const parts: string[] = [];
    do {
      at++;
      const part = literal();
      if (part === "") return { problem: "a verb is missing after the colon", offset: at };
      parts.push(part);
    } while (source[at] === ":");
    customVerb = parts.join(":");
    if (source[at] === "/") return { problem: "a verb stands at the very end", offset: at };
  }
  if (at < source.length) return { problem: unexpected(source, at), offset: at };
  return { template: { source, segments, variables, customVerb } };
}

function unexpected(source: string, at: number): string {
  const c = source[at];
  if (c === undefined) return "a segment is missing at the end";
  if (c === "/") return "a segment is empty";
  if (c === "?") return "it has no query; fields that are not in the path or the body are the query";
  if (c === "{") return "a variable is a whole segment";
  if (c === "*") return "* and ** are whole segments";
  return `${JSON.stringify(c)} is not allowed here`;
}
