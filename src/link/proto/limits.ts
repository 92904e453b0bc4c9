import { diagnostic, type Report } from "../../diagnostics/index.js";
import { builtInEnums, type Origin, type OptionSyntax, type ProtoDocument } from "../../model/index.js";
import type { OptionsOf } from "./options.js";

/** Where and since when an option may be set: `targets` and `feature_support` of its declaration. */
export interface OptionLimits {
  /** Values of `FieldOptions.OptionTargetType` without their prefix; empty: every element. */
  readonly targets: readonly string[];
  readonly support: Support;
}

/** Editions by the numbers of `google.protobuf.Edition`; undefined: never. */
export interface Support {
  readonly introduced: number | undefined;
  readonly deprecated: number | undefined;
  readonly deprecationWarning: string;
  readonly removed: number | undefined;
  readonly removalError: string;
}

const always: Support = {
  introduced: undefined,
  deprecated: undefined,
  deprecationWarning: "",
  removed: undefined,
  removalError: "",
};

/** What most options say: nothing. */
export const noLimits: OptionLimits = { targets: [], support: always };

const editions: ReadonlyMap<string, number> = new Map(
  (builtInEnums.get("google.protobuf.Edition") ?? "").split(" ").map((value) => {
    const [name = "", number = ""] = value.split("=");
    return [name, Number(number)];
  }),
);

const decoder = new TextDecoder();

/** The limits that the options of a field or enum value declaration set. */
export function readLimits(options: readonly OptionSyntax[]): OptionLimits {
  const targets: string[] = [];
  const support = new Map<string, OptionSyntax["value"]>();
  for (const { name, value } of options) {
    if (name[0] === "targets" && value.kind === "identifier") targets.push(value.text.replace(/^TARGET_TYPE_/, ""));
    if (name[0] !== "feature_support") continue;
    if (name[1] !== undefined) support.set(name[1], value);
    else if (value.kind === "aggregate") for (const field of value.fields) support.set(field.name, field.value);
  }
  if (targets.length === 0 && support.size === 0) return noLimits;
  const edition = (name: string): number | undefined => {
    const value = support.get(name);
    return value?.kind === "identifier" ? editionNumber(value.text) : undefined;
  };
  const text = (name: string): string => {
    const value = support.get(name);
    return value?.kind === "string" ? decoder.decode(value.bytes) : "";
  };
  return {
    targets,
    support: {
      introduced: edition("edition_introduced"),
      deprecated: edition("edition_deprecated"),
      deprecationWarning: text("deprecation_warning"),
      removed: edition("edition_removed"),
      removalError: text("removal_error"),
    },
  };
}

const elements: Readonly<Record<OptionsOf, { readonly target: string; readonly shown: string }>> = {
  File: { target: "FILE", shown: "a file" },
  Message: { target: "MESSAGE", shown: "a message" },
  Field: { target: "FIELD", shown: "a field" },
  Oneof: { target: "ONEOF", shown: "a oneof" },
  Enum: { target: "ENUM", shown: "an enum" },
  EnumValue: { target: "ENUM_ENTRY", shown: "an enum value" },
  Service: { target: "SERVICE", shown: "a service" },
  Method: { target: "METHOD", shown: "a method" },
  ExtensionRange: { target: "EXTENSION_RANGE", shown: "an extension range" },
};

/** Reports an option, or a value of one, that its declaration keeps from this element or from the file's edition. */
export function checkLimits(
  name: string,
  { targets, support }: OptionLimits,
  origin: Origin,
  { document, of }: { readonly document: ProtoDocument; readonly of: OptionsOf },
  report: Report,
): void {
  if (targets.length > 0 && !targets.includes(elements[of].target)) {
    const wanted = Object.values(elements).filter(({ target }) => targets.includes(target));
    const params = { name, on: elements[of].shown, wanted: wanted.map(({ shown }) => shown) };
    report(diagnostic("E2038", origin, params));
  }
  const edition = editionOf(document);
  const { introduced, deprecated, removed } = support;
  if (introduced !== undefined && edition < introduced) {
    const problem = `it came with ${showEdition(introduced)}, and this file is ${showEdition(edition)}`;
    report(diagnostic("E2039", origin, { name, problem, instead: "" }));
  } else if (removed !== undefined && edition >= removed) {
    const problem = `it was removed in ${showEdition(removed)}`;
    report(diagnostic("E2039", origin, { name, problem, instead: support.removalError.trim() }));
  } else if (deprecated !== undefined && edition >= deprecated) {
    const params = { name, since: showEdition(deprecated), instead: support.deprecationWarning.trim() };
    report(diagnostic("E2040", origin, params));
  }
}

/** What is wrong with what an option says about its own editions. */
export function supportProblem(support: Support): string | undefined {
  const { introduced = 0, deprecated, deprecationWarning, removed, removalError } = support;
  if (deprecated !== undefined && deprecationWarning === "") return "it is deprecated without a deprecation_warning";
  if (removed !== undefined && removalError === "") return "it is removed without a removal_error";
  if (deprecated !== undefined && deprecated < introduced) return "it is deprecated before it is introduced";
  if (removed !== undefined && removed < introduced) return "it is removed before it is introduced";
  if (removed !== undefined && deprecated !== undefined && removed <= deprecated) {
    return "it is not deprecated before it is removed";
  }
  return undefined;
}

/** The number of `EDITION_2023` and the like. */
export function editionNumber(name: string | undefined): number | undefined {
  return name === undefined ? undefined : editions.get(name);
}

/** The number of a file's edition; proto2 and proto3 are editions in this order. */
export function editionOf({ syntax, edition }: ProtoDocument): number {
  const name = syntax === "editions" ? edition : syntax.toUpperCase();
  return editions.get(`EDITION_${name}`) ?? 0;
}

function showEdition(number: number): string {
  const name = [...editions].find(([, value]) => value === number)?.[0].replace("EDITION_", "") ?? String(number);
  return name.startsWith("PROTO") ? name.toLowerCase() : `edition ${name}`;
}
