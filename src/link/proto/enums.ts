import type { Enum, EnumSyntax } from "../../model/index.js";
import { checkEnum } from "./check-enum.js";
import { checkStyle } from "./check-style.js";
import { readErrors } from "./errors.js";
import type { LinkContext, Outer } from "./context.js";
import { mergeFeatures } from "./features.js";
import { join } from "./symbols.js";

/** An enum, checked and entered into the context. */
export function buildEnum(context: LinkContext, node: EnumSyntax, outer: Outer): Enum {
  const { document, scope, parent } = outer;
  const place = { document, scope };
  const options = context.options.read(node.options, "Enum", place);
  const features = mergeFeatures(outer.features, options);
  checkStyle(context, "enum", node.name, node.origin, features);
  const draft: Omit<Enum, "errors"> = {
    kind: "enum",
    name: node.name,
    typeName: join(scope, node.name),
    origin: node.origin,
    comments: node.comments,
    deprecated: options.get("deprecated") === true,
    options,
    file: document.source.path,
    parent,
    visibility: node.visibility,
    values: node.values.map((value) => {
      const valueOptions = context.options.read(value.options, "EnumValue", place);
      checkStyle(context, "enum value", value.name, value.origin, mergeFeatures(features, valueOptions));
      return {
        name: value.name,
        number: value.number,
        origin: value.origin,
        comments: value.comments,
        deprecated: valueOptions.get("deprecated") === true,
        options: valueOptions,
      };
    }),
    closed: features.enumType === "CLOSED",
    reservedRanges: node.reserved.map(({ start, end }) => ({ start, end })),
    reservedNames: node.reservedNames.map(({ name }) => name),
  };
  const built: Enum = { ...draft, errors: readErrors(context, draft, document.package) };
  checkEnum(context, node, built, features);
  if (!context.enums.has(built.typeName)) context.enums.set(built.typeName, built);
  return built;
}
