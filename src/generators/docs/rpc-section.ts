import type { Method, MethodKind, Service } from "../../model/index.js";
import { commentOf } from "../shared/print.js";
import type { DocsContext } from "./context.js";
import type { BadgeView, FactView, SampleView } from "./field-view.js";
import { shellQuote } from "./format.js";
import { concat, escapeHtml, markup, nothing, type Html } from "./html.js";
import { highlightJson } from "./json.js";
import { messageExample } from "./proto-example.js";
import { policyFacts } from "./policy-facts.js";
import { badge } from "./proto-fields.js";

export interface ServiceView {
  readonly id: string;
  readonly name: Html;
  readonly fullName: Html;
  readonly file: Html;
  readonly badges: readonly BadgeView[];
  readonly text: Html;
  readonly methods: readonly MethodView[];
}

export interface MethodView {
  readonly id: string;
  readonly name: Html;
  readonly kind: Html;
  /** Class of the style sheet. */
  readonly kindTone: string;
  readonly badges: readonly BadgeView[];
  readonly text: Html;
  /** `stream Book → stream Author`, with links. */
  readonly signature: Html;
  readonly facts: readonly FactView[];
  readonly samples: readonly SampleView[];
}

/** The gRPC services, in schema order. */
export function serviceViews(context: DocsContext): readonly ServiceView[] {
  return context.services.map((service) => ({
    id: context.anchors.of(`service:${service.typeName}`),
    name: escapeHtml(service.name),
    fullName: escapeHtml(service.typeName),
    file: escapeHtml(service.file),
    badges: service.deprecated ? [badge("deprecated", "warn")] : [],
    text: context.text(commentOf(service.comments), service.typeName),
    methods: service.methods.map((method) => methodView(context, service, method)),
  }));
}

const kindLabels: Readonly<Record<MethodKind, string>> = {
  unary: "unary",
  server_streaming: "server stream",
  client_streaming: "client stream",
  bidi_streaming: "bidi stream",
};

function methodView(context: DocsContext, service: Service, method: Method): MethodView {
  const clientStreams = method.kind === "client_streaming" || method.kind === "bidi_streaming";
  const serverStreams = method.kind === "server_streaming" || method.kind === "bidi_streaming";
  const stream = markup`<span class="kw">stream</span> `;
  const input = markup`${clientStreams ? stream : nothing}${context.typeLink(method.input)}`;
  const output = markup`${serverStreams ? stream : nothing}${context.typeLink(method.output)}`;
  const request = messageExample(context.model, method.input, "request");
  return {
    id: context.anchors.of(`rpc:${method.typeName}`),
    name: escapeHtml(method.name),
    kind: escapeHtml(kindLabels[method.kind]),
    kindTone: method.kind === "unary" ? "unary" : "stream",
    badges: [
      ...(method.idempotency === "no_side_effects" ? [badge("no side effects", "info")] : []),
      ...(method.idempotency === "idempotent" ? [badge("idempotent", "info")] : []),
      ...(method.deprecated ? [badge("deprecated", "warn")] : []),
    ],
    text: context.text(commentOf(method.comments), method.typeName),
    signature: markup`${input} <span class="arrow" aria-label="returns">→</span> ${output}`,
    facts: [
      { label: escapeHtml("Path"), value: markup`<code>${escapeHtml(method.path)}</code>` },
      ...(method.routes.length === 0 ? [] : [{ label: escapeHtml("REST"), value: restLinks(context, method) }]),
      ...policyFacts(method.policy),
    ],
    samples: [
      {
        title: escapeHtml("grpcurl"),
        tone: "command",
        code: escapeHtml(grpcurlLine(service, method, JSON.stringify(request))),
      },
      { title: escapeHtml("Request"), tone: "json", code: highlightJson(request) },
      {
        title: escapeHtml("Response"),
        tone: "json",
        code: highlightJson(messageExample(context.model, method.output, "response")),
      },
    ],
  };
}

function restLinks(context: DocsContext, method: Method): Html {
  const links = method.routes.map((route, at) => {
    const id = context.anchors.of(`operation:${method.typeName}#${at}`);
    return markup`<a href="#${escapeHtml(id)}"><code>${escapeHtml(`${route.verb} ${route.path.source}`)}</code></a>`;
  });
  return concat(links, markup`<br />`);
}

function grpcurlLine(service: Service, method: Method, json: string): string {
  const target = shellQuote(`${service.typeName}/${method.name}`);
  return `grpcurl -plaintext -d ${shellQuote(json)} \\\n  localhost:50051 ${target}`;
}
