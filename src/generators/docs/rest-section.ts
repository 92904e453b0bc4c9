import { isSocket, planRoutes, type RoutePlan } from "../shared/routes.js";
import { commentOf } from "../shared/print.js";
import type { DocsContext } from "./context.js";
import type { BadgeView, FactView, FieldView, SampleView } from "./field-view.js";
import { escapeHtml, markup, nothing, type Html } from "./html.js";
import { highlightJson, jsonObject } from "./json.js";
import { afterFirstSentence } from "./markdown.js";
import { policyFacts } from "./policy-facts.js";
import { badge } from "./proto-fields.js";
import { curlLine, parameterViews, pathHtml, requestBody, responseContent, wscatLine } from "./rest-content.js";

export interface RestServiceView {
  readonly id: string;
  readonly name: Html;
  readonly text: Html;
  readonly operations: readonly RestOperationView[];
}

export interface RestOperationView {
  readonly id: string;
  readonly verb: Html;
  /** Class of the style sheet. */
  readonly verbTone: string;
  /** The path with its variables marked. */
  readonly path: Html;
  /** The first sentence of the comment, else the method's name. */
  readonly title: Html;
  /** The title, or the path where another route of the method has that title. */
  readonly label: Html;
  readonly badges: readonly BadgeView[];
  readonly text: Html;
  readonly facts: readonly FactView[];
  readonly parameters: readonly FieldView[];
  readonly body: Html;
  readonly bodyFields: readonly FieldView[];
  /** `201 Created`. */
  readonly status: Html;
  readonly response: Html;
  readonly responseFields: readonly FieldView[];
  /** Template of the `Location` header; empty without one. */
  readonly location: Html;
  readonly samples: readonly SampleView[];
}

/** The HTTP operations of every service that has some, in schema order. */
export function restViews(context: DocsContext): readonly RestServiceView[] {
  return context.services
    .filter((service) => service.methods.some((method) => method.routes.length > 0))
    .map((service) => ({
      id: context.anchors.of(`rest:${service.typeName}`),
      name: escapeHtml(service.name),
      text: context.text(commentOf(service.comments), service.typeName),
      operations: planRoutes(context.model, service).map((plan) => operationView(context, plan)),
    }));
}

function operationView(context: DocsContext, plan: RoutePlan): RestOperationView {
  const { service, method, index } = plan;
  const socket = isSocket(plan);
  const status = socket ? 101 : plan.status;
  const comment = commentOf(method.comments);
  const summary = context.summary(comment, method.typeName);
  const title = summary === nothing ? escapeHtml(words(method.name)) : summary;
  const rpcId = context.anchors.of(`rpc:${method.typeName}`);
  const clientStreams = method.kind === "client_streaming" || method.kind === "bidi_streaming";
  const serverStreams = method.kind === "server_streaming" || method.kind === "bidi_streaming";
  const body = requestBody(context, plan);
  const response = responseContent(context, plan);
  return {
    id: context.anchors.of(`operation:${method.typeName}#${index}`),
    verb: escapeHtml(socket ? "WS" : plan.verb === "*" ? "ANY" : plan.verb),
    verbTone: !socket && knownVerbs.has(plan.verb) ? plan.verb.toLowerCase() : "other",
    path: pathHtml(plan),
    title,
    label: index === 0 ? title : pathHtml(plan),
    badges: [
      ...(socket ? [badge("WebSocket", "info")] : []),
      ...(clientStreams ? [badge("streams its request", "info")] : []),
      ...(serverStreams ? [badge("streams its response", "info")] : []),
      ...(index > 0 ? [badge("further path of this method", "mute")] : []),
      ...(method.deprecated ? [badge("deprecated", "warn")] : []),
    ],
    text: index === 0 ? context.text(afterFirstSentence(comment), method.typeName) : nothing,
    facts: [
      {
        label: escapeHtml("Method"),
        value: markup`<a href="#${escapeHtml(rpcId)}">${escapeHtml(`${service.name}.${method.name}`)}</a>`,
      },
      ...policyFacts(method.policy),
    ],
    parameters: parameterViews(context, plan),
    body: body?.type ?? nothing,
    bodyFields: body?.fields ?? [],
    status: escapeHtml(`${status} ${reasons.get(status) ?? ""}`.trim()),
    response: response.type,
    // a further path answers the same: said once
    responseFields: index === 0 ? response.fields : [],
    location:
      method.policy.httpLocation === undefined
        ? nothing
        : markup`<code>${escapeHtml(method.policy.httpLocation)}</code>`,
    samples: [
      socket
        ? { title: escapeHtml("wscat"), tone: "command", code: escapeHtml(wscatLine(context.model, plan, body)) }
        : { title: escapeHtml("curl"), tone: "command", code: escapeHtml(curlLine(context.model, plan, body)) },
      ...(response.example === undefined || index > 0
        ? []
        : [
            {
              title: markup`Response ${status}${serverStreams ? markup`, one such object per ${escapeHtml(socket ? "frame" : "line")}` : nothing}`,
              tone: "json",
              code: highlightJson(serverStreams ? jsonObject([["result", response.example]]) : response.example),
            },
          ]),
    ],
  };
}

const knownVerbs: ReadonlySet<string> = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);

const reasons: ReadonlyMap<number, string> = new Map([
  [101, "Switching Protocols"],
  [200, "OK"],
  [201, "Created"],
  [202, "Accepted"],
  [203, "Non-Authoritative Information"],
  [204, "No Content"],
  [205, "Reset Content"],
  [206, "Partial Content"],
]);

/** `GetUserById` → `Get user by id`. */
function words(name: string): string {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/_+/g, " ");
  return (spaced[0] ?? "").toUpperCase() + spaced.slice(1).toLowerCase();
}
