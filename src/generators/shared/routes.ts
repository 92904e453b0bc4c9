import {
  type Field,
  type Message,
  type Method,
  type Model,
  type Route,
  type Service,
  messageOf,
} from "../../model/index.js";
import { type UrlKind, isHttpBody, requestFields, urlKind } from "./routes-fields.js";

/**
 * One HTTP binding with all that the gateway, the REST client and the OpenAPI document say about it. They read this
 * and nothing else, so that they cannot disagree.
 */
export interface RoutePlan {
  readonly service: Service;
  readonly method: Method;
  readonly route: Route;
  /** Position among the bindings of its method; 0 is the one clients use. */
  readonly index: number;
  /** Upper case; `*` takes any verb. */
  readonly verb: string;
  /** Literals, `*`, `**`. */
  readonly segments: readonly string[];
  readonly customVerb: string | undefined;
  readonly variables: readonly VariablePlan[];
  readonly body: BodyPlan;
  readonly responseBody: ResponseBodyPlan;
  /** Full name of the message whose fields may be query parameters; undefined when the body has all of them. */
  readonly queryOf: string | undefined;
  /** Status of success. */
  readonly status: number;
  readonly location: readonly LocationPart[] | undefined;
}

/** A path variable and the field it sets. */
export interface VariablePlan {
  /** Contract names from the request message down. */
  readonly names: readonly string[];
  readonly json: readonly string[];
  /** The innermost field. */
  readonly field: Field;
  readonly kind: UrlKind;
  readonly start: number;
  readonly end: number;
  /** One segment, and not `**`. */
  readonly single: boolean;
  /** Its own segments: `["shelves", "*"]`. */
  readonly pattern: readonly string[];
}

export type BodyPlan =
  | { readonly kind: "none" }
  /** The whole request message, less what the path holds. */
  | { readonly kind: "message"; readonly raw: boolean }
  | { readonly kind: "field"; readonly field: Field; readonly raw: boolean };

export type ResponseBodyPlan =
  | { readonly kind: "message"; readonly raw: boolean }
  | { readonly kind: "field"; readonly field: Field; readonly raw: boolean };

/** A text of the `Location` header, or a field of the response by its JSON names. */
export type LocationPart = string | readonly string[];

/** The plans of a service's routes, in schema order. */
export function planRoutes(model: Model, service: Service): readonly RoutePlan[] {
  return service.methods.flatMap((method) =>
    method.routes.map((route, index) => planRoute(model, service, method, route, index)),
  );
}

function planRoute(model: Model, service: Service, method: Method, route: Route, index: number): RoutePlan {
  const input = messageOf(model, method.input);
  const output = messageOf(model, method.output);
  const segments = route.path.segments.map((segment) =>
    segment.kind === "literal" ? segment.value : segment.kind === "one" ? "*" : "**",
  );
  const variables = route.path.variables.map(({ field: names, start, end }): VariablePlan => {
    const fields = fieldPath(model, input, names);
    const field = lastOf(fields);
    const pattern = segments.slice(start, end);
    return {
      names,
      json: fields.map(({ jsonName }) => jsonName),
      field,
      kind: urlKind(field),
      start,
      end,
      single: pattern.length === 1 && pattern[0] !== "**",
      pattern,
    };
  });
  return {
    service,
    method,
    route,
    index,
    verb: route.verb,
    segments,
    customVerb: route.path.customVerb,
    variables,
    ...(method.kind === "bidi_streaming"
      ? framePlans(input, output, route)
      : { body: bodyPlan(input, route.body), responseBody: responseBodyPlan(output, route.responseBody) }),
    queryOf: route.body === "*" ? undefined : input.typeName,
    status: method.policy.httpStatus ?? 200,
    location: locationPlan(model, output, method.policy.httpLocation),
  };
}

function bodyPlan(input: Message, body: string | undefined): BodyPlan {
  if (body === undefined) return { kind: "none" };
  if (body === "*") return { kind: "message", raw: input.typeName === "google.api.HttpBody" };
  const field = fieldOf(input, body);
  return { kind: "field", field, raw: isHttpBody(field) };
}

/** Over a WebSocket each message is a text, whether the binding has a body or not: never bytes, and never nothing. */
function framePlans(input: Message, output: Message, route: Route): Pick<RoutePlan, "body" | "responseBody"> {
  const body = bodyPlan(input, route.body ?? "*");
  return {
    body: body.kind === "none" ? body : { ...body, raw: false },
    responseBody: { ...responseBodyPlan(output, route.responseBody), raw: false },
  };
}

