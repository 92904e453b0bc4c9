import { type Message, type Method, type Model, messageOf } from "../../model/index.js";
import {
  type Data,
  type DataObject,
  fieldTypeSchema,
  isBuiltIn,
  isRequired,
  messageSchema,
  typeSchema,
} from "../shared/json-schema.js";
import type { SchemaNames } from "../shared/json-schema-names.js";
import { commentText, firstSentence, nameInWords } from "../shared/json-schema-text.js";
import { type RoutePlan, isSocket, queryParameters } from "../shared/routes.js";
import type { DocumentPath, PathParameter } from "./paths.js";
import { policyFailures, securityOf } from "./security.js";

/** Full name of the message that every error is. */
export const statusType = "google.rpc.Status";

export interface OperationInput {
  readonly model: Model;
  readonly plan: RoutePlan;
  readonly path: DocumentPath;
  readonly names: SchemaNames;
  /** Unique in the document. */
  readonly id: string;
}

/** One binding as an OpenAPI operation. */
export function operation(input: OperationInput): DataObject {
  const { model, plan } = input;
  const { method, service } = plan;
  const comment = commentText(method.comments);
  const query = queryParameters(model, plan);
  const cut = query.cut.map((name) => `\`${name}\``).join(", ");
  const notes = [
    comment === "" ? `Calls \`${method.typeName}\`.` : comment,
    plan.verb === "*" && !isSocket(plan) ? "Takes any HTTP verb." : "",
    cut === "" ? "" : `Fields below ${cut} may be given as query parameters in the same way.`,
    streamNote(method),
  ];
  const parameters: readonly DataObject[] = [
    ...input.path.parameters.map((parameter) => pathParameter(input, parameter)),
    ...query.parameters.map(({ json, field }) => ({
      name: json.join("."),
      in: "query",
      description: commentText(field.comments) || undefined,
      required: isRequired(field) && json.length === 1 ? true : undefined,
      deprecated: field.deprecated ? true : undefined,
      schema: fieldTypeSchema(field, input.names),
    })),
  ];
  return {
    operationId: input.id,
    summary: firstSentence(comment) || nameInWords(method.name),
    description: notes.filter((note) => note !== "").join("\n\n"),
    tags: [service.name],
    deprecated: method.deprecated || service.deprecated ? true : undefined,
    "x-streaming": method.kind === "unary" ? undefined : streamingSide(method),
    parameters: parameters.length === 0 ? undefined : parameters,
    requestBody: isSocket(plan) ? undefined : requestBody(input),
    responses: isSocket(plan) ? socketResponses(input) : responses(input),
    "x-websocket": isSocket(plan) ? socketFrames(input) : undefined,
    security: securityOf(plan.method),
  };
}

function streamingSide({ kind }: Method): string {
  return kind === "server_streaming" ? "server" : kind === "client_streaming" ? "client" : "both";
}

function streamNote({ kind }: Method): string {
  switch (kind) {
    case "unary":
      return "";
    case "server_streaming":
      return (
        "Streams its answer: one JSON object per line, each with a `result`, or with an `error` as the last; " +
        "as server-sent events when `Accept` asks for `text/event-stream`."
      );
    case "client_streaming":
      return "Takes a stream of messages: one JSON object per line.";
    case "bidi_streaming":
      return (
        "Opens a WebSocket that streams in both directions. Each text frame of the client is a message as JSON, an " +
        "empty one ends them; each frame of the server has a `result`, the last of a call that failed an `error`."
      );
  }
}

function pathParameter({ names }: OperationInput, { name, variable, rest }: PathParameter): DataObject {
  const alone = variable?.pattern.length === 1;
  const comment = variable === undefined ? "" : commentText(variable.field.comments);
  const part =
    variable === undefined || alone ? "" : `Part of \`${variable.json.join(".")}\`, \`${variable.pattern.join("/")}\`.`;
  const slashes = rest ? "May hold several segments, with slashes between them." : "";
  const description = [comment, part, slashes].filter((text) => text !== "").join("\n\n");
  return {
    name,
    in: "path",
    description: description === "" ? undefined : description,
    required: true,
    schema: variable !== undefined && alone ? fieldTypeSchema(variable.field, names) : { type: "string" },
  };
}

