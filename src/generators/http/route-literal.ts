import { type Field, type Model, enumOf } from "../../model/index.js";
import { lowerCamel, safeProperty } from "../../plan/index.js";
import { type Literal, type ObjectLiteral, code, object } from "../shared/routes-literal.js";
import { requestFields } from "../shared/routes-fields.js";
import type { RoutePlan } from "../shared/routes.js";

/** A route as the runtime's `HttpRoute`. `tables` gives the name of a message's field table. */
export function routeLiteral(model: Model, plan: RoutePlan, tables: (typeName: string) => string): ObjectLiteral {
  return object({
    method: plan.method.name,
    verb: plan.verb,
    path: plan.route.path.source,
    segments: plan.segments,
    customVerb: plan.customVerb,
    variables: plan.variables.map(({ names, json, kind, start, end }) =>
      object({ field: names, json, kind, start, end }),
    ),
    query: plan.queryOf === undefined ? [] : code(tables(plan.queryOf)),
    body: bodyLiteral(plan),
    responseBody: responseBodyLiteral(model, plan),
    status: plan.status === 200 ? undefined : plan.status,
    location: plan.location,
  });
}

function bodyLiteral({ body }: RoutePlan): Literal | undefined {
  if (body.kind === "none") return undefined;
  const raw = body.raw ? true : undefined;
  if (body.kind === "message") return object({ name: "*", json: "*", raw });
  return object({ name: body.field.name, json: body.field.jsonName, raw });
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

/** The field table of a message. */
export function fieldsLiteral(model: Model, typeName: string, tables: (typeName: string) => string): Literal {
  return requestFields(model, typeName).map(({ field, kind, message }) =>
    object({
      name: field.name,
      json: field.jsonName,
      kind,
      repeated: field.repeated && kind !== "opaque" ? true : undefined,
      fields: message === undefined ? undefined : code(`() => ${tables(message)}`),
    }),
  );
}
