import { diagnostic, type Report } from "../../diagnostics/index.js";
import type { Extension, ExtensionRange, Message, MessageSyntax, OptionMessage, Options } from "../../model/index.js";
import type { LinkContext } from "./context.js";
import { isScalar } from "./resolve.js";

const fullName = /^\.[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/;

/** One `declaration` of an extension range: what the extension of that number must be. */
function declarationsOf(options: Options): readonly OptionMessage[] {
  const value = options.get("declaration");
  return Array.isArray(value) ? value.filter((item): item is OptionMessage => item instanceof Map) : [];
}

/** What a message declares about its own extensions, before any of them is looked at. */
export function checkDeclarations(
  { report, options: reader }: LinkContext,
  node: MessageSyntax,
  ranges: readonly ExtensionRange[],
): void {
  const numbers = new Set<number>();
  const names = new Set<string>();
  const seen = new Set<Options>();
  for (const [i, range] of ranges.entries()) {
    const { options } = range;
    const declarations = declarationsOf(options);
    const place = node.extensionRanges[i]?.origin ?? node.origin;
    if (declarations.length === 0) continue;
    if (seen.has(options)) {
      const problem = "a range with declarations stands in a statement of its own";
      report(diagnostic("E2044", place, { problem }));
      continue;
    }
    seen.add(options);
    if (options.get("verification") === "UNVERIFIED") {
      const origin = reader.originOf(options, "verification") ?? place;
      report(diagnostic("E2044", origin, { problem: "an UNVERIFIED range has no declarations" }));
    }
    for (const [j, declaration] of declarations.entries()) {
      const problem = declarationProblem(declaration, range, numbers, names);
      const origin = reader.originOf(options, "declaration", j) ?? place;
      if (problem !== undefined) report(diagnostic("E2044", origin, { problem }));
    }
  }
}

function declarationProblem(
  declaration: OptionMessage,
  { start, end }: ExtensionRange,
  numbers: Set<number>,
  names: Set<string>,
): string | undefined {
  const number = declaration.get("number");
  const name = textOf(declaration, "full_name");
  const type = textOf(declaration, "type");
  if (typeof number !== "number") return "a declaration needs the number of its extension";
  if (number < start || number > end) return `the number ${number} lies outside of the range`;
  if (numbers.has(number)) return `the number ${number} is declared twice`;
  numbers.add(number);
  const complete = name !== "" && type !== "";
  const reserved = declaration.get("reserved") === true;
  if (!complete && (!reserved || name !== "" || type !== "")) {
    return `the declaration of ${number} needs a full_name and a type`;
  }
  if (!complete) return undefined;
  if (!fullName.test(name)) return `${JSON.stringify(name)} is no full name; it begins with a dot`;
  if (!isScalar(type) && !fullName.test(type)) {
    return `${JSON.stringify(type)} is no type; names of messages and enums begin with a dot`;
  }
  if (names.has(name)) return `${name} is declared twice`;
  names.add(name);
  return undefined;
}

/** The options of descriptor.proto declare their extensions for information, as protoc sees it. */
const optionsFile = "google/protobuf/descriptor.proto";

const byNumber = new WeakMap<Options, ReadonlyMap<unknown, OptionMessage>>();

/** Holds an extension against what the message declared for its number. */
export function checkDeclared(report: Report, extension: Extension, message: Message): void {
  const { number, typeName } = extension;
  const range = message.extensionRanges.find(({ start, end }) => number >= start && number <= end);
  if (range === undefined || message.file === optionsFile) return;
  let declared = byNumber.get(range.options);
  if (declared === undefined) {
    declared = new Map(declarationsOf(range.options).map((declaration) => [declaration.get("number"), declaration]));
    byNumber.set(range.options, declared);
  }
  if (declared.size === 0 && range.options.get("verification") !== "DECLARATION") return;
  const found = declared.get(number);
  const problem = found === undefined ? "does not declare it" : mismatch(extension, found);
  if (problem === undefined) return;
  const related = [{ message: `${message.typeName} is declared here`, origin: message.origin }];
  report(diagnostic("E2045", extension.origin, { name: typeName, number, on: message.typeName, problem }, related));
}

function mismatch({ typeName, type, repeated }: Extension, declaration: OptionMessage): string | undefined {
  if (declaration.get("reserved") === true) return "has reserved the number";
  const name = textOf(declaration, "full_name");
  if (name !== `.${typeName}`) return `declares ${name} for it`;
  const wanted = textOf(declaration, "type");
  const own = type.kind === "scalar" ? type.scalar : type.kind === "map" ? "" : `.${type.typeName}`;
  if (wanted !== own) return `declares it as ${wanted}, not ${own}`;
  if ((declaration.get("repeated") === true) !== repeated) {
    return repeated ? "declares it as not repeated" : "declares it as repeated";
  }
  return undefined;
}

function textOf(declaration: OptionMessage, key: string): string {
  const value = declaration.get(key);
  return typeof value === "string" ? value : "";
}
