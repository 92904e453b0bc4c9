import { bytesOf } from "../wire/base64.js";
import type { JsonOptions, JsonValue } from "../wire/index.js";
import type { RestClientOptions, RestHeaders } from "./client.js";
import { RestCode, RestError } from "./error.js";
import { pathParts } from "./path.js";
import { type RestFieldInfo, type RestFields, type RestRoute, type RestVariable, fieldAt, isFields } from "./route.js";

/** A request as `fetch` takes it, less what is the same for all. */
export interface PreparedRequest {
  /** Path and query below the base URL. */
  readonly target: string;
  readonly contentType: string | undefined;
  readonly body: string | Uint8Array | undefined;
}

/** Makes URL and body of a call. @throws {RestError} when a field cannot stand where the contract puts it. */
export function prepareRequest<I>(route: RestRoute<I, unknown>, message: I, options: JsonOptions): PreparedRequest {
  const { input, body } = route;
  const json = input.toJson(message, options);
  const target = targetOf(route, json);
  if (body === undefined) return { target, contentType: undefined, body: undefined };
  const part = body === "*" ? withoutPath(route, json) : fieldAt(json, [body]);
  if (route.rawBody === true) {
    const data = part === undefined ? undefined : fieldAt(part, ["data"]);
    const type = part === undefined ? undefined : fieldAt(part, ["contentType"]);
    return {
      target,
      contentType: typeof type === "string" && type !== "" ? type : "application/octet-stream",
      body: typeof data === "string" ? bytesOf(data) : new Uint8Array(),
    };
  }
  return { target, contentType: "application/json", body: part === undefined ? undefined : JSON.stringify(part) };
}

/** The headers of a client and of one call of it. */
export async function headersOf(
  { headers }: RestClientOptions,
  more: RestHeaders | undefined,
): Promise<Record<string, string>> {
  return { ...(typeof headers === "function" ? await headers() : headers), ...more };
}

/** Path and query of a call. */
function targetOf(route: RestRoute<never, unknown>, json: JsonValue): string {
  const parts = pathParts(route.path);
  const path = parts
    .map((part) => (typeof part === "string" ? part : variableText(route, part, fieldAt(json, part.json))))
    .join("");
  const bound = new Set(parts.filter((part) => typeof part !== "string").map((part) => part.json.join(".")));
  const pairs: string[] = [];
  if (route.query !== undefined) addPairs(route, route.query, json, "", bound, pairs);
  return pairs.length === 0 ? path : `${path}?${pairs.join("&")}`;
}

function variableText(
  route: RestRoute<never, unknown>,
  { json, pattern, empty = "" }: RestVariable,
  value: JsonValue | undefined,
): string {
  const text = value === undefined || value === null ? empty : String(value);
  const name = json.join(".");
  // a URL drops such segments, encoded or not, and with them the one before: the request would go elsewhere
  if (text.split("/").some((segment) => segment === "." || segment === "..")) {
    throw refused(route, `${name} is part of the path and must not be or hold a segment . or ..`);
  }
  if (pattern.length === 1 && pattern[0] === "*") {
    if (text === "") throw refused(route, `${name} is part of the path and must not be empty`);
    return encodeURIComponent(text);
  }
  const segments = text.split("/");
  if (!matches(segments, pattern)) throw refused(route, `${name} must have the form ${pattern.join("/")}`);
  // an encoded slash in a resource name stays one: servers do not decode it
  return segments.map((segment) => encodeURIComponent(segment).replace(/%252F/gi, "%2F")).join("/");
}

/** `**` stands for any number of segments, and at most once. */
function matches(segments: readonly string[], pattern: readonly string[]): boolean {
  const rest = pattern.indexOf("**");
  if (rest < 0) return segments.length === pattern.length && segments.every((text, i) => fits(text, pattern[i]));
  const head = pattern.slice(0, rest);
  const tail = pattern.slice(rest + 1);
  if (segments.length < head.length + tail.length) return pattern.length === 1 && segments.join("") === "";
  const middle = segments.slice(head.length, segments.length - tail.length);
  return (
    head.every((part, i) => fits(segments[i] ?? "", part)) &&
    tail.every((part, i) => fits(segments[segments.length - tail.length + i] ?? "", part)) &&
    (middle.every((text) => text !== "") || (pattern.length === 1 && segments.join("") === ""))
  );
}

function fits(text: string, part: string | undefined): boolean {
  return part === "*" ? text !== "" : text === part;
}

/** Every field that is set and that neither path nor body hold, as `name=value`. */
function addPairs(
  route: RestRoute<never, unknown>,
  fields: RestFields,
  json: JsonValue,
  prefix: string,
  bound: ReadonlySet<string>,
  pairs: string[],
): void {
  for (const field of fieldsOf(fields)) {
    const name = prefix + field.json;
    if (bound.has(name) || (prefix === "" && field.json === route.body)) continue;
    const value = fieldAt(json, [field.json]);
    if (value === undefined || value === null) continue;
    if (field.fields !== undefined) {
      addPairs(route, field.fields, value, `${name}.`, bound, pairs);
    } else if (field.opaque === true) {
      const isEmpty = typeof value === "object" && Object.keys(value).length === 0;
      if (!isEmpty) throw refused(route, `${name} cannot be sent over HTTP: no URL can hold it`);
    } else {
      const items = Array.isArray(value) ? value : [value];
      for (const item of items) pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(String(item))}`);
    }
  }
}

const known = new WeakMap<RestFields, readonly RestFieldInfo[]>();

/** What the contract says, made once. */
function fieldsOf(fields: RestFields): readonly RestFieldInfo[] {
  let all = known.get(fields);
  if (all === undefined) {
    all = fields().map((each) => (typeof each === "string" ? { json: each } : each));
    known.set(fields, all);
  }
  return all;
}

/** The message without the fields that the path holds: a server would have them twice. */
function withoutPath(route: RestRoute<never, unknown>, json: JsonValue): JsonValue {
  let part = json;
  for (const variable of pathParts(route.path)) if (typeof variable !== "string") part = without(part, variable.json);
  return part;
}

function without(value: JsonValue, [name, ...rest]: readonly string[]): JsonValue {
  if (name === undefined || !isFields(value) || !Object.hasOwn(value, name)) return value;
  const entries = Object.entries(value).flatMap(([key, inner]): [string, JsonValue][] => {
    if (key !== name) return [[key, inner]];
    return rest.length === 0 ? [] : [[key, without(inner, rest)]];
  });
  return Object.fromEntries(entries);
}

function refused(route: RestRoute<never, unknown>, message: string): RestError {
  return new RestError(RestCode.INVALID_ARGUMENT, `${route.name}: ${message}`);
}
