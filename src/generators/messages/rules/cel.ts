import type { Extension, FieldType, OptionMessage, OptionValue, ValueType } from "../../../model/index.js";
import { call, evaluate, type Expression, type Statement } from "../../shared/expressions.js";
import { encodeOptions } from "../../shared/descriptor/options.js";
import { stringLiteral } from "../../shared/print.js";
import { celTexts, listOption, messageOption, type CelText } from "./options.js";
import type { RulesEmit, Subject } from "./subject.js";
import type { Sample } from "./libraries.js";

/** What CEL sees of a subject. */
export interface CelView {
  /** The expression that makes it of what the program has. */
  readonly code: () => Expression;
  readonly sample: Sample;
}

/** Rules in CEL on one value. */
export function celChecks(rules: readonly CelText[], subject: Subject, view: CelView, emit: RulesEmit): Statement[] {
  return rules.flatMap(({ path, id, message, expression }) => {
    const rule = emit.cel({ id, message, expression, rule: undefined, rules: undefined }, subject.place, view.sample);
    // those of a message are not among the rules of a field
    return rule === undefined ? [] : [applyRule(rule, subject, view, subject.value === "m" ? "" : path)];
  });
}

function applyRule(rule: string, { at, forKey }: Subject, view: CelView, path: string): Statement {
  const args = [at, rule, view.code(), stringLiteral(path), ...(forKey ? ["true"] : [])];
  return evaluate(call("c.cel", ...args));
}

/** The names of the messages that hold the rules for types: `buf.validate.StringRules`. */
function rulesMessage(name: string, { model }: RulesEmit): string | undefined {
  const field = model.messages.get("buf.validate.FieldRules")?.fields.find((one) => one.name === name);
  return field?.type.kind === "message" ? field.type.typeName : undefined;
}

/** Rules that contracts define themselves, by extending the messages that hold the standard ones. */
export function predefinedChecks(
  name: string,
  rules: OptionMessage,
  subject: Subject,
  view: CelView,
  emit: RulesEmit,
): Statement[] {
  return [...rules].flatMap(([key, value]) => {
    const extension = key.startsWith("[") ? emit.model.extensions.get(key.slice(1, -1)) : undefined;
    if (extension === undefined) return [];
    const predefined = messageOption(extension.options, "[buf.validate.predefined]");
    if (predefined === undefined) return [];
    const path = `${subject.path}${name}.${key}`;
    return celTexts(predefined).flatMap(({ id, message, expression }) => {
      const typeName = /\brules\b/.test(expression) ? rulesMessage(name, emit) : undefined;
      const all = typeName === undefined ? undefined : `() => ${messageLiteral(typeName, rules, emit)}`;
      const rule = emit.cel(
        { id, message, expression, rule: ruleValue(extension, value, emit), rules: all },
        subject.place,
        undefined,
      );
      return rule === undefined ? [] : [applyRule(rule, subject, view, path)];
    });
  });
}

function ruleValue(extension: Extension, value: OptionValue, emit: RulesEmit): Expression {
  if (!extension.repeated) return constantView(extension.type, value, emit);
  const items = listOption(new Map([["value", value]]), "value").map((item) =>
    constantView(extension.type, item, emit),
  );
  return call(emit.celValue("celList"), `[${items.join(", ")}]`);
}

/** A value of the contract as CEL sees it. */
function constantView(type: FieldType, value: OptionValue, emit: RulesEmit): string {
  switch (type.kind) {
    case "scalar":
      return scalarConstant(type.scalar, value, emit);
    case "enum": {
      const number = emit.enum(type.typeName).values.find(({ name }) => name === value)?.number;
      return `${number ?? Number(value)}n`;
    }
    case "message":
      return messageLiteral(type.typeName, value instanceof Map ? value : new Map<string, OptionValue>(), emit);
    case "map":
      return "undefined";
  }
}

function scalarConstant(scalar: string, value: OptionValue, emit: RulesEmit): string {
  switch (scalar) {
    case "bool":
      return String(value);
    case "string":
      return stringLiteral(String(value));
    case "bytes": {
      const bytes = value instanceof Uint8Array ? value : new Uint8Array();
      return `${emit.wire("bytesOf")}(${stringLiteral(Buffer.from(bytes).toString("base64"))})`;
    }
    case "double":
    case "float": {
      const number = scalar === "float" ? Math.fround(Number(value)) : Number(value);
      if (Number.isNaN(number)) return `${emit.global("Number")}.NaN`;
      if (Number.isFinite(number)) return String(number);
      return `${emit.global("Number")}.${number > 0 ? "POSITIVE" : "NEGATIVE"}_INFINITY`;
    }
    default:
      return isUnsigned(scalar) ? `${emit.celValue("celUint")}(${value}n)` : `${value}n`;
  }
}

function isUnsigned(scalar: string): boolean {
  return scalar.startsWith("uint") || scalar.startsWith("fixed");
}

/** A message of an option, read from its bytes when the rule is made. */
function messageLiteral(typeName: string, value: OptionMessage, emit: RulesEmit): string {
  emit.usesType(typeName);
  const bytes = encodeOptions(emit.model, typeName, value)?.finish() ?? new Uint8Array();
  const literal = `${emit.wire("bytesOf")}(${stringLiteral(Buffer.from(bytes).toString("base64"))})`;
  return `${emit.celTypes()}.message(${stringLiteral(typeName)}, ${literal})`;
}

/** One value of a field as CEL sees it; 64-bit integers and enums are what travels. */
export function celView(type: ValueType, value: string, emit: RulesEmit): Expression {
  if (type.kind === "message") {
    if (!emit.holdsMessage(type.typeName)) {
      const time = call(emit.validate("timestampOf"), value);
      return call(emit.celValue("celMessage"), emit.celTypes(), emit.codec(type.typeName), time);
    }
    return call(emit.celValue("celMessage"), emit.celTypes(), emit.codec(type.typeName), value);
  }
  const convert = type.kind === "enum" ? emit.celValue("celInt") : scalarConversion(type.scalar, emit);
  return convert === undefined ? value : call(convert, value);
}

/** The function that makes items and values of maps, as programs have them, what CEL sees; undefined for none. */
export function celConversion(type: ValueType, emit: RulesEmit): Expression | undefined {
  switch (type.kind) {
    case "scalar":
      return scalarConversion(type.scalar, emit);
    case "enum":
      if (!emit.hasNames(type.typeName)) return emit.celValue("celInt");
      return call(emit.celValue("celEnums"), emit.enumInfo(type.typeName));
    case "message": {
      const name = emit.holdsMessage(type.typeName) ? "celMessages" : "celTimestamps";
      return call(emit.celValue(name), emit.celTypes(), emit.codec(type.typeName));
    }
  }
}

/** The same for keys of maps, which programs have as texts. */
export function celKeyConversion(scalar: string, emit: RulesEmit): string {
  if (scalar === "bool") return emit.celValue("celBool");
  return scalarConversion(scalar, emit) ?? "undefined";
}

function scalarConversion(scalar: string, emit: RulesEmit): string | undefined {
  switch (scalar) {
    case "bool":
    case "string":
    case "bytes":
    case "double":
      return undefined;
    case "float":
      // what the other side will see
      return `${emit.global("Math")}.fround`;
    default:
      return emit.celValue(isUnsigned(scalar) ? "celUint" : "celInt");
  }
}
