import type { Field, ValueType } from "../../model/index.js";
import { lowerCamel } from "../../plan/index.js";
import {
  assign,
  binary,
  block,
  call,
  choose,
  evaluate,
  type Expression,
  line,
  objectOf,
  printStatements,
  type Statement,
  when,
} from "../shared/expressions.js";
import { stringLiteral } from "../shared/print.js";
import type { Emit } from "./context.js";
import { enumFunction } from "./convert.js";
import { type FieldPlan, longForm, type Property } from "./fields.js";
import { scalarCodes } from "./scalars.js";
import { nullName } from "./well-known.js";

/** The cases of the switch over names that fill the message `m` from `x`. */
export function parseCases(properties: readonly Property[], emit: Emit): readonly Statement[] {
  return properties.flatMap((property) =>
    property.kind === "field"
      ? [parseField(property.plan, `m.${property.name}`, emit)]
      : property.plans.map((plan) => parseMember(plan, `m.${property.name}`, emit)),
  );
}

function plansOf(properties: readonly Property[]): readonly FieldPlan[] {
  return properties.flatMap((property) => (property.kind === "field" ? [property.plan] : property.plans));
}

/** The names of all fields, for members that no case takes: they have a field's proto name, or null. */
export function fieldNames(properties: readonly Property[]): string {
  return namesIn(plansOf(properties));
}

/**
 * The names of fields in one text for the runtime: `created_at`, or `total:sum` where the contract says what the JSON
 * name is.
 */
export function namesIn(plans: readonly FieldPlan[]): string {
  return plans
    .map(({ field: { name, jsonName } }) =>
      // whatever a contract calls it, it takes no space
      jsonName === lowerCamel(name) ? name : `${name}:${encodeURIComponent(jsonName)}`,
    )
    .join(" ");
}

/**
 * The switch over the name of a member. Null, which leaves a field as it is, goes where unknown names go: one question
 * here in place of one in each case, where it would also cost whoever compiles the code two analyses of `x`.
 */
export function switchNames(properties: readonly Property[], cases: readonly Statement[]): readonly Statement[] {
  const taking = plansOf(properties).filter(({ takesNull }) => takesNull);
  if (taking.length === 0) return [block("switch (x === null ? null : k)", cases)];
  const isLeftOut = taking.reduce<Expression>(
    (left, { field }) => binary(left, "&&", binary("k", "!==", stringLiteral(field.jsonName))),
    "x === null",
  );
  return [choose("const name", isLeftOut, "null", "k"), block("switch (name)", cases)];
}

function caseOf({ field }: FieldPlan, statements: readonly Statement[], scoped = false): Statement {
  return (indent) => {
    const label = `case ${stringLiteral(field.jsonName)}:`;
    const all = [...statements, line("break;")];
    return scoped ? block(label, all)(indent) : `${label}\n${printStatements(all, indent + 2)}`;
  };
}

function parseField(plan: FieldPlan, access: string, emit: Emit): Statement {
  const { field } = plan;
  const { type } = field;
  if (type.kind === "map") return caseOf(plan, [assign(access, parseMap(field, emit))]);
  if (field.repeated) return caseOf(plan, [assign(access, parseList(field, type, emit))]);
  const value = parseOne(field, type, emit);
  // an unknown name of an enum may be passed over
  const set = isNamedEnum(type) ? binary(value, "??", access) : value;
  return caseOf(plan, [assign(access, set)]);
}

function parseMember(plan: FieldPlan, access: string, emit: Emit): Statement {
  const { field, name } = plan;
  const { type } = field;
  if (type.kind === "map") throw new Error(`${field.typeName} is a map in a oneof`);
  const once = evaluate(call(emit.wire("parseOnce"), access, "c", "k"));
  const value = parseOne(field, type, emit);
  const label = ["case", stringLiteral(name)] as const;
  if (isNamedEnum(type)) {
    const set = assign(access, objectOf(label, ["value", "value"]));
    return caseOf(plan, [once, assign("const value", value), when(binary("value", "!==", "undefined"), set)], true);
  }
  return caseOf(plan, [once, assign(access, objectOf(label, ["value", value]))]);
}

function isNamedEnum(type: ValueType): type is ValueType & { kind: "enum" } {
  return type.kind === "enum" && type.typeName !== nullName;
}

/** The function of the runtime that reads a scalar or null. */
function parserOf(field: Field, type: ValueType, emit: Emit): string {
  if (type.kind !== "scalar") return emit.wire("parseNull");
  const { parse } = scalarCodes[type.scalar];
  const long = longForm(field, emit);
  if (long === "number") return emit.wire(`${parse}Number`);
  return emit.wire(long === "string" ? `${parse}String` : parse);
}

function parseOne(field: Field, type: ValueType, emit: Emit): Expression {
  if (type.kind === "message") {
    return call(emit.functionOf("fromJson", type.typeName), "x", "c", "k");
  }
  if (isNamedEnum(type))
    return call(enumFunction("parseEnum", type.typeName, emit), "x", "c", "k", emit.enumInfo(type.typeName));
  return call(parserOf(field, type, emit), "x", "c", "k");
}

function parseList(field: Field, type: ValueType, emit: Emit): Expression {
  if (type.kind === "message") {
    return call(emit.wire("parseList"), "x", "c", "k", emit.functionOf("fromJson", type.typeName));
  }
  if (isNamedEnum(type))
    return call(enumFunction("parseEnums", type.typeName, emit), "x", "c", "k", emit.enumInfo(type.typeName));
  return call(emit.wire("parseList"), "x", "c", "k", parserOf(field, type, emit));
}

function parseMap(field: Field, emit: Emit): Expression {
  const { type } = field;
  if (type.kind !== "map") throw new Error(`${field.typeName} is no map`);
  const key = emit.wire(scalarCodes[type.key].key);
  const { value } = type;
  if (value.kind === "message") {
    return call(emit.wire("parseMap"), "x", "c", "k", key, emit.functionOf("fromJson", value.typeName));
  }
  if (isNamedEnum(value)) {
    const parse = enumFunction("parseEnumMap", value.typeName, emit);
    return call(parse, "x", "c", "k", key, emit.enumInfo(value.typeName));
  }
  return call(emit.wire("parseMap"), "x", "c", "k", key, parserOf(field, value, emit));
}
