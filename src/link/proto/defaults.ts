import { diagnostic, nearest } from "../../diagnostics/index.js";
import type { Field, OptionSyntax, ProtoDocument } from "../../model/index.js";
import type { LinkContext } from "./context.js";
import type { Features } from "./features.js";
import { convertScalar, describe } from "./literals.js";

/** The declared default of a field, checked; undefined when it has none that makes sense, which was reported. */
export function readDefault(
  { report, schemas }: LinkContext,
  option: OptionSyntax,
  field: Field,
  { document, features }: { readonly document: ProtoDocument; readonly features: Features },
): Field["default"] {
  const misuse = (problem: string): undefined => {
    report(diagnostic("E2041", option.origin, { name: "default", problem }));
    return undefined;
  };
  const { type } = field;
  if (document.syntax === "proto3") return misuse("proto3 fields have no defaults of their own");
  if (field.repeated || type.kind === "map") return misuse("a repeated field cannot have one");
  if (type.kind === "message") return misuse("a message field cannot have one");
  if (document.syntax === "editions" && field.presence === "implicit" && features.presence === "IMPLICIT") {
    return misuse("a field with implicit presence cannot have one");
  }
  const refuse = (wanted: string, close?: string): undefined => {
    const params = { name: "default", wanted, found: describe(option.value), nearest: close };
    report(diagnostic("E2035", option.value.origin, params));
    return undefined;
  };
  if (type.kind === "enum") {
    const values = schemas.values(type.typeName) ?? new Map<string, number>();
    if (option.value.kind !== "identifier") return refuse(`the name of a value of ${type.typeName}`);
    if (values.has(option.value.text)) return option.value.text;
    return refuse(`a value of ${type.typeName}`, nearest(option.value.text, values.keys()));
  }
  const converted = convertScalar(option.value, type.scalar, false);
  if ("problem" in converted) return refuse(converted.problem);
  if (converted.lossy) report(diagnostic("E2037", option.value.origin, undefined));
  const { value } = converted;
  if (typeof value === "object" && !(value instanceof Uint8Array)) return undefined;
  return value;
}
