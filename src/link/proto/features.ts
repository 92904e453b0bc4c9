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
}

const proto2: Features = {
  presence: "EXPLICIT",
  enumType: "CLOSED",
  repeated: "EXPANDED",
  utf8: "NONE",
  message: "LENGTH_PREFIXED",
  json: "LEGACY_BEST_EFFORT",
};
const proto3: Features = {
  presence: "IMPLICIT",
  enumType: "OPEN",
  repeated: "PACKED",
  utf8: "VERIFY",
  message: "LENGTH_PREFIXED",
  json: "ALLOW",
};
const editions: Features = { ...proto3, presence: "EXPLICIT" };

/** What a file says nothing about. */
export function defaultFeatures({ syntax }: ProtoDocument): Features {
  switch (syntax) {
    case "proto2":
      return proto2;
    case "proto3":
      return proto3;
    case "editions":
      return editions;
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
  };
}

/** What the standard features may be set on; language features, which are extensions, are not ours to judge. */
const targets: ReadonlyMap<string, readonly string[]> = new Map([
  ["field_presence", ["File", "Field"]],
  ["enum_type", ["File", "Enum"]],
  ["repeated_field_encoding", ["File", "Field"]],
  ["utf8_validation", ["File", "Field"]],
  ["message_encoding", ["File", "Field"]],
  ["json_format", ["File", "Message", "Enum"]],
  ["default_symbol_visibility", ["File"]],
]);

/** The edition that brought a feature, where it was not the first one. */
const introduced: ReadonlyMap<string, string> = new Map([
  ["enforce_naming_style", "2024"],
  ["default_symbol_visibility", "2024"],
  ["enforce_proto_limits", "2026"],
]);

/** Features in a file without an edition, on an element they do not fit, or newer than the file's edition. */
export function checkFeatures(
  options: readonly OptionSyntax[],
  of: string,
  { syntax, edition }: ProtoDocument,
  report: Report,
): void {
  for (const option of options) {
    if (option.name[0] !== "features") continue;
    if (syntax !== "editions") {
      report(diagnostic("E2042", option.origin, { syntax }));
      continue;
    }
    for (const { name, origin } of featureNames(option)) {
      const fits = targets.get(name)?.includes(of) ?? true;
      const since = introduced.get(name);
      const problem = !fits
        ? `it cannot be set on ${elements.get(of) ?? "this element"}`
        : since !== undefined && edition < since
          ? `it came with edition ${since}`
          : undefined;
      if (problem !== undefined) report(diagnostic("E2041", origin, { name: `features.${name}`, problem }));
    }
  }
}

const elements: ReadonlyMap<string, string> = new Map([
  ["File", "a file"],
  ["Message", "a message"],
  ["Field", "a field"],
  ["Oneof", "a oneof"],
  ["Enum", "an enum"],
  ["EnumValue", "an enum value"],
  ["Service", "a service"],
  ["Method", "a method"],
  ["ExtensionRange", "an extension range"],
]);

function featureNames({
  name,
  value,
  origin,
}: OptionSyntax): readonly { readonly name: string; readonly origin: Origin }[] {
  const written = name[1];
  if (written !== undefined) return [{ name: written, origin }];
  return value.kind === "aggregate" ? value.fields : [];
}
