import type { Field, FieldType, Message, Model, Oneof, OptionMessage, OptionValue } from "../../../model/index.js";
import { wrapperNames } from "../well-known.js";

/** `buf.validate.FieldRules` of one field, of its items, keys or values. */
export interface FieldRules {
  readonly required: boolean;
  readonly ignore: "IGNORE_UNSPECIFIED" | "IGNORE_IF_ZERO_VALUE" | "IGNORE_ALWAYS";
  readonly cel: readonly CelText[];
  /** The rules for the type of the value: `string` with `min_len`. */
  readonly type: TypeRules | undefined;
}

/** The rules for one type, by their names; those that a contract defines itself have a name in `[brackets]`. */
export interface TypeRules {
  readonly name: string;
  readonly rules: OptionMessage;
}

/** A rule in CEL with its place among the rules: `cel[0]`. */
export interface CelText {
  readonly path: string;
  readonly id: string;
  readonly message: string;
  readonly expression: string;
}

/** `buf.validate.MessageRules`. */
export interface MessageRules {
  readonly cel: readonly CelText[];
  readonly oneofs: readonly { readonly fields: readonly string[]; readonly required: boolean }[];
}

const plain: ReadonlySet<string> = new Set(["cel", "cel_expression", "required", "ignore"]);

/** The option of that name as a message; undefined where there is none. */
export function messageOption(options: OptionMessage, name: string): OptionMessage | undefined {
  const value = options.get(name);
  return isMessage(value) ? value : undefined;
}

function isMessage(value: OptionValue | undefined): value is OptionMessage {
  return value instanceof Map;
}

/** An option that may be repeated, as a list. */
export function listOption(options: OptionMessage, name: string): readonly OptionValue[] {
  const value = options.get(name);
  if (value === undefined) return [];
  return isList(value) ? value : [value];
}

function isList(value: OptionValue): value is readonly OptionValue[] {
  return Array.isArray(value);
}

function textOption(options: OptionMessage, name: string): string {
  const value = options.get(name);
  return typeof value === "string" ? value : "";
}

/** The rules in `cel` and `cel_expression`, whose paths begin with that. */
export function celTexts(options: OptionMessage, prefix = ""): readonly CelText[] {
  const rules = listOption(options, "cel").map((value, i): CelText => {
    const rule = isMessage(value) ? value : new Map<string, OptionValue>();
    return {
      path: `${prefix}cel[${i}]`,
      id: textOption(rule, "id"),
      message: textOption(rule, "message"),
      expression: textOption(rule, "expression"),
    };
  });
  const bare = listOption(options, "cel_expression").map((value, i): CelText => {
    const expression = String(value);
    return { path: `${prefix}cel_expression[${i}]`, id: expression, message: "", expression };
  });
  return [...rules, ...bare];
}

/** Rules from the message that holds them. */
export function readRules(rules: OptionMessage, prefix = ""): FieldRules {
  const type = [...rules].find(([name, value]) => !plain.has(name) && isMessage(value));
  const ignore = textOption(rules, "ignore");
  return {
    required: rules.get("required") === true,
    ignore: ignore === "IGNORE_IF_ZERO_VALUE" || ignore === "IGNORE_ALWAYS" ? ignore : "IGNORE_UNSPECIFIED",
    cel: celTexts(rules, prefix),
    type: type === undefined || !isMessage(type[1]) ? undefined : { name: type[0], rules: type[1] },
  };
}

/** The rules of a field; undefined without any. */
export function fieldRules(field: Pick<Field, "options">): FieldRules | undefined {
  const rules = messageOption(field.options, "[buf.validate.field]");
  return rules === undefined ? undefined : readRules(rules);
}

/** Whether `ignore` is written there, whatever it says. */
export function hasIgnore(field: Field): boolean {
  return messageOption(field.options, "[buf.validate.field]")?.has("ignore") === true;
}

/** The rules of a message itself. */
export function messageRules({ options }: Pick<Message, "options">): MessageRules {
  const rules = messageOption(options, "[buf.validate.message]");
  if (rules === undefined) return { cel: [], oneofs: [] };
  const oneofs = listOption(rules, "oneof").map((value) => ({
    fields: isMessage(value) ? listOption(value, "fields").map(String) : [],
    required: isMessage(value) && value.get("required") === true,
  }));
  return { cel: celTexts(rules), oneofs };
}

/** Whether one of a oneof's fields must be set. */
export function isRequiredOneof({ options }: Oneof): boolean {
  return messageOption(options, "[buf.validate.oneof]")?.get("required") === true;
}

const ownRules: ReadonlyMap<string, string> = new Map([
  ["google.protobuf.Any", "any"],
  ["google.protobuf.Duration", "duration"],
  ["google.protobuf.FieldMask", "field_mask"],
  ["google.protobuf.Timestamp", "timestamp"],
]);

/** The name of the rules that values of a type may have; undefined for messages without any. */
export function rulesFor(type: FieldType, model: Model): string | undefined {
  switch (type.kind) {
    case "scalar":
      return type.scalar;
    case "enum":
      return "enum";
    case "map":
      return "map";
    case "message": {
      const wrapped = wrapperNames.has(type.typeName) ? model.messages.get(type.typeName)?.fields[0] : undefined;
      return wrapped?.type.kind === "scalar" ? wrapped.type.scalar : ownRules.get(type.typeName);
    }
  }
}
