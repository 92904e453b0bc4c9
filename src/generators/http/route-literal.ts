import { type Field, type Model, enumOf } from "../../model/index.js";
import { lowerCamel, safeProperty } from "../../plan/index.js";
import { type Literal, type ObjectLiteral, call, code, object } from "../shared/routes-literal.js";
import { requestFields } from "../shared/routes-fields.js";
import type { RoutePlan } from "../shared/routes.js";

/** A route as the runtime's `HttpRoute`. `tables` gives the name of a message's field table. */
export function routeLiteral(model: Model, plan: RoutePlan, tables: (typeName: string) => string): ObjectLiteral {
  return object({
    method: plan.method.name,
    verb: plan.verb,
    path: plan.route.path.source,
    variables: variablesLiteral(plan),
    query: plan.queryOf === undefined ? undefined : code(tables(plan.queryOf)),
    body: bodyLiteral(plan),
    responseBody: responseBodyLiteral(model, plan),
    status: plan.status === 200 ? undefined : plan.status,
    location: plan.location,
  });
}

/** Those that the template does not describe in full. */
function variablesLiteral({ variables }: RoutePlan): Literal | undefined {
  const special = variables.filter(
    ({ names, json, kind }) => kind !== "text" || json.some((name, i) => name !== lowerCamel(names[i] ?? "")),
  );
  if (special.length === 0) return undefined;
  return special.map(({ names, json, kind }) => object({ field: names, json, kind }));
}

function bodyLiteral({ body }: RoutePlan): Literal | undefined {
  if (body.kind === "none") return undefined;
  const raw = body.raw ? true : undefined;
  const { name, jsonName } = body.kind === "message" ? { name: "*", jsonName: "*" } : body.field;
  return raw === undefined && jsonName === lowerCamel(name) ? name : object({ name, json: jsonName, raw });
}

function responseBodyLiteral(model: Model, { responseBody: part }: RoutePlan): Literal | undefined {
  if (part.kind === "message") return part.raw ? object({ json: "*", empty: code("null"), raw: [] }) : undefined;
  const { field } = part;
  const property = safeProperty(lowerCamel(field.name));
  const path = field.oneof === undefined ? [property] : [safeProperty(lowerCamel(field.oneof)), "value"];
  return object({ json: field.jsonName, empty: code(emptyJson(model, field)), raw: part.raw ? path : undefined });
}

/** What ProtoJSON leaves out when a field has its default. */
function emptyJson(model: Model, { type, repeated, presence }: Field): string {
  if (repeated) return "[]";
  if (type.kind === "map") return "{}";
  if (type.kind === "message" || presence === "explicit") return "null";
  if (type.kind === "enum") return JSON.stringify(enumOf(model, type.typeName).values[0]?.name ?? 0);
  switch (type.scalar) {
    case "bool":
      return "false";
    case "string":
    case "bytes":
      return '""';
    case "int64":
    case "uint64":
    case "sint64":
    case "fixed64":
    case "sfixed64":
      return '"0"';
    default:
      return "0";
  }
}

/** The field table of a message. `runtime` imports a function of the runtime and gives its name. */
export function fieldsLiteral(
  model: Model,
  typeName: string,
  tables: (typeName: string) => string,
  runtime: (name: string) => string,
): Literal {
  return requestFields(model, typeName).map(({ field: { name, jsonName, repeated }, kind, message }) => {
    const options = jsonName === lowerCamel(name) ? undefined : object({ json: jsonName });
    const fields = message === undefined ? undefined : code(tables(message));
    const plain = kind === "text" && options === undefined;
    const item = plain ? name : call(runtime(`${kind}Field`), name, fields, options);
    return repeated && kind !== "opaque" ? call(runtime("repeatedField"), item) : item;
  });
}
