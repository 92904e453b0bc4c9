import { commentOf } from "../shared/print.js";
import { channelKey, schemaKey, type DocsContext } from "./context.js";
import type { BadgeView, FieldView } from "./field-view.js";
import { concat, escapeHtml, markup, nothing, type Html } from "./html.js";
import { badge, contractFields } from "./proto-fields.js";
import { describe, schemaFields, schemaType } from "./schema-fields.js";

/** A message or enum of the reference. */
export interface TypeView {
  readonly id: string;
  readonly name: Html;
  readonly fullName: Html;
  readonly kind: Html;
  readonly badges: readonly BadgeView[];
  readonly text: Html;
  /** For schemas that are no objects: their type. */
  readonly type: Html;
  readonly fields: readonly FieldView[];
  /** What uses it, as links. */
  readonly uses: Html;
}

/** All messages, by name. */
export function messageViews(context: DocsContext): readonly TypeView[] {
  const uses = collectUses(context);
  return context.messages.map((message) => ({
    id: context.anchors.of(`type:${message.typeName}`),
    name: escapeHtml(context.shortName(message.typeName)),
    fullName: escapeHtml(message.typeName),
    kind: escapeHtml("message"),
    badges: message.deprecated ? [badge("deprecated", "warn")] : [],
    text: context.text(commentOf(message.comments), message.typeName),
    type: nothing,
    fields: contractFields(context, message.typeName),
    uses: useLinks(uses, message.typeName),
  }));
}

/** All enums, by name; their values stand in the place of fields. */
export function enumViews(context: DocsContext): readonly TypeView[] {
  const uses = collectUses(context);
  return context.enums.map((found) => ({
    id: context.anchors.of(`type:${found.typeName}`),
    name: escapeHtml(context.shortName(found.typeName)),
    fullName: escapeHtml(found.typeName),
    kind: escapeHtml("enum"),
    badges: found.deprecated ? [badge("deprecated", "warn")] : [],
    text: context.text(commentOf(found.comments), found.typeName),
    type: nothing,
    fields: found.values.map((value) => ({
      name: escapeHtml(value.name),
      type: nothing,
      badges: [
        { label: markup`${value.number}`, tone: "num" },
        ...(value.deprecated ? [badge("deprecated", "warn")] : []),
      ],
      text: context.text(commentOf(value.comments), found.typeName),
      children: [],
      childrenLabel: "",
    })),
    uses: useLinks(uses, found.typeName),
  }));
}

/** The named schemas of AsyncAPI documents, in document order. */
export function schemaViews(context: DocsContext): readonly TypeView[] {
  return context.events.flatMap((file) =>
    file.schemas.map((named) => {
      const fields = schemaFields(context, file, named.schema);
      return {
        id: context.anchors.of(schemaKey(file, named.key)),
        name: escapeHtml(named.name),
        fullName: escapeHtml(file.path),
        kind: escapeHtml("schema"),
        badges: named.schema.deprecated ? [badge("deprecated", "warn")] : [],
        text: context.text(describe(named.schema)),
        type: fields.length === 0 ? schemaType(context, file, named.schema) : nothing,
        fields,
        uses: nothing,
      };
    }),
  );
}

/** Labels of uses by the id of their place in the page. */
type Uses = ReadonlyMap<string, string>;

/** For every type the methods, channels and types that refer to it, in the page's order. */
function collectUses(context: DocsContext): ReadonlyMap<string, Uses> {
  const uses = new Map<string, Map<string, string>>();
  function add(typeName: string, key: string, label: string): void {
    let all = uses.get(typeName);
    if (all === undefined) uses.set(typeName, (all = new Map()));
    all.set(context.anchors.of(key), label);
  }
  for (const service of context.services) {
    for (const method of service.methods) {
      for (const typeName of [method.input, method.output]) {
        add(typeName, `rpc:${method.typeName}`, `${service.name}.${method.name}`);
      }
    }
  }
  for (const file of context.events) {
    for (const channel of file.channels) {
      for (const { payload } of channel.messages) {
        if (payload.kind === "proto") add(payload.typeName, channelKey(file, channel.id), channel.id);
      }
    }
  }
  for (const message of context.messages) {
    for (const { type } of message.fields) {
      const value = type.kind === "map" ? type.value : type;
      if (value.kind === "scalar" || value.typeName === message.typeName) continue;
      add(value.typeName, `type:${message.typeName}`, context.shortName(message.typeName));
    }
  }
  return uses;
}

const mostUses = 12;

function useLinks(uses: ReadonlyMap<string, Uses>, typeName: string): Html {
  const all = [...(uses.get(typeName) ?? [])];
  const links = all
    .slice(0, mostUses)
    .map(([id, label]) => markup`<a href="#${escapeHtml(id)}">${escapeHtml(label)}</a>`);
  const more = all.length > mostUses ? markup` and ${all.length - mostUses} more` : nothing;
  return markup`${concat(links, markup`, `)}${more}`;
}