function requestBody({ model, plan, names }: OperationInput): DataObject | undefined {
  const { body, method } = plan;
  if (body.kind === "none") return undefined;
  if (body.raw) return { required: true, content: { "*/*": { schema: { type: "string", format: "binary" } } } };
  const type = method.kind === "client_streaming" ? "application/x-ndjson" : "application/json";
  const comment = body.kind === "field" ? commentText(body.field.comments) : "";
  return {
    description: comment === "" ? undefined : comment,
    required: true,
    content: { [type]: { schema: bodySchema(model, plan, names) } },
  };
}

/** The body's schema without the fields that the path holds. */
function bodySchema(model: Model, { body, method, variables }: RoutePlan, names: SchemaNames): DataObject {
  if (body.kind === "field") {
    const { field } = body;
    const below = variables.filter(({ names: [first] }) => first === field.name).map((each) => each.names.slice(1));
    const message =
      field.type.kind === "message" && !field.repeated ? writtenOut(model, field.type.typeName) : undefined;
    return below.length === 0 || message === undefined
      ? fieldTypeSchema(field, names)
      : messageSchema(message, model, names, below);
  }
  const message = writtenOut(model, method.input);
  return variables.length === 0 || message === undefined
    ? typeSchema(method.input, names)
    : messageSchema(
        message,
        model,
        names,
        variables.map((each) => each.names),
      );
}

function writtenOut(model: Model, typeName: string): Message | undefined {
  return isBuiltIn(typeName) ? undefined : messageOf(model, typeName);
}

function responses({ plan, names }: OperationInput): DataObject {
  const error = { description: "An error.", content: json(typeSchema(statusType, names)) };
  const failures = Object.fromEntries(
    policyFailures(plan.method).map(({ status, ...failure }) => [status, { ...failure, content: error.content }]),
  );
  const headers =
    plan.location === undefined
      ? undefined
      : {
          Location: {
            description: `Where the result is found: \`${locationText(plan)}\`.`,
            schema: { type: "string", format: "uri-reference" },
          },
        };
  const content = plan.status === 204 || plan.status === 205 ? undefined : responseContent(plan, names);
  return { [String(plan.status)]: { description: successText(plan), headers, content }, ...failures, default: error };
}

/** Once the WebSocket is open, failures are frames. */
function socketResponses({ names }: OperationInput): DataObject {
  return {
    "101": { description: "The WebSocket is open." },
    default: { description: "An error.", content: json(typeSchema(statusType, names)) },
  };
}

/** What the frames of either side hold. */
function socketFrames({ model, plan, names }: OperationInput): DataObject {
  return { client: bodySchema(model, plan, names), server: resultOrError(plan, names) };
}

function locationText({ location }: RoutePlan): string {
  return (location ?? []).map((part) => (typeof part === "string" ? part : `{${part.join(".")}}`)).join("");
}

function successText({ status, method }: RoutePlan): string {
  if (method.kind === "server_streaming") return "A stream of messages.";
  const texts: Readonly<Record<number, string>> = { 201: "Created.", 202: "Accepted.", 204: "Done." };
  return texts[status] ?? "Success.";
}

function responseContent(plan: RoutePlan, names: SchemaNames): DataObject {
  if (plan.responseBody.raw) return { "*/*": { schema: { type: "string", format: "binary" } } };
  const schema = resultSchema(plan, names);
  if (plan.method.kind !== "server_streaming") return json(schema);
  return { "application/x-ndjson": { schema: resultOrError(plan, names) }, "text/event-stream": { schema } };
}

function resultSchema({ responseBody, method }: RoutePlan, names: SchemaNames): DataObject {
  return responseBody.kind === "field" ? fieldTypeSchema(responseBody.field, names) : typeSchema(method.output, names);
}

/** A message of a stream. */
function resultOrError(plan: RoutePlan, names: SchemaNames): DataObject {
  return { type: "object", properties: { result: resultSchema(plan, names), error: typeSchema(statusType, names) } };
}

function json(schema: Data): DataObject {
  return { "application/json": { schema } };
}
