import type { EventsFile, JsonValue, Schema } from "../../model/index.js";
import type { DocsContext } from "./context.js";
import type { BadgeView, FieldView } from "./field-view.js";
import { count } from "./format.js";
import { concat, escapeHtml, markup, nothing, type Html } from "./html.js";
import { badge } from "./proto-fields.js";

const deepest = 4;
const mostRows = 250;

/** The properties of a JSON schema; of several that hold at once (`allOf`) all of them. Empty for other types. */
export function schemaFields(context: DocsContext, file: EventsFile, root: Schema): readonly FieldView[] {
  let left = mostRows;

  function of(schema: Schema, depth: number, open: readonly string[]): readonly FieldView[] {
    switch (schema.kind) {
      case "object": {
        const rows = schema.properties
          .filter(() => left-- > 0)
          .map(({ name, required, readOnly, schema: property }): FieldView => {
            const children = depth < deepest ? of(unwrapItems(property), depth + 1, open) : [];
            return {
              name: escapeHtml(name),
              type: schemaType(context, file, property),
              badges: [
                ...(required ? [badge("required", "req")] : []),
                ...(readOnly ? [badge("read only", "mute")] : []),
                ...constraints(property),
              ],
              text: context.text(describe(property)),
              // named schemas have their own place in the reference
              children: unwrapItems(property).kind === "ref" ? [] : children,
              childrenLabel: count(children.length, "property", "properties"),
            };
          });
        return [...rows, ...patternRows(context, file, schema)];
      }
      case "intersection":
        return schema.members.flatMap((member) => of(member, depth, open));
      case "ref": {
        const target = file.schemas.find((candidate) => candidate.key === schema.key);
        if (target === undefined || open.includes(schema.key)) return [];
        return of(target.schema, depth, [...open, schema.key]);
      }
      default:
        return [];
    }
  }

  return of(root, 0, []);
}

function patternRows(
  context: DocsContext,
  file: EventsFile,
  schema: Extract<Schema, { readonly kind: "object" }>,
): readonly FieldView[] {
  const patterns = schema.patternProperties.map((pattern) => ({
    name: markup`/${escapeHtml(pattern.pattern)}/`,
    schema: pattern.schema,
  }));
  const { additional } = schema;
  const others =
    additional === undefined || additional.kind === "never" ? [] : [{ name: escapeHtml("*"), schema: additional }];
  return [...patterns, ...others].map(({ name, schema: value }) => ({
    name,
    type: schemaType(context, file, value),
    badges: [],
    text: context.text(describe(value)),
    children: [],
    childrenLabel: "",
  }));
}

function unwrapItems(schema: Schema): Schema {
  return schema.kind === "array" && schema.prefix.length === 0 ? schema.items : schema;
}

/** Title and description of a schema, as one text. */
export function describe(schema: Schema): string {
  if (schema.description !== "") return schema.description;
  return schema.title;
}

/** A schema's type in a line, with links to named ones. */
export function schemaType(context: DocsContext, file: EventsFile, schema: Schema, depth = 0): Html {
  if (depth > deepest) return escapeHtml("…");
  const inner = (member: Schema): Html => schemaType(context, file, member, depth + 1);
  switch (schema.kind) {
    case "any":
      return escapeHtml("any JSON");
    case "never":
      return escapeHtml("nothing");
    case "null":
    case "boolean":
    case "bytes":
    case "long":
      return escapeHtml(schema.kind);
    case "string":
    case "integer":
    case "number":
      return schema.format === undefined
        ? escapeHtml(schema.kind)
        : markup`${escapeHtml(schema.kind)} <span class="format">${escapeHtml(schema.format)}</span>`;
    case "enum":
      return enumType(schema.values);
    case "array":
      if (schema.prefix.length > 0) return markup`[${concat(schema.prefix.slice(0, 8).map(inner), markup`, `)}]`;
      return markup`array of ${inner(schema.items)}`;
    case "object":
      if (schema.properties.length === 0 && schema.additional !== undefined && schema.additional.kind !== "never") {
        return markup`map of ${inner(schema.additional)}`;
      }
      return escapeHtml("object");
    case "union":
      return concat(schema.members.slice(0, 12).map(inner), markup` or `);
    case "intersection":
      return concat(schema.members.slice(0, 12).map(inner), markup` and `);
    case "ref":
      return context.schemaLink(file, schema.key);
    case "proto":
      return context.typeLink(schema.typeName);
  }
}

function enumType(values: readonly JsonValue[]): Html {
  const shown = values.slice(0, 8).map((value) => markup`<code>${escapeHtml(JSON.stringify(value))}</code>`);
  const more = values.length > 8 ? markup` and ${values.length - 8} more` : nothing;
  return markup`<span class="values">${concat(shown, markup` `)}${more}</span>`;
}

/** What a value must satisfy beyond its type. */
function constraints(schema: Schema): readonly BadgeView[] {
  const badges: BadgeView[] = [];
  const range = (low: number | undefined, high: number | undefined, unit: string): void => {
    if (low === undefined && high === undefined) return;
    const text =
      low === high ? `${low}` : high === undefined ? `≥ ${low}` : low === undefined ? `≤ ${high}` : `${low}–${high}`;
    badges.push(badge(`${text}${unit}`, "mute"));
  };
  switch (schema.kind) {
    case "string":
      range(schema.minLength, schema.maxLength, " characters");
      if (schema.pattern !== undefined) {
        badges.push({ label: markup`matches <code>${escapeHtml(schema.pattern)}</code>`, tone: "mute" });
      }
      break;
    case "integer":
    case "number":
      range(schema.minimum, schema.maximum, "");
      if (schema.exclusiveMinimum !== undefined) badges.push(badge(`> ${schema.exclusiveMinimum}`, "mute"));
      if (schema.exclusiveMaximum !== undefined) badges.push(badge(`< ${schema.exclusiveMaximum}`, "mute"));
      if (schema.multipleOf !== undefined) badges.push(badge(`multiple of ${schema.multipleOf}`, "mute"));
      break;
    case "array":
      range(schema.minItems, schema.maxItems, " items");
      if (schema.uniqueItems) badges.push(badge("unique", "mute"));
      break;
    default:
  }
  if (schema.default !== undefined) {
    badges.push({ label: markup`default <code>${escapeHtml(JSON.stringify(schema.default))}</code>`, tone: "mute" });
  }
  if (schema.deprecated) badges.push(badge("deprecated", "warn"));
  return badges;
}
