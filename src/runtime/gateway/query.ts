import { type JsonFields, fieldOf, nestedFields, setField } from "./json.js";
import { type FieldKind, type RequestFieldInfo, type RequestFields, fieldInfo } from "./fields.js";
import type { ResolvedRoute } from "./template.js";
import type { JsonValue } from "../wire/index.js";
import { invalid } from "./errors.js";
import { parseQuery } from "./target.js";

/** Query parameters of one request. */
const maxParameters = 1000;
/** Parts of a dotted parameter name; recursive messages would otherwise nest without end. */
const maxParts = 32;

/** Sets the fields that a query string names. `ignoreUnknown` skips what the contract does not know. */
export type QueryReader = (query: string, into: JsonFields, ignoreUnknown: boolean) => void;

/** Prepares the query parameters of a route: the fields that neither path nor body hold. */
export function createQueryReader(route: ResolvedRoute): QueryReader {
  const bound = new Set(route.variables.map((variable) => variable.field.join(".")));

  return (query, into, ignoreUnknown) => {
    const pairs = parseQuery(query);
    if (pairs.length > maxParameters) throw invalid(`more than ${maxParameters} query parameters`);
    for (const [key, value] of pairs) {
      const path = resolve(route, key);
      const field = path?.at(-1);
      if (path === undefined || field === undefined) {
        if (ignoreUnknown) continue;
        throw invalid(`unknown query parameter ${JSON.stringify(key)}`);
      }
      // the path wins over a parameter for the same field
      if (bound.has(path.map(({ name }) => name).join("."))) continue;
      if (field.kind === "message" || field.kind === "opaque") {
        throw invalid(`${JSON.stringify(key)} cannot be a query parameter`);
      }
      const parents = path.slice(0, -1);
      const target = nestedFields(
        into,
        parents.map(({ name }) => name),
        parents.map(({ json }) => json),
      );
      const before = fieldOf(target, field.json);
      const item = parameterValue(field.kind, value, key);
      if (field.repeated) {
        if (Array.isArray(before)) before.push(item);
        else setField(target, field.json, [item]);
      } else {
        if (before !== undefined) throw invalid(`query parameter ${JSON.stringify(key)} is given twice`);
        setField(target, field.json, item);
      }
    }
  };
}

/** The fields from the request message down that a dotted name means. */
function resolve(route: ResolvedRoute, key: string): readonly RequestFieldInfo[] | undefined {
  const parts = key.split(".", maxParts + 1);
  if (parts.length > maxParts) return undefined;
  const path: RequestFieldInfo[] = [];
  let fields: RequestFields | undefined = route.query;
  for (const part of parts) {
    const field: RequestFieldInfo | undefined = fields === undefined ? undefined : lookUp(fields, part);
    if (field === undefined || (path.length === 0 && field.name === route.body?.name)) return undefined;
    path.push(field);
    fields = field.repeated ? undefined : field.fields;
  }
  return path;
}

const indexes = new WeakMap<RequestFields, ReadonlyMap<string, RequestFieldInfo>>();

function lookUp(fields: RequestFields, name: string): RequestFieldInfo | undefined {
  let index = indexes.get(fields);
  if (index === undefined) {
    const made = new Map<string, RequestFieldInfo>();
    const all = fields().map(fieldInfo);
    for (const field of all) made.set(field.name, field);
    for (const field of all) made.set(field.json, field);
    indexes.set(fields, (index = made));
  }
  return index.get(name);
}

/** The JSON of a field whose text came in a URL; the codec checks the rest. */
export function parameterValue(kind: FieldKind, text: string, name: string): JsonValue {
  switch (kind) {
    case "text":
      return text;
    case "bool":
      if (text === "true") return true;
      if (text === "false") return false;
      throw invalid(`${name} must be true or false`);
    case "enum":
      return /^-?[0-9]{1,10}$/.test(text) ? Number(text) : text;
    case "mask":
      return text.replace(/_+([a-z0-9])/g, (_, next: string) => next.toUpperCase());
    case "message":
    case "opaque":
      throw invalid(`${name} cannot be given in a URL`);
  }
}
