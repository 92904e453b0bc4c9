import type { FieldType, OptionMessage } from "../../../model/index.js";
import { assign, call, type Expression, type Statement } from "../../shared/expressions.js";
import { stringLiteral } from "../../shared/print.js";
import { predefinedChecks, type CelView } from "./cel.js";
import { boolChecks, durationChecks, enumChecks, numberChecks, timestampChecks } from "./numbers.js";
import { listOption, type FieldRules, rulesFor } from "./options.js";
import { failWhen, type RulesEmit, type Subject } from "./subject.js";
import { bytesChecks, stringChecks } from "./texts.js";

/** The rules for the type of one value, those that the contract defines itself among them. */
export function typeChecks(
  type: FieldType,
  { type: typed }: FieldRules,
  subject: Subject,
  view: CelView,
  emit: RulesEmit,
): Statement[] {
  if (typed === undefined) return [];
  const { name, rules } = typed;
  const expected = rulesFor(type, emit.model);
  if (expected !== name) {
    emit.fault(
      subject.place,
      expected === undefined
        ? `rules for ${name} do not fit ${nameOf(type)}`
        : `rules for ${name} do not fit ${nameOf(type)}, which takes those for ${expected}`,
    );
    return [];
  }
  return [...standardChecks(name, type, rules, subject, emit), ...predefinedChecks(name, rules, subject, view, emit)];
}

function nameOf(type: FieldType): string {
  return type.kind === "scalar" ? type.scalar : type.kind === "map" ? "a map" : type.typeName;
}

function standardChecks(
  name: string,
  type: FieldType,
  rules: OptionMessage,
  subject: Subject,
  emit: RulesEmit,
): Statement[] {
  switch (name) {
    case "string":
      return stringChecks(rules, subject, emit);
    case "bytes":
      return bytesChecks(rules, subject, emit);
    case "bool":
      return boolChecks(rules, subject);
    case "enum":
      return type.kind === "enum" ? enumChecks(rules, type.typeName, subject, emit) : [];
    case "duration":
    case "timestamp":
      return timeChecks(name, rules, subject, emit);
    case "any":
      return anyChecks(rules, subject, emit);
    case "field_mask":
      return maskChecks(rules, subject, emit);
    case "repeated":
    case "map":
      return [];
    default:
      return numberChecks(name, rules, subject, emit);
  }
}

function timeChecks(name: string, rules: OptionMessage, subject: Subject, emit: RulesEmit): Statement[] {
  const nanos = `${subject.value}Nanos`;
  const named = { ...subject, value: nanos };
  const checks = name === "duration" ? durationChecks(rules, named, emit) : timestampChecks(rules, named, emit);
  if (checks.length === 0) return [];
  const read = emit.validate(name === "duration" ? "durationNanos" : "timestampNanos");
  return [assign(`const ${nanos}`, call(read, subject.value)), ...checks];
}

function anyChecks(rules: OptionMessage, subject: Subject, emit: RulesEmit): Statement[] {
  const url = `${subject.value}.typeUrl ?? ""`;
  const allowed = listOption(rules, "in").map(String);
  const refused = listOption(rules, "not_in").map(String);
  const among = (not: string, list: readonly string[]): Expression =>
    call(not + emit.validate("isOneOf"), url, ...list.map(stringLiteral));
  const statements: Statement[] = [];
  if (allowed.length > 0) {
    statements.push(failWhen(subject, among("!", allowed), "any.in", "type URL must be in the allow list"));
  }
  if (refused.length > 0) {
    statements.push(failWhen(subject, among("", refused), "any.not_in", "type URL must not be in the block list"));
  }
  return statements;
}

function maskChecks(rules: OptionMessage, subject: Subject, emit: RulesEmit): Statement[] {
  const paths = `${subject.value}.paths ?? []`;
  const allowed = listOption(rules, "in").map(String);
  const refused = listOption(rules, "not_in").map(String);
  const constant = rules.get("const");
  const not = (test: string, list: readonly string[]): Expression =>
    call(`!${emit.validate(test)}`, paths, ...list.map(stringLiteral));
  const statements: Statement[] = [];
  if (constant instanceof Map) {
    const wanted = listOption(constant, "paths").map(String);
    const message = `must equal paths [${wanted.join(", ")}]`;
    statements.push(failWhen(subject, not("samePaths", wanted), "field_mask.const", message));
  }
  if (allowed.length > 0) {
    const message = `must only contain paths in [${allowed.join(", ")}]`;
    statements.push(failWhen(subject, not("pathsWithin", allowed), "field_mask.in", message));
  }
  if (refused.length > 0) {
    const message = `must not contain any paths in [${refused.join(", ")}]`;
    statements.push(failWhen(subject, not("pathsOutside", refused), "field_mask.not_in", message));
  }
  return statements;
}

/** `min_items` and the like; `size` is an expression. */
export function sizeChecks(
  rules: OptionMessage,
  size: string,
  bounds: readonly (readonly [rule: string, sign: string, message: (bound: string) => string])[],
  name: string,
  subject: Subject,
): Statement[] {
  return bounds.flatMap(([rule, sign, message]) => {
    const bound = rules.get(rule);
    if (bound === undefined) return [];
    return [failWhen(subject, `${size} ${sign} ${bound}`, `${name}.${rule}`, message(String(bound)))];
  });
}
