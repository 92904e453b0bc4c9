import type { Field, Model } from "../../model/index.js";
import { lowerCamel } from "../../plan/index.js";
import { requestFields } from "../shared/routes-fields.js";
import { type Literal, type ObjectLiteral, call, code, object } from "../shared/routes-literal.js";
import { type RoutePlan, type VariablePlan, isSocket } from "../shared/routes.js";

/** Names that a route's literal refers to. */
export interface RouteNames {
  readonly input: string;
  readonly output: string;
  /** The name of a message's field table. */
  readonly tables: (typeName: string) => string;
}

/**
 * The binding that a client uses: the first whose URL it can build. A wildcard outside of a variable has no field
 * that would fill it.
 */
export function clientPlan(plans: readonly RoutePlan[]): RoutePlan | undefined {
  return plans.find(({ segments, variables }) =>
    segments.every((segment, i) => segment !== "*" || variables.some(({ start, end }) => start <= i && i < end)),
  );
}

/** A route as the runtime's `RestRoute`. */
export function routeLiteral(plan: RoutePlan, { input, output, tables }: RouteNames): ObjectLiteral {
  const { body, responseBody } = plan;
  const query = clientQuery(plan);
  return object({
    name: plan.method.typeName,
    input: code(input),
    output: code(output),
    verb: clientVerb(plan),
    path: pathLiteral(plan),
    query: query === undefined ? undefined : code(tables(query)),
    body: body.kind === "none" ? undefined : body.kind === "message" ? "*" : body.field.jsonName,
    rawBody: body.kind !== "none" && body.raw ? true : undefined,
    responseBody: responseBody.kind === "field" ? responseBody.field.jsonName : undefined,
    rawResponse: responseBody.raw ? true : undefined,
  });
}

/** The message whose fields a client puts into the query: none where the body holds all of them. */
export function clientQuery({ body, queryOf }: RoutePlan): string | undefined {
  return body.kind === "message" ? undefined : queryOf;
}

function clientVerb(plan: RoutePlan): string {
  const { verb, body } = plan;
  if (isSocket(plan)) return "GET";
  return verb === "*" ? (body.kind === "none" ? "GET" : "POST") : verb;
}

/** The template where it says all; else texts and variables in turns. */
function pathLiteral({ route, segments, variables, customVerb }: RoutePlan): Literal {
  const says = ({ names, json, field }: VariablePlan): boolean =>
    emptyText(field) === undefined && json.every((name, i) => name === lowerCamel(names[i] ?? ""));
  if (variables.every(says)) return route.path.source;
  const parts: Literal[] = [];
  let text = "";
  for (let i = 0; i < segments.length; i++) {
    text += "/";
    const variable = variables.find(({ start }) => start === i);
    if (variable === undefined) {
      // a free `**` may stand for no segment at all
      if (segments[i] === "**") text = text.slice(0, -1);
      else text += segments[i] ?? "";
      continue;
    }
    parts.push(text, variableLiteral(variable));
    text = "";
    i = variable.end - 1;
  }
  if (segments.length === 0) text = "/";
  if (customVerb !== undefined) text += `:${customVerb}`;
  return text === "" ? parts : [...parts, text];
}

function variableLiteral({ json, pattern, field }: VariablePlan): Literal {
  return object({ json, pattern, empty: emptyText(field) });
}

/** What a default looks like that ProtoJSON leaves out. */
function emptyText({ type, presence }: Field): string | undefined {
  if (presence === "explicit") return undefined;
  if (type.kind === "enum") return "0";
  if (type.kind !== "scalar" || type.scalar === "string" || type.scalar === "bytes") return undefined;
  return type.scalar === "bool" ? "false" : "0";
}

/** The field table of a message: names, and calls where there is more to say. `runtime` imports a function. */
export function fieldsLiteral(
  model: Model,
  typeName: string,
  tables: (typeName: string) => string,
  runtime: (name: string) => string,
): Literal {
  return requestFields(model, typeName).map(({ field: { jsonName }, kind, message }) => {
    if (message !== undefined) return call(runtime("messageField"), jsonName, code(tables(message)));
    return kind === "opaque" ? call(runtime("opaqueField"), jsonName) : jsonName;
  });
}
