import type { Field, ValueType } from "../../model/index.js";
import {
  assign,
  binary,
  block,
  call,
  evaluate,
  type Expression,
  line,
  printHead,
  printStatements,
  type Statement,
  when,
} from "../shared/expressions.js";
import { stringLiteral } from "../shared/print.js";
import type { Emit } from "./context.js";
import { enumFunction } from "./convert.js";
import type { FieldPlan, Property } from "./fields.js";
import { scalarCodes } from "./scalars.js";
import { nullName } from "./well-known.js";
import { isPresent } from "./write.js";

/** JSON as a value in `o`, or as text in `s`. */
export type JsonForm = "value" | "text";

/** The statements that add the fields of `m` to the JSON. */
export function jsonStatements(properties: readonly Property[], form: JsonForm, emit: Emit): readonly Statement[] {
  return properties.map((property) =>
    property.kind === "field" ? addField(property.plan, form, emit) : addOneof(property, form, emit),
  );
}

/** True when some field's JSON depends on the options. */
export function usesOptions(properties: readonly Property[], form: JsonForm): boolean {
  return properties.some((property) =>
    (property.kind === "field" ? [property.plan] : property.plans).some(({ field }) => needsOptions(field, form)),
  );
}

function needsOptions({ type, repeated }: Field, form: JsonForm): boolean {
  if (type.kind === "map") return !isNamedEnum(type.value);
  return type.kind === "message" || (repeated && !isNamedEnum(type) && !(form === "text" && isNumber(type)));
}

/** Adds a member to the JSON object. */
function add({ field }: FieldPlan, value: Expression, form: JsonForm, emit: Emit): Statement {
  const key = JSON.stringify(field.jsonName);
  if (form === "text") return assign("s", call(emit.wire("addMember"), "s", stringLiteral(`,${key}:`), value));
  if (field.jsonName === "__proto__" || field.jsonName.length > 60)
    return evaluate(call(emit.wire("setMember"), "o", stringLiteral(field.jsonName), value));
  return assign(`o[${stringLiteral(field.jsonName)}]`, value);
}

function addField(plan: FieldPlan, form: JsonForm, emit: Emit): Statement {
  const { field, name } = plan;
  const access = `m.${name}`;
  if (field.type.kind === "map") {
    return when(call(emit.wire("hasEntries"), access), add(plan, mapValue(field, access, form, emit), form, emit));
  }
  if (field.repeated)
    return when(call(emit.wire("hasItems"), access), add(plan, listValue(field.type, access, form, emit), form, emit));
  const condition = field.presence === "required" ? binary(access, "!==", "undefined") : isPresent(field, access, emit);
  return when(condition, addOne(plan, access, form, emit));
}

/** Adds one value that is there. */
function addOne(plan: FieldPlan, access: string, form: JsonForm, emit: Emit): Statement {
  const { type, jsonName } = plan.field;
  if (type.kind === "map") throw new Error(`${plan.field.typeName} is no single value`);
  if (form === "text" && type.kind === "scalar" && type.scalar === "string") {
    const key = stringLiteral(`,${JSON.stringify(jsonName)}:"`);
    return assign("s", call(emit.wire("addText"), "s", key, access));
  }
  return add(plan, oneValue(type, access, form, emit), form, emit);
}

function addOneof(property: Property & { kind: "oneof" }, form: JsonForm, emit: Emit): Statement {
  const value = `m.${property.name}.value`;
  const [only] = property.plans;
  if (property.plans.length === 1 && only !== undefined) {
    const condition = binary(`m.${property.name}?.case`, "===", stringLiteral(only.name));
    return when(condition, addOne(only, value, form, emit));
  }
  const cases = property.plans.map((plan): Statement => {
    const body = [addOne(plan, value, form, emit), line("break;")];
    return (indent) => `case ${stringLiteral(plan.name)}:\n${printStatements(body, indent + 2)}`;
  });
  return (indent) => block(printHead("switch (", `m.${property.name}?.case`, ")", indent), cases)(indent);
}

/** The function of the runtime or of a message that makes JSON of one value. */
function functionFor(type: ValueType, form: JsonForm, emit: Emit): string {
  switch (type.kind) {
    case "scalar":
      return emit.wire(form === "text" ? scalarCodes[type.scalar].print : scalarCodes[type.scalar].toJson);
    case "message":
      return emit.functionOf(form === "text" ? "print" : "toJson", type.typeName);
    case "enum":
      if (type.typeName === nullName) return emit.wire(form === "text" ? "printNull" : "nullToJson");
      return enumFunction(form === "text" ? "printEnum" : "enumToJson", type.typeName, emit);
  }
}

function oneValue(type: ValueType, access: string, form: JsonForm, emit: Emit): Expression {
  if (type.kind === "enum" && type.typeName === nullName) return form === "text" ? '"null"' : "null";
  const convert = functionFor(type, form, emit);
  switch (type.kind) {
    case "scalar":
      return call(convert, access);
    case "message":
      return call(convert, access, "c");
    case "enum":
      return call(convert, access, emit.enumInfo(type.typeName));
  }
}

function isNamedEnum(type: ValueType): type is ValueType & { kind: "enum" } {
  return type.kind === "enum" && type.typeName !== nullName;
}

function listValue(type: ValueType, access: string, form: JsonForm, emit: Emit): Expression {
  if (isNamedEnum(type)) {
    const convert = enumFunction(form === "text" ? "printEnums" : "enumsToJson", type.typeName, emit);
    return call(convert, access, emit.enumInfo(type.typeName));
  }
  if (form === "text" && isNumber(type)) {
    return call(emit.wire("printNumbers"), access, emit.wire(scalarCodes[type.scalar].toJson));
  }
  return call(emit.wire(form === "text" ? "printList" : "listToJson"), access, functionFor(type, form, emit), "c");
}

/** True for a type whose JSON is a number. */
function isNumber(type: ValueType): type is ValueType & { kind: "scalar" } {
  return type.kind === "scalar" && scalarCodes[type.scalar].type === "number";
}

function mapValue({ type }: Field, access: string, form: JsonForm, emit: Emit): Expression {
  if (type.kind !== "map") throw new Error("not a map");
  const { key, value } = type;
  // what a program calls a key may be none; any string is one of a map of strings
  const check = key === "string" ? [] : [emit.wire(scalarCodes[key].key)];
  if (isNamedEnum(value)) {
    const convert = enumFunction(form === "text" ? "printEnumMap" : "enumMapToJson", value.typeName, emit);
    return call(convert, access, emit.enumInfo(value.typeName), ...check);
  }
  const convert = emit.wire(form === "text" ? "printMap" : "mapToJson");
  return call(convert, access, functionFor(value, form, emit), "c", ...check);
}
