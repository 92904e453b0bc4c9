import type { Field, FieldType, ScalarType, ValueType } from "../../model/index.js";
import { commentOf } from "../shared/print.js";
import type { DocsContext } from "./context.js";
import type { BadgeView, FieldView } from "./field-view.js";
import { count } from "./format.js";
import { concat, escapeHtml, markup, nothing, type Html } from "./html.js";
import { behaviours, type ExampleUse } from "./proto-example.js";

const deepest = 3;
const mostRows = 150;

/** The fields of a message as its contract has them: proto names, types and numbers. */
export function contractFields(context: DocsContext, typeName: string): readonly FieldView[] {
  const message = context.model.messages.get(typeName);
  return (message?.fields ?? []).map((field) => ({
    name: markup`${escapeHtml(field.name)}`,
    type: contractType(context, field),
    badges: [
      { label: markup`${field.number}`, tone: "num" },
      ...(field.presence === "explicit" && field.oneof === undefined && field.type.kind !== "message"
        ? [{ label: escapeHtml("optional"), tone: "mute" }]
        : []),
      ...commonBadges(field),
      ...(field.jsonName === plainJsonName(field.name)
        ? []
        : [{ label: markup`JSON <code>${escapeHtml(field.jsonName)}</code>`, tone: "mute" }]),
    ],
    text: context.text(commentOf(field.comments), field.typeName),
    children: [],
    childrenLabel: "",
  }));
}

/** The fields of a message as JSON carries them, nested messages unfolded a few levels deep. */
export function jsonFields(
  context: DocsContext,
  typeName: string,
  use: ExampleUse,
  leaveOut: ReadonlySet<string> = new Set(),
): readonly FieldView[] {
  let left = mostRows;

  function of(name: string, path: readonly string[], skip: ReadonlySet<string>): readonly FieldView[] {
    const fields = context.model.messages.get(name)?.fields ?? [];
    return fields
      .filter((field) => !skip.has(field.name) && !behaviours(field).has(hiddenFrom[use]) && left-- > 0)
      .map((field) => {
        const value = field.type.kind === "map" ? field.type.value : field.type;
        const nested = value.kind === "message" ? value.typeName : undefined;
        const unfold = nested !== undefined && unfolds(nested) && path.length < deepest && !path.includes(nested);
        const children = unfold ? of(nested, [...path, nested], new Set()) : [];
        return {
          name: escapeHtml(field.jsonName),
          type: jsonType(context, field.type, field.repeated),
          badges: commonBadges(field),
          text: context.text(commentOf(field.comments), field.typeName),
          children,
          childrenLabel: count(children.length, "field"),
        };
      });
  }

  return of(typeName, [typeName], leaveOut);
}

const hiddenFrom = { request: "OUTPUT_ONLY", response: "INPUT_ONLY" } as const;

/** Well-known types have a JSON form of their own. */
function unfolds(typeName: string): boolean {
  return !typeName.startsWith("google.protobuf.");
}

/** What a field is beyond its type. */
export function commonBadges(field: Field): readonly BadgeView[] {
  const behaviour = behaviours(field);
  const badges: BadgeView[] = [];
  if (field.presence === "required" || behaviour.has("REQUIRED")) badges.push(badge("required", "req"));
  if (field.oneof !== undefined) {
    badges.push({ label: markup`one of <code>${escapeHtml(field.oneof)}</code>`, tone: "info" });
  }
  if (behaviour.has("OUTPUT_ONLY")) badges.push(badge("set by the server", "mute"));
  if (behaviour.has("INPUT_ONLY")) badges.push(badge("never returned", "mute"));
  if (behaviour.has("IMMUTABLE")) badges.push(badge("immutable", "mute"));
  if (field.default !== undefined && !(field.default instanceof Uint8Array)) {
    badges.push({ label: markup`default <code>${escapeHtml(String(field.default))}</code>`, tone: "mute" });
  }
  if (field.deprecated) badges.push(badge("deprecated", "warn"));
  return badges;
}

/** A badge of plain text. */
export function badge(label: string, tone: string): BadgeView {
  return { label: escapeHtml(label), tone };
}

