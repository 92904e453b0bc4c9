import { QueueError } from "../queue/errors.js";
import type { ChannelParameterInfo } from "../queue/types.js";

const parameter = /\{([^{}]+)\}/g;

/** The path of an address with values in place of its parameters, percent-encoded. @throws {QueueError} `usage`. */
export function fillPath(
  address: string,
  params: ReadonlyMap<string, unknown>,
  infos: readonly ChannelParameterInfo[] = [],
): string {
  const path = address.replace(parameter, (_, name: string) => {
    const info = infos.find((candidate) => candidate.name === name);
    const value = params.get(name) ?? info?.default;
    if (typeof value !== "string" || value === "") {
      throw new QueueError("usage", `address ${address}: no value for the parameter ${name}`);
    }
    if (info?.values !== undefined && !info.values.includes(value)) {
      throw new QueueError("usage", `address ${address}: ${name} must be one of ${info.values.join(", ")}`);
    }
    return encodeURIComponent(value);
  });
  // a URL would take such a segment for a step up, encoded or not
  if (path.split("/").some((segment) => segment === "." || segment === "..")) {
    throw new QueueError("usage", `address ${address}: a parameter must not be . or ..`);
  }
  return path;
}

/** A base path and an address as one path: one slash between the two, none at the end. */
export function joinPath(base: string, address: string): string {
  const parts = [base, address].map((part) => part.replace(/^\/+|\/+$/g, "")).filter((part) => part !== "");
  return `/${parts.join("/")}`;
}

/** Reads the parameters out of a path as it stands in a request; undefined when it does not fit. */
export type PathMatcher = (path: string) => Readonly<Record<string, string>> | undefined;

/** The matcher of a path with parameters, each within one segment. */
export function matchPath(template: string, infos: readonly ChannelParameterInfo[] = []): PathMatcher {
  const segments = template.split("/").map((segment) => ({
    names: [...segment.matchAll(parameter)].map((match) => match[1] ?? ""),
    pieces: segment.split(/\{[^{}]+\}/),
  }));
  return (path) => {
    const given = (path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path).split("/");
    if (given.length !== segments.length) return undefined;
    const params: Record<string, string> = Object.create(null) as Record<string, string>;
    for (const [i, { names, pieces }] of segments.entries()) {
      const words = matchPieces(pieces, given[i] ?? "");
      if (words === undefined) return undefined;
      for (const [n, name] of names.entries()) {
        const value = decode(words[n] ?? "");
        const values = infos.find((info) => info.name === name)?.values;
        if (value === undefined || (values !== undefined && !values.includes(value))) return undefined;
        params[name] = value;
      }
    }
    return params;
  };
}

/** Literal pieces with a value between each two, by hand: a pattern made from a contract could backtrack for ever. */
function matchPieces(pieces: readonly string[], segment: string): string[] | undefined {
  const first = pieces[0] ?? "";
  if (pieces.length === 1) return segment === first || decode(segment) === first ? [] : undefined;
  if (!segment.startsWith(first)) return undefined;
  const words: string[] = [];
  let at = first.length;
  for (let i = 1; i < pieces.length; i++) {
    const piece = pieces[i] ?? "";
    const last = i === pieces.length - 1;
    const end = last ? segment.length - piece.length : segment.indexOf(piece, at + 1);
    if (end <= at || !segment.startsWith(piece, end)) return undefined;
    words.push(segment.slice(at, end));
    at = end + piece.length;
  }
  return words;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
