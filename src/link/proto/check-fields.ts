import { diagnostic } from "../../diagnostics/index.js";
import type { Field, FieldSyntax, OptionSyntax, Origin, ProtoDocument } from "../../model/index.js";
import type { LinkContext } from "./context.js";
import type { Features } from "./features.js";
import { is64Bit } from "./literals.js";

interface FieldDetails {
  readonly document: ProtoDocument;
  readonly options: readonly OptionSyntax[];
  readonly extension: boolean;
  readonly features: Features;
}

/** Built-in options that do not fit the field they stand on. */
export function checkFieldOptions(
  { report }: LinkContext,
  node: FieldSyntax,
  field: Field,
  { document, options, extension }: FieldDetails,
): void {
  const { type } = field;
  const at = (...name: readonly string[]): Origin =>
    options.find((option) => option.name.join(".") === name.join("."))?.origin ?? node.origin;
  const misuse = (name: string, problem: string): void =>
    report(diagnostic("E2041", at(...name.split(".")), { name, problem }));
  const packable =
    type.kind === "enum" || (type.kind === "scalar" && type.scalar !== "string" && type.scalar !== "bytes");

  if (field.options.get("packed") !== undefined) {
    if (document.syntax === "editions") misuse("packed", "editions say it with features.repeated_field_encoding");
    else if (field.options.get("packed") === true && !(field.repeated && packable))
      misuse("packed", "only repeated numbers, bools and enums can be packed");
  }
  if (field.jsType !== "normal" && !(type.kind === "scalar" && is64Bit(type.scalar) && type.scalar !== "double")) {
    misuse("jstype", "it is for 64-bit integers");
  }
  for (const name of ["lazy", "unverified_lazy"]) {
    if (field.options.get(name) !== true) continue;
    if (type.kind !== "message" && type.kind !== "map") misuse(name, "only message fields can be lazy");
    else if (field.delimited) misuse(name, "groups and delimited messages cannot be lazy");
  }
  if (field.options.has("ctype") && document.edition >= "2024") {
    misuse("ctype", "edition 2024 says it with features.(pb.cpp).string_type");
  }

  const own = field.options.get("features");
  if (!(own instanceof Map)) return;
  const singular = !field.repeated && type.kind !== "map";
  if (own.has("field_presence")) {
    const name = "features.field_presence";
    if (!singular) misuse(name, "repeated and map fields have no presence");
    else if (field.oneof !== undefined) misuse(name, "members of a oneof always have presence");
    else if (extension && own.get("field_presence") === "LEGACY_REQUIRED")
      misuse(name, "an extension cannot be required");
    else if (extension) misuse(name, "extensions always have presence");
    else if (type.kind === "message" && own.get("field_presence") === "IMPLICIT") {
      misuse(name, "message fields always have presence");
    }
  }
  if (own.has("repeated_field_encoding")) {
    const name = "features.repeated_field_encoding";
    if (singular) misuse(name, "the field is not repeated");
    else if (!packable && own.get("repeated_field_encoding") === "PACKED") {
      misuse(name, "only repeated numbers, bools and enums can be packed");
    }
  }
  if (own.has("message_encoding") && type.kind !== "message") {
    misuse("features.message_encoding", "the field is not a message");
  }
  if (own.has("utf8_validation") && !hasString(field)) misuse("features.utf8_validation", "the field is not a string");
}

function hasString({ type }: Field): boolean {
  if (type.kind === "map") {
    return type.key === "string" || (type.value.kind === "scalar" && type.value.scalar === "string");
  }
  return type.kind === "scalar" && type.scalar === "string";
}