function responseBodyPlan(output: Message, name: string | undefined): ResponseBodyPlan {
  if (name === undefined || name === "" || name === "*") {
    return { kind: "message", raw: output.typeName === "google.api.HttpBody" };
  }
  const field = fieldOf(output, name);
  return { kind: "field", field, raw: isHttpBody(field) };
}

/** `/users/{id}` as texts and fields in turns. */
function locationPlan(
  model: Model,
  output: Message,
  template: string | undefined,
): readonly LocationPart[] | undefined {
  if (template === undefined || template === "") return undefined;
  return template
    .split(/(\{[^{}]*\})/)
    .filter((part) => part !== "")
    .map((part) => {
      if (!part.startsWith("{")) return part;
      return fieldPath(model, output, part.slice(1, -1).split(".")).map(({ jsonName }) => jsonName);
    });
}

/** The fields that names mean from a message down. @throws when the model is inconsistent, which is our bug. */
function fieldPath(model: Model, message: Message, names: readonly string[]): readonly Field[] {
  const fields: Field[] = [];
  let current: Message | undefined = message;
  for (const name of names) {
    if (current === undefined) throw new Error(`${message.typeName} has no field ${names.join(".")}`);
    const field = fieldOf(current, name);
    fields.push(field);
    current = field.type.kind === "message" ? messageOf(model, field.type.typeName) : undefined;
  }
  return fields;
}

function fieldOf(message: Message, name: string): Field {
  const field = message.fields.find((each) => each.name === name);
  if (field === undefined) throw new Error(`${message.typeName} has no field ${name}`);
  return field;
}

function lastOf(fields: readonly Field[]): Field {
  const field = fields.at(-1);
  if (field === undefined) throw new Error("a path variable names no field");
  return field;
}

/** A leaf field as a query parameter. */
export interface QueryParameter {
  /** JSON names from the request message down. */
  readonly json: readonly string[];
  readonly names: readonly string[];
  readonly field: Field;
  readonly kind: UrlKind;
}

/** The parameters of a route one by one. */
export interface QueryParameters {
  readonly parameters: readonly QueryParameter[];
  /** Dotted JSON names of messages that are not gone into again: recursion, or more parameters than anybody reads. */
  readonly cut: readonly string[];
}

const maxParameters = 500;
/** Fields looked at: messages without leaves could otherwise multiply without end. */
const maxVisits = 10_000;

/** The query parameters of a route: every leaf field that neither path nor body hold. */
export function queryParameters(model: Model, plan: RoutePlan): QueryParameters {
  const parameters: QueryParameter[] = [];
  const cut: string[] = [];
  let visits = 0;
  const bound = new Set(plan.variables.map(({ names }) => names.join(".")));
  const body = plan.body.kind === "field" ? plan.body.field.name : undefined;
  if (plan.queryOf !== undefined) walk(plan.queryOf, [], [], [plan.queryOf]);
  return { parameters, cut };

  function walk(typeName: string, names: readonly string[], json: readonly string[], above: readonly string[]): void {
    for (const { field, kind, message } of requestFields(model, typeName)) {
      if (++visits > maxVisits) return;
      const path = [...names, field.name];
      const jsonPath = [...json, field.jsonName];
      if (kind === "opaque" || bound.has(path.join(".")) || (names.length === 0 && field.name === body)) continue;
      if (message === undefined) {
        if (parameters.length >= maxParameters) return;
        parameters.push({ names: path, json: jsonPath, field, kind });
      } else if (above.includes(message) || parameters.length >= maxParameters) {
        if (cut.length < maxParameters) cut.push(jsonPath.join("."));
      } else {
        walk(message, path, jsonPath, [...above, message]);
      }
    }
  }
}

/** True for a route that is a WebSocket: whatever the verb of its binding, it takes upgrade requests and no others. */
export function isSocket({ method }: RoutePlan): boolean {
  return method.kind === "bidi_streaming";
}

/** The name of a route in what people read: `GET /v1/users/{id}`, `WEBSOCKET /v1/rooms/{room}`. */
export function routeName(plan: RoutePlan): string {
  return `${nameOfVerb(plan)} ${plan.route.path.source}`;
}

function nameOfVerb(plan: RoutePlan): string {
  return isSocket(plan) ? "WEBSOCKET" : plan.verb;
}

/** Two routes that take the same requests: verb, segments and custom verb are equal. */
export function routeKey(plan: RoutePlan): string {
  return `${nameOfVerb(plan)} /${plan.segments.join("/")}${plan.customVerb === undefined ? "" : `:${plan.customVerb}`}`;
}
