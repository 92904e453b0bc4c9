import { diagnostic } from "../../diagnostics/index.js";
import type {
  Extension,
  ExtendSyntax,
  Field,
  FieldSyntax,
  FieldType,
  OptionSyntax,
  Options,
  ValueType,
} from "../../model/index.js";
import type { LinkContext, Outer } from "./context.js";
import { readDefault } from "./defaults.js";
import { checkFieldOptions } from "./check-fields.js";
import { checkStyle } from "./check-style.js";
import { mergeFeatures, type Features } from "./features.js";
import { readLimits, supportProblem } from "./limits.js";
import { describe } from "./literals.js";
import { jsonName } from "./names.js";
import { isScalar } from "./resolve.js";
import { join } from "./symbols.js";

/** A field of a message; undefined when its type is unknown, which was reported. */
export function buildField(context: LinkContext, node: FieldSyntax, outer: Outer): Field | undefined {
  return build(context, node, outer, outer.scope, false);
}

/** The extensions of one `extend` block. */
export function buildExtensions(context: LinkContext, node: ExtendSyntax, outer: Outer): readonly Extension[] {
  const extendee = context.resolver.message(
    node.extendee,
    node.origin,
    // protoc looks the name up from the scope around
    { document: outer.document, scope: outer.scope },
    "a message to extend",
  );
  if (node.fields.length === 0) {
    context.report(diagnostic("E2026", node.origin, { extendee: node.extendee }));
  }
  const fields = node.fields.map((field) => build(context, field, outer, outer.scope, true));
  if (extendee === undefined) return [];
  return fields.flatMap((field) => (field === undefined ? [] : [{ ...field, extendee, scope: outer.parent }]));
}

function build(
  context: LinkContext,
  node: FieldSyntax,
  { document, features: outerFeatures }: Outer,
  scope: string,
  extension: boolean,
): Field | undefined {
  const valueType = context.resolver.fieldType(node, { document, scope });
  const pseudo = (name: string): OptionSyntax | undefined => onlyOne(context, node, name);
  const defaultOption = pseudo("default");
  const jsonNameOption = pseudo("json_name");
  const real = node.options.filter(({ name }) => !isPseudo(name));
  const typeName = join(scope, node.name);
  const options = context.options.read(real, "Field", { document, scope });
  if (valueType === undefined) return undefined;
  const type = fieldType(node, valueType);
  const repeated = node.label === "repeated";
  const features = mergeFeatures(outerFeatures, options);
  checkStyle(context, "field", node.name, node.origin, features);
  if (extension) checkSupport(context, node);
  const field: Field = {
    name: node.name,
    typeName,
    number: node.number,
    jsonName: readJsonName(context, jsonNameOption, extension) ?? jsonName(node.name),
    origin: node.origin,
    comments: node.comments,
    deprecated: options.get("deprecated") === true,
    options,
    type,
    repeated,
    presence: presenceOf(node, type, features, document.syntax, extension),
    packed: repeated && isPackable(type) && packedBy(options, features),
    delimited: node.group || (type.kind === "message" && features.message === "DELIMITED"),
    validateUtf8: features.utf8 === "VERIFY",
    oneof: node.oneof,
    default: undefined,
    jsType: jsTypeOf(options),
  };
  checkFieldOptions(context, node, field, { document, options: real, extension, features });
  if (defaultOption === undefined) return field;
  return { ...field, default: readDefault(context, defaultOption, field, { document, features }) };
}

/** Only options have editions of their own; what else says so is not looked at. */
function checkSupport({ report }: LinkContext, node: FieldSyntax): void {
  const option = node.options.find(({ name }) => name[0] === "feature_support");
  const problem = option === undefined ? undefined : supportProblem(readLimits(node.options).support);
  if (option === undefined || problem === undefined) return;
  report(diagnostic("E2043", option.origin, { name: node.name, problem }));
}

function isPseudo(name: readonly string[]): boolean {
  return name.length === 1 && (name[0] === "default" || name[0] === "json_name");
}

/** `default` and `json_name` look like options but belong to the field itself. */
function onlyOne(context: LinkContext, node: FieldSyntax, name: string): OptionSyntax | undefined {
  const [first, ...more] = node.options.filter((option) => option.name.length === 1 && option.name[0] === name);
  for (const option of more) {
    const related = first === undefined ? [] : [{ message: "set here before", origin: first.origin }];
    context.report(diagnostic("E2033", option.origin, { name }, related));
  }
  return first;
}

function readJsonName(context: LinkContext, option: OptionSyntax | undefined, extension: boolean): string | undefined {
  if (option === undefined) return undefined;
  const { value } = option;
  if (value.kind !== "string") {
    const params = { name: "json_name", wanted: "a string in quotes", found: describe(value), nearest: undefined };
    context.report(diagnostic("E2035", value.origin, params));
    return undefined;
  }
  const name = new TextDecoder().decode(value.bytes);
  const problem = extension
    ? "extensions have no JSON name of their own"
    : name.includes("\0")
      ? "it may not contain a NUL"
      : /^\[.*\]$/.test(name)
        ? "names in brackets are those of extensions"
        : undefined;
  if (problem === undefined) return name;
  context.report(diagnostic("E2041", option.origin, { name: "json_name", problem }));
  return undefined;
}

/** Key types were checked when the file was read. */
function fieldType({ mapKey }: FieldSyntax, value: ValueType): FieldType {
  return mapKey !== undefined && isScalar(mapKey) ? { kind: "map", key: mapKey, value } : value;
}

function presenceOf(
  node: FieldSyntax,
  type: FieldType,
  features: Features,
  syntax: Outer["document"]["syntax"],
  extension: boolean,
): Field["presence"] {
  if (node.label === "repeated" || type.kind === "map") return "implicit";
  if (node.label === "required") return "required";
  if (node.oneof !== undefined || node.label === "optional" || extension) return "explicit";
  if (syntax === "editions" && features.presence === "LEGACY_REQUIRED") return "required";
  if (type.kind === "message") return "explicit";
  return features.presence === "IMPLICIT" ? "implicit" : "explicit";
}

/** Numbers, bools and enums can be packed; strings, bytes and messages carry a length of their own. */
export function isPackable(type: FieldType): boolean {
  return type.kind === "enum" || (type.kind === "scalar" && type.scalar !== "string" && type.scalar !== "bytes");
}

function packedBy(options: Options, features: Features): boolean {
  const own = options.get("packed");
  return typeof own === "boolean" ? own : features.repeated === "PACKED";
}

function jsTypeOf(options: Options): Field["jsType"] {
  switch (options.get("jstype")) {
    case "JS_STRING":
      return "string";
    case "JS_NUMBER":
      return "number";
    default:
      return "normal";
  }
}
