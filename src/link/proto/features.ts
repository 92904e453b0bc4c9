import { diagnostic, type Report } from "../../diagnostics/index.js";
import type { OptionMessage, OptionSyntax, Origin, ProtoDocument } from "../../model/index.js";

/** The edition features that change what a declaration means, resolved. */
export interface Features {
  readonly presence: string;
  readonly enumType: string;
  readonly repeated: string;
  readonly utf8: string;
  readonly message: string;
  readonly json: string;
  readonly style: string;
  readonly visibility: string;
  readonly limits: string;
}

const proto2: Features = {
  presence: "EXPLICIT",
  enumType: "CLOSED",
  repeated: "EXPANDED",
  utf8: "NONE",
  message: "LENGTH_PREFIXED",
  json: "LEGACY_BEST_EFFORT",
  style: "STYLE_LEGACY",
  visibility: "EXPORT_ALL",
  limits: "LEGACY_NO_EXPLICIT_LIMITS",
};
const proto3: Features = {
  ...proto2,
  presence: "IMPLICIT",
  enumType: "OPEN",
  repeated: "PACKED",
  utf8: "VERIFY",
  json: "ALLOW",
};
const edition2023: Features = { ...proto3, presence: "EXPLICIT" };
const edition2024: Features = { ...edition2023, style: "STYLE2024", visibility: "EXPORT_TOP_LEVEL" };
const edition2026: Features = {
  ...edition2024,
  style: "STYLE2026",
  visibility: "STRICT",
  limits: "PROTO_LIMITS2026",
};

/** What a file says nothing about. */
export function defaultFeatures({ syntax, edition }: ProtoDocument): Features {
  switch (syntax) {
    case "proto2":
      return proto2;
    case "proto3":
      return proto3;
    case "editions":
      if (edition < "2024") return edition2023;
      return edition < "2026" ? edition2024 : edition2026;
  }
}

/** The features of the declaration around, with what an element's own `features` option changes. */
export function mergeFeatures(outer: Features, options: OptionMessage): Features {
  const own = options.get("features");
  if (!(own instanceof Map) || own.size === 0) return outer;
  const pick = (name: string, inherited: string): string => {
    const value: unknown = own.get(name);
    return typeof value === "string" ? value : inherited;
  };
  return {
    presence: pick("field_presence", outer.presence),
    enumType: pick("enum_type", outer.enumType),
    repeated: pick("repeated_field_encoding", outer.repeated),
    utf8: pick("utf8_validation", outer.utf8),
    message: pick("message_encoding", outer.message),
    json: pick("json_format", outer.json),
    style: pick("enforce_naming_style", outer.style),
    visibility: pick("default_symbol_visibility", outer.visibility),
    limits: pick("enforce_proto_limits", outer.limits),
  };
}

/** The options but for `features` in a file without an edition, which are reported. */
export function withoutFeatures(
  options: readonly OptionSyntax[],
  { syntax }: ProtoDocument,
  report: Report,
): readonly OptionSyntax[] {
  if (syntax === "editions" || !options.some(({ name }) => name[0] === "features")) return options;
  return options.filter(({ name, origin }) => {
    if (name[0] !== "features") return true;
    report(diagnostic("E2042", origin, { syntax }));
    return false;
  });
}

/** Features whose values mean nothing here; which elements and editions have them, their declarations say. */
export function checkFeatures(
  features: OptionMessage,
  of: string,
  originOf: (key: string) => Origin | undefined,
  report: Report,
): void {
  for (const [key, value] of features) {
    const problem =
      typeof value === "string" && value.endsWith("_UNKNOWN")
        ? `${value} is no choice`
        : of === "File" && value === "LEGACY_REQUIRED"
          ? "not every field of a file can be required"
          : undefined;
    if (problem !== undefined) report(diagnostic("E2041", originOf(key), { name: `features.${key}`, problem }));
  }
}