function contractType(context: DocsContext, field: Field): Html {
  const { type } = field;
  if (type.kind === "map") {
    return markup`map&lt;${escapeHtml(type.key)}, ${contractValue(context, type.value)}&gt;`;
  }
  return markup`${field.repeated ? markup`repeated ` : nothing}${contractValue(context, type)}`;
}

function contractValue(context: DocsContext, type: ValueType): Html {
  return type.kind === "scalar" ? escapeHtml(type.scalar) : context.typeLink(type.typeName);
}

/** A field's type in ProtoJSON. */
export function jsonType(context: DocsContext, type: FieldType, repeated: boolean): Html {
  if (type.kind === "map") return markup`map of ${jsonValue(context, type.value)}`;
  const value = jsonValue(context, type);
  return repeated ? markup`array of ${value}` : value;
}

function jsonValue(context: DocsContext, type: ValueType): Html {
  switch (type.kind) {
    case "scalar":
      return withFormat(scalarJson[type.scalar]);
    case "enum": {
      const values = context.model.enums.get(type.typeName)?.values ?? [];
      return markup`${context.typeLink(type.typeName)}${enumHint(values.map((value) => value.name))}`;
    }
    case "message": {
      const known = wellKnownJson.get(type.typeName);
      return known === undefined ? context.typeLink(type.typeName) : withFormat(known);
    }
  }
}

/** The first names of an enum, so that readers need not follow the link for a short one. */
export function enumHint(names: readonly string[]): Html {
  if (names.length === 0) return nothing;
  const shown = names.slice(0, 6).map((name) => markup`<code>${escapeHtml(name)}</code>`);
  const more = names.length > 6 ? markup` and ${names.length - 6} more` : nothing;
  return markup`<span class="values">${concat(shown, markup` `)}${more}</span>`;
}

function withFormat([type, format]: readonly [string, string]): Html {
  if (format === "") return escapeHtml(type);
  return markup`${escapeHtml(type)} <span class="format">${escapeHtml(format)}</span>`;
}

/** `user_id` → `userId`, protoc's rule. */
function plainJsonName(name: string): string {
  return name.replace(/_+(.)?/g, (_, next: string | undefined) => (next ?? "").toUpperCase());
}

const scalarJson: Readonly<Record<ScalarType, readonly [string, string]>> = {
  double: ["number", "double"],
  float: ["number", "float"],
  int32: ["integer", "int32"],
  int64: ["string", "int64"],
  uint32: ["integer", "uint32"],
  uint64: ["string", "uint64"],
  sint32: ["integer", "int32"],
  sint64: ["string", "int64"],
  fixed32: ["integer", "uint32"],
  fixed64: ["string", "uint64"],
  sfixed32: ["integer", "int32"],
  sfixed64: ["string", "int64"],
  bool: ["boolean", ""],
  string: ["string", ""],
  bytes: ["string", "base64"],
};

const wellKnownJson: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["google.protobuf.Timestamp", ["string", "date-time"]],
  ["google.protobuf.Duration", ["string", "duration, 3.5s"]],
  ["google.protobuf.FieldMask", ["string", "field mask, a,b.c"]],
  ["google.protobuf.Empty", ["object", "empty"]],
  ["google.protobuf.Struct", ["object", "any JSON"]],
  ["google.protobuf.Value", ["any JSON", ""]],
  ["google.protobuf.ListValue", ["array", "any JSON"]],
  ["google.protobuf.Any", ["object", "with @type"]],
  ["google.protobuf.DoubleValue", ["number", "or null"]],
  ["google.protobuf.FloatValue", ["number", "or null"]],
  ["google.protobuf.Int64Value", ["string", "int64 or null"]],
  ["google.protobuf.UInt64Value", ["string", "uint64 or null"]],
  ["google.protobuf.Int32Value", ["integer", "or null"]],
  ["google.protobuf.UInt32Value", ["integer", "or null"]],
  ["google.protobuf.BoolValue", ["boolean", "or null"]],
  ["google.protobuf.StringValue", ["string", "or null"]],
  ["google.protobuf.BytesValue", ["string", "base64 or null"]],
]);
