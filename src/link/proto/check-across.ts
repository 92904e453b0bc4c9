import { diagnostic, type Report } from "../../diagnostics/index.js";
import type { Extension, Field, Message, ProtoFile } from "../../model/index.js";
import { checkDeclared } from "./check-declarations.js";
import { numberProblem } from "./check-message.js";
import type { LinkContext } from "./context.js";

/** In proto3 these alone may be extended. */
const optionMessages: ReadonlySet<string> = new Set(
  ["File", "Message", "Field", "Oneof", "Enum", "EnumValue", "Service", "Method", "ExtensionRange", "Stream"].map(
    (kind) => `google.protobuf.${kind}Options`,
  ),
);

/** Checks that need the declarations of several files: enums in fields, extensions in messages. */
export function checkAcross(context: LinkContext, files: readonly ProtoFile[]): void {
  const taken = new Map<string, Extension>();
  for (const file of files) {
    const checkBoth = (extension: Extension): void => {
      checkEnumField(context, extension, file);
      checkExtension(context, extension, file, taken);
    };
    const visit = (message: Message): void => {
      for (const field of message.fields) checkEnumField(context, field, file);
      for (const extension of message.extensions) checkBoth(extension);
      for (const inner of message.messages) visit(inner);
    };
    for (const message of file.messages) visit(message);
    file.extensions.forEach(checkBoth);
  }
}

function checkEnumField({ enums, report }: LinkContext, field: Field, { syntax }: ProtoFile): void {
  const { type } = field;
  const value = type.kind === "map" ? type.value : type;
  if (value.kind !== "enum") return;
  const found = enums.get(value.typeName);
  if (found === undefined) return;
  const related = [{ message: `${found.name} is declared here`, origin: found.origin }];
  const refuse = (problem: string): void =>
    report(diagnostic("E2023", field.origin, { name: found.typeName, problem }, related));
  if (found.closed && syntax === "proto3") {
    refuse("it is a closed (proto2) enum, and proto3 messages take open ones only");
  } else if (found.closed && type.kind === "enum" && !field.repeated && field.presence === "implicit") {
    refuse("it is closed, and a field with implicit presence needs an open one");
  } else if (type.kind === "map" && found.values[0] !== undefined && found.values[0].number !== 0) {
    refuse("its first value is not 0, and map values start out with 0");
  }
}

function checkExtension(
  { messages, report }: LinkContext,
  extension: Extension,
  { syntax }: ProtoFile,
  taken: Map<string, Extension>,
): void {
  const { extendee, number, origin, name } = extension;
  const message = messages.get(extendee);
  if (message === undefined) return;
  if (syntax === "proto3" && !optionMessages.has(extendee)) {
    report(diagnostic("E2025", origin, { extendee }));
    return;
  }
  const problem = numberProblem(number, message.messageSet ? 2_147_483_646 : 536_870_911);
  if (problem !== undefined) {
    report(diagnostic("E2011", origin, { number, problem }));
    return;
  }
  if (!message.extensionRanges.some(({ start, end }) => number >= start && number <= end)) {
    const ranges = message.extensionRanges.map(({ start, end }) => (start === end ? `${start}` : `${start} to ${end}`));
    const related = [{ message: `${extendee} is declared here`, origin: message.origin }];
    report(diagnostic("E2021", origin, { number, extendee, ranges: ranges.join(", ") }, related));
  }
  checkTaken(report, extension, taken);
  checkDeclared(report, extension, message);
  if (message.messageSet && (extension.repeated || extension.type.kind !== "message")) {
    report(diagnostic("E2041", origin, { name, problem: "extensions of a message set are single messages" }));
  }
}

function checkTaken(report: Report, extension: Extension, taken: Map<string, Extension>): void {
  const key = `${extension.extendee}#${extension.number}`;
  const other = taken.get(key);
  if (other === undefined) {
    taken.set(key, extension);
    return;
  }
  if (other.typeName === extension.typeName) return;
  const { extendee, number } = extension;
  const related = [{ message: `${other.typeName} has it`, origin: other.origin }];
  report(diagnostic("E2022", extension.origin, { number, extendee, other: other.typeName }, related));
}
