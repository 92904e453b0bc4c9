import type { Field, JsonValue, Model } from "../../model/index.js";
import { queryParameters, type QueryParameter, type RoutePlan, type VariablePlan } from "../shared/routes.js";
import { commentOf } from "../shared/print.js";
import type { DocsContext } from "./context.js";
import type { FieldView } from "./field-view.js";
import { shellQuote } from "./format.js";
import { escapeHtml, markup, nothing, type Html } from "./html.js";
import { behaviours, fieldExample, messageExample, type ExampleUse } from "./proto-example.js";
import { badge, commonBadges, jsonFields, jsonType } from "./proto-fields.js";

/** What a request or response carries: its type with links, its fields, an example. */
export interface RestContent {
  readonly type: Html;
  readonly fields: readonly FieldView[];
  /** Undefined where it is not JSON. */
  readonly example: JsonValue | undefined;
}

const rawContent: RestContent = { type: escapeHtml("any content type"), fields: [], example: undefined };

/** The request body; undefined without one. */
export function requestBody(context: DocsContext, plan: RoutePlan): RestContent | undefined {
  const { body } = plan;
  if (body.kind === "none") return undefined;
  if (body.raw) return rawContent;
  if (body.kind === "field") return fieldContent(context, plan.method.input, body.field, "request");
  // a variable like `{book.name}` leaves the rest of `book` in the body
  const inPath = new Set(plan.variables.filter(({ names }) => names.length === 1).map(({ field }) => field.name));
  return {
    type: context.typeLink(plan.method.input),
    fields: jsonFields(context, plan.method.input, "request", inPath),
    example: messageExample(context.model, plan.method.input, "request", inPath),
  };
}

/** The response body: the output message, or the field that the route names. */
export function responseContent(context: DocsContext, plan: RoutePlan): RestContent {
  const { responseBody } = plan;
  const typeName = plan.method.output;
  if (responseBody.raw) return rawContent;
  if (responseBody.kind === "field") return fieldContent(context, typeName, responseBody.field, "response");
  return {
    type: context.typeLink(typeName),
    fields: jsonFields(context, typeName, "response"),
    example: messageExample(context.model, typeName, "response"),
  };
}

function fieldContent(context: DocsContext, typeName: string, field: Field, use: ExampleUse): RestContent {
  const whole = messageExample(context.model, typeName, use);
  const entries = typeof whole === "object" && whole !== null ? Object.entries(whole) : [];
  return {
    type: jsonType(context, field.type, field.repeated),
    fields: field.type.kind === "message" ? jsonFields(context, field.type.typeName, use) : [],
    example: entries.find(([name]) => name === field.jsonName)?.[1],
  };
}

const mostQuery = 100;

/** Path variables, then query parameters. */
export function parameterViews(context: DocsContext, plan: RoutePlan): readonly FieldView[] {
  const query = queryParameters(context.model, plan).parameters.filter(
    ({ field }) => !behaviours(field).has("OUTPUT_ONLY"),
  );
  return [
    ...plan.variables.map((variable) => pathParameter(context, variable)),
    ...query.slice(0, mostQuery).map((parameter) => queryParameter(context, parameter)),
  ];
}

function pathParameter(context: DocsContext, { names, field, pattern, single }: VariablePlan): FieldView {
  return {
    name: escapeHtml(names.join(".")),
    type: jsonType(context, field.type, field.repeated),
    badges: [
      badge("path", "req"),
      ...(single ? [] : [{ label: markup`like <code>${escapeHtml(pattern.join("/"))}</code>`, tone: "mute" }]),
    ],
    text: context.text(commentOf(field.comments), field.typeName),
    children: [],
    childrenLabel: "",
  };
}

function queryParameter(context: DocsContext, { json, field }: QueryParameter): FieldView {
  return {
    name: escapeHtml(json.join(".")),
    type: jsonType(context, field.type, field.repeated),
    badges: [badge("query", "mute"), ...commonBadges(field)],
    text: context.text(commentOf(field.comments), field.typeName),
    children: [],
    childrenLabel: "",
  };
}

/** A line for a shell. Every part is quoted: nothing of a contract runs when the line is pasted. */
export function curlLine(model: Model, plan: RoutePlan, body: RestContent | undefined): string {
  const verb = plan.verb === "*" ? "GET" : plan.verb;
  const method = verb === "GET" ? "" : `-X ${shellQuote(verb)} `;
  const parts = [`curl ${method}${shellQuote(`http://localhost:8080${examplePath(model, plan)}`)}`];
  if (body?.example !== undefined) {
    parts.push("-H 'content-type: application/json'", `-d ${shellQuote(JSON.stringify(body.example))}`);
  } else if (body !== undefined) {
    parts.push("--data-binary @file");
  }
  return parts.join(" \\\n  ");
}

/** The same for a WebSocket, with its first message. */
export function wscatLine(model: Model, plan: RoutePlan, body: RestContent | undefined): string {
  const line = `wscat -c ${shellQuote(`ws://localhost:8080${examplePath(model, plan)}`)}`;
  return body?.example === undefined ? line : `${line} \\\n  -x ${shellQuote(JSON.stringify(body.example))}`;
}

function examplePath(model: Model, plan: RoutePlan): string {
  const segments = [...plan.segments];
  for (const { field, single, start, end } of plan.variables) {
    for (let at = start; at < end; at++) {
      if (segments[at] === "*" || segments[at] === "**")
        segments[at] = single ? pathExample(fieldExample(model, field)) : "42";
    }
  }
  const verb = plan.customVerb === undefined ? "" : `:${plan.customVerb}`;
  return `/${segments.map((segment) => (/^\*\*?$/.test(segment) ? "any" : segment)).join("/")}${verb}`;
}

/** `Ada Lovelace` → `ada-lovelace`: readable in a path. */
function pathExample(text: string): string {
  return encodeURIComponent(text.toLowerCase() === text ? text : text.replace(/\s+/g, "-").toLowerCase());
}

/** Marks the variables of a path as written. */
export function pathHtml(plan: RoutePlan): Html {
  return plan.route.path.source
    .split(/(\{[^{}]*\})/)
    .reduce<Html>(
      (before, part) =>
        part.startsWith("{")
          ? markup`${before}<span class="var">${escapeHtml(part)}</span>`
          : markup`${before}${escapeHtml(part)}`,
      nothing,
    );
}
