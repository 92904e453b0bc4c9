import { emittedFiles } from "../../model/index.js";
import type { Enum, EventsFile, Message, Model, ProtoFile, Service } from "../../model/index.js";
import { createAnchors, type Anchors } from "./anchors.js";
import { escapeHtml, markup, type Html } from "./html.js";
import { renderMarkdown, renderSummary } from "./markdown.js";

/** What every section of the page is made with. */
export interface DocsContext {
  readonly model: Model;
  /** The files that the user asked for. */
  readonly protos: readonly ProtoFile[];
  readonly events: readonly EventsFile[];
  readonly services: readonly Service[];
  /** Messages and enums of those files, nested ones included, by short name. */
  readonly messages: readonly Message[];
  readonly enums: readonly Enum[];
  readonly anchors: Anchors;
  /** `User`, or more of the full name where several types are called that. */
  shortName(typeName: string): string;
  /** A message or enum as a link to its reference; well-known types as text. */
  typeLink(typeName: string): Html;
  /** A named schema of an AsyncAPI document as a link to its reference. */
  schemaLink(file: EventsFile, key: string): Html;
  /** A comment or description as blocks. `scope` is the full name it stands at; references are resolved from there. */
  text(source: string, scope?: string): Html;
  /** Its first sentence, inline. */
  summary(source: string, scope?: string): Html;
}

export function createDocsContext(model: Model): DocsContext {
  const files = emittedFiles(model);
  const protos = files.filter((file) => file.kind === "proto");
  const events = files.filter((file) => file.kind === "events");
  const shown = new Set(protos.map((file) => file.path));
  const messages = [...model.messages.values()].filter((message) => shown.has(message.file));
  const enums = [...model.enums.values()].filter((found) => shown.has(found.file));
  const services = protos.flatMap((file) => file.services);
  const names = shortNames([...messages, ...enums].map((type) => type.typeName));
  const anchors = createAnchors();

  const shortName = (typeName: string): string => names.get(typeName) ?? typeName.replace(/^google\.protobuf\./, "");
  const byName = (a: { readonly typeName: string }, b: { readonly typeName: string }): number =>
    compare(shortName(a.typeName), shortName(b.typeName)) || compare(a.typeName, b.typeName);
  messages.sort(byName);
  enums.sort(byName);

  // ids are given out in one order, whatever is linked first
  for (const service of services) {
    anchors.of(`service:${service.typeName}`);
    for (const method of service.methods) anchors.of(`rpc:${method.typeName}`);
  }
  for (const message of messages) anchors.of(`type:${message.typeName}`);
  for (const found of enums) anchors.of(`type:${found.typeName}`);
  for (const file of events) {
    for (const channel of file.channels) anchors.of(channelKey(file, channel.id));
    for (const schema of file.schemas) anchors.of(schemaKey(file, schema.key));
  }

  function resolve(target: string): string | undefined {
    const owner = target.slice(0, Math.max(0, target.lastIndexOf(".")));
    const id =
      anchors.find(`type:${target}`) ??
      anchors.find(`service:${target}`) ??
      anchors.find(`rpc:${target}`) ??
      // a field, an enum value
      (owner === "" ? undefined : anchors.find(`type:${owner}`));
    return id === undefined ? undefined : `#${id}`;
  }

  /** Full names first; others from the innermost scope outwards, as protoc looks names up. */
  function resolveFrom(scope: string | undefined): (target: string) => string | undefined {
    return (target) => {
      const full = resolve(target);
      if (full !== undefined || scope === undefined) return full;
      const parts = scope.split(".");
      for (let length = parts.length; length > 0; length--) {
        const found = resolve(`${parts.slice(0, length).join(".")}.${target}`);
        if (found !== undefined) return found;
      }
      return undefined;
    };
  }

  return {
    model,
    protos,
    events,
    services,
    messages,
    enums,
    anchors,
    shortName,
    typeLink(typeName) {
      const id = anchors.find(`type:${typeName}`);
      const label = escapeHtml(shortName(typeName));
      return id === undefined
        ? markup`<span title="${escapeHtml(typeName)}">${label}</span>`
        : markup`<a href="#${escapeHtml(id)}" title="${escapeHtml(typeName)}">${label}</a>`;
    },
    schemaLink(file, key) {
      const schema = file.schemas.find((candidate) => candidate.key === key);
      if (schema === undefined) return markup`<span>${escapeHtml(key)}</span>`;
      return markup`<a href="#${escapeHtml(anchors.of(schemaKey(file, key)))}">${escapeHtml(schema.name)}</a>`;
    },
    text: (source, scope) => renderMarkdown(source, resolveFrom(scope)),
    summary: (source, scope) => renderSummary(source, resolveFrom(scope)),
  };
}

/** The anchor key of a channel; ids of channels are unique in their document only. */
export function channelKey(file: EventsFile, id: string): string {
  return `channel:${file.path}#${id}`;
}

/** The anchor key of a named schema. */
export function schemaKey(file: EventsFile, key: string): string {
  return `schema:${file.path}#${key}`;
}

/** By code unit, the same everywhere. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** For every full name the shortest tail that no other type ends in. */
function shortNames(typeNames: readonly string[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  for (const typeName of typeNames) {
    for (const tail of tails(typeName)) counts.set(tail, (counts.get(tail) ?? 0) + 1);
  }
  return new Map(
    typeNames.map((typeName) => [typeName, tails(typeName).find((tail) => counts.get(tail) === 1) ?? typeName]),
  );
}

/** `a.b.C` → `C`, `b.C`, `a.b.C`. */
function tails(typeName: string): readonly string[] {
  const parts = typeName.split(".");
  return parts.map((_, at) => parts.slice(parts.length - 1 - at).join("."));
}
