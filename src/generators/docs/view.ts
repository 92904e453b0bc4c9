import { createHash } from "node:crypto";
import type { DocsContext } from "./context.js";
import { eventViews, type EventsView } from "./event-section.js";
import { count } from "./format.js";
import { escapeHtml, markup, jsonScript, nothing, type Html } from "./html.js";
import { layOut } from "./layout.js";
import { pageScript, themeScript } from "./page-script.js";
import { topologySvg } from "./picture.js";
import { restViews, type RestServiceView } from "./rest-section.js";
import { serviceViews, type ServiceView } from "./rpc-section.js";
import { searchEntries } from "./search.js";
import { topologyOf } from "./topology.js";
import { enumViews, messageViews, schemaViews, type TypeView } from "./type-section.js";

/** The whole page; `templates/docs/page.hbs` shows it. */
export interface PageView {
  readonly title: Html;
  /** Classes of the body: `large` pages lay out only what is near the view. */
  readonly size: Html;
  readonly policy: Html;
  readonly themeScript: Html;
  readonly pageScript: Html;
  readonly searchData: Html;
  readonly tiles: readonly TileView[];
  readonly sources: readonly SourceView[];
  /** Descriptions of the files, as blocks. */
  readonly text: Html;
  /** SVG; empty where there is nothing to draw. */
  readonly topology: Html;
  readonly topologyInferred: boolean;
  readonly rest: readonly RestServiceView[];
  readonly services: readonly ServiceView[];
  readonly events: readonly EventsView[];
  readonly messages: readonly TypeView[];
  readonly enums: readonly TypeView[];
  readonly schemas: readonly TypeView[];
  readonly hasTypes: boolean;
}

export interface TileView {
  readonly value: number;
  readonly label: Html;
  readonly href: Html;
}

export interface SourceView {
  readonly path: Html;
  readonly kind: Html;
  readonly name: Html;
  readonly content: Html;
}

const largePage = 250;

/** Builds the page from the contracts; asynchronous because the picture's layout is. */
export async function pageView(context: DocsContext): Promise<PageView> {
  const rest = restViews(context);
  const services = serviceViews(context);
  const events = eventViews(context);
  const messages = messageViews(context);
  const enums = enumViews(context);
  const schemas = schemaViews(context);
  const topology = topologyOf(context);
  const operations = rest.reduce((sum, service) => sum + service.operations.length, 0);
  const methods = services.reduce((sum, service) => sum + service.methods.length, 0);
  const channels = events.reduce((sum, document) => sum + document.channels.length, 0);
  const types = messages.length + enums.length + schemas.length;
  return {
    title: escapeHtml(pageTitle(context)),
    size: escapeHtml(operations + methods + channels + types > largePage ? "large" : ""),
    policy: contentPolicy(),
    themeScript,
    pageScript,
    searchData: jsonScript(searchEntries(context)),
    tiles: [
      tile(operations, "REST operation", "#rest"),
      tile(methods, "gRPC method", "#grpc"),
      tile(channels, "channel", "#events"),
      tile(types, "type", "#types"),
    ].filter((shown) => shown.value > 0),
    sources: sourceViews(context),
    text: fileTexts(context),
    topology: topology === undefined ? nothing : topologySvg(await layOut(topology)),
    topologyInferred: topology?.edges.some((edge) => edge.inferred) ?? false,
    rest,
    services,
    events,
    messages,
    enums,
    schemas,
    hasTypes: types > 0,
  };
}

function tile(value: number, label: string, href: string): TileView {
  return { value, label: escapeHtml(value === 1 ? label : `${label}s`), href: escapeHtml(href) };
}

/** The package that all services share, else the title of the only AsyncAPI document. */
function pageTitle(context: DocsContext): string {
  const packages = new Set(context.protos.filter((file) => file.services.length > 0).map((file) => file.package));
  const [first = "", ...others] = [...packages];
  const shared = others.reduce((prefix, next) => sharedPrefix(prefix, next), first);
  const title = context.events.length === 1 ? context.events[0]?.title : undefined;
  return shared || title || "API reference";
}

function sharedPrefix(a: string, b: string): string {
  const left = a.split(".");
  const right = b.split(".");
  let length = 0;
  while (length < left.length && left[length] === right[length]) length++;
  return left.slice(0, length).join(".");
}

function sourceViews(context: DocsContext): readonly SourceView[] {
  const protos = context.protos.map((file) => {
    const methods = file.services.reduce((sum, service) => sum + service.methods.length, 0);
    return {
      path: escapeHtml(file.path),
      kind: escapeHtml(file.edition === "" ? file.syntax : `edition ${file.edition}`),
      name: escapeHtml(file.package),
      content: escapeHtml(
        [
          ...(methods > 0 ? [count(methods, "method")] : []),
          ...(file.messages.length > 0 ? [count(file.messages.length, "message")] : []),
          ...(file.enums.length > 0 ? [count(file.enums.length, "enum")] : []),
        ].join(", "),
      ),
    };
  });
  const events = context.events.map((file) => ({
    path: escapeHtml(file.path),
    kind: escapeHtml(`AsyncAPI ${file.asyncapi}`),
    name: escapeHtml(file.title),
    content: escapeHtml(count(file.channels.length, "channel")),
  }));
  return [...protos, ...events];
}

/** What is said above a proto's `package`, licences aside; an AsyncAPI document has its own place. */
function fileTexts(context: DocsContext): Html {
  const texts = context.protos
    .filter((file) => file.services.length > 0)
    .flatMap((file) => file.header)
    .filter((text) => text.trim() !== "" && !/copyright|licen[cs]e|spdx/i.test(text));
  const first = texts.slice(0, 3).map((text) => context.text(text));
  return markup`${first[0] ?? nothing}${first[1] ?? nothing}${first[2] ?? nothing}`;
}

/** Nothing is fetched, and only our two scripts run: what a contract says cannot become code even by our mistake. */
function contentPolicy(): Html {
  const hashes = [themeScript, pageScript].map(
    (script) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`,
  );
  return escapeHtml(
    [
      "default-src 'none'",
      `script-src ${hashes.join(" ")}`,
      "style-src 'unsafe-inline'",
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
    ].join("; "),
  );
}
