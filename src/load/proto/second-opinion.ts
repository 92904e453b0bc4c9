import protobuf from "protobufjs";
import { diagnostic, type Report } from "../../diagnostics/index.js";
import type { LiteralSyntax, MessageSyntax, OptionSyntax, ProtoDocument } from "../../model/index.js";

/** What the linker finds too, and says with a position. */
const leftToLinker = /duplicate (name|id)|is reserved in|conflicts with|already (exists|declared)|exceeds? .*range/i;

/** Some tenths of a second; messages that people write need a thousandth of it. */
const maxEffort = 4_000_000;

/**
 * Lets protobufjs parse a file that our own parser found clean, into a Root of its own, and warns of what it refuses:
 * a file that only we can read is one that other tools cannot. It is no error, because protobufjs refuses some valid
 * files (`<v: 1>` in options, a field type called `map`, blanks inside of dotted names). It is not asked where it would
 * take seconds.
 */
export function askProtobufjs(document: ProtoDocument, report: Report): void {
  if (effort(document) > maxEffort) return;
  const { source } = document;
  try {
    protobuf.parse(source.text, new protobuf.Root(), { keepCase: true });
  } catch (error) {
    // it stumbles over names that mean something else than it thinks; the linker says so
    if (error instanceof TypeError) return;
    const message = error instanceof Error ? error.message : String(error);
    if (leftToLinker.test(message)) return;
    const line = Number(/\bline (\d+)\)/.exec(message)?.[1] ?? 1);
    const problem = message.replace(/\s*\((?:[^()]*, )?line \d+\)\s*$/, "");
    report(diagnostic("E1010", { file: source.file, line, column: 1, length: 1 }, { problem }));
  }
}

/** The time protobufjs takes grows with the square of the members of one message or option value. */
function effort(document: ProtoDocument): number {
  const ofMessages = (messages: readonly MessageSyntax[]): number =>
    sum(messages, ({ fields, oneofs, options, messages: inner }) => {
      return square(fields.length + oneofs.length) + ofOptions(options) + ofMessages(inner);
    });
  const ofServices = sum(document.services, ({ methods, options }) => {
    return square(methods.length) + ofOptions(options) + sum(methods, (method) => ofOptions(method.options));
  });
  const ofExtends = sum(document.extends, ({ fields }) => square(fields.length));
  return ofMessages(document.messages) + ofServices + ofExtends + ofOptions(document.options);
}

function ofOptions(options: readonly OptionSyntax[]): number {
  return square(options.length) + sum(options, ({ value }) => ofLiteral(value));
}

function ofLiteral(value: LiteralSyntax): number {
  if (value.kind === "list") return square(value.items.length) + sum(value.items, ofLiteral);
  if (value.kind === "aggregate")
    return square(value.fields.length) + sum(value.fields, (field) => ofLiteral(field.value));
  return 0;
}

function square(n: number): number {
  return n * n;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
