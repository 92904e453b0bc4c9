import type { Field, ScalarType, ValueType } from "../../model/index.js";
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
import { type FieldPlan, longForm, type Property } from "./fields.js";
import { scalarCodes } from "./scalars.js";
import { zeroOf } from "./values.js";
import { nullName } from "./well-known.js";
import { isPresent, localOf, otherCases, together } from "./write.js";

/** JSON as a value in `o`, or as text in `s`. */
export type JsonForm = "value" | "text";

/** The statements that add the fields of `m` to the JSON. */
export function jsonStatements(properties: readonly Property[], form: JsonForm, emit: Emit): readonly Statement[] {
  return properties.map((property) => {
    if (property.kind === "oneof") return addOneof(property, form, emit);
    return form === "text" ? printField(property.plan, emit) : setField(property.plan, emit);
  });
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

/** What stands before a member in JSON text. */
function textKey({ jsonName }: Field, open = ""): Expression {
  return stringLiteral(`,${JSON.stringify(jsonName)}:${open}`);
}

/**
 * Adds a field to the text. Whether it is there is for the runtime to find out: a property that emitted code compares
 * and then passes on costs the compiler of whoever uses it three analyses.
 */
function printField(plan: FieldPlan, emit: Emit): Statement {
  const { field, name } = plan;
  const { type } = field;
  const access = `m.${name}`;
  const open = !field.repeated && type.kind === "scalar" && type.scalar === "string" ? '"' : "";
  const add = (callee: string, ...args: readonly Expression[]): Statement =>
    assign("s", call(callee, "s", textKey(field, open), access, ...args));

  if (type.kind === "map") {
    const check = keyCheck(type.key, emit);
    if (isNamedEnum(type.value)) {
      return add(enumFunction("addEnumMap", type.value.typeName, emit), emit.enumInfo(type.value.typeName), ...check);
    }
    return add(emit.wire("addMap"), functionFor(field, type.value, "text", emit), "c", ...check);
  }
  if (field.repeated) {
    if (isNamedEnum(type)) return add(enumFunction("addEnums", type.typeName, emit), emit.enumInfo(type.typeName));
    if (isNumber(type)) return add(emit.wire("addNumbers"), emit.wire(scalarCodes[type.scalar].toJson));
    return add(emit.wire("addList"), functionFor(field, type, "text", emit), "c");
  }
  const except = field.presence === "implicit" && type.kind !== "message" ? [zeroOf(field, type, emit)] : [];
  switch (type.kind) {
    case "scalar":
      return add(emit.wire(scalarFunction(field, type, "text", emit).replace("print", "add")), ...except);
    case "message":
      return add(emit.wire("addMessage"), functionFor(field, type, "text", emit), "c");
    case "enum":
      if (isNamedEnum(type)) {
        return add(enumFunction("addEnum", type.typeName, emit), emit.enumInfo(type.typeName), ...except);
      }
      return when(isThere(field, access, emit), addOne(plan, access, "text", emit));
  }
}

/** Sets a member of the object. The store stands here: one for all fields of all messages would be slow. */
function setField(plan: FieldPlan, emit: Emit): Statement {
  const { field, name } = plan;
  const { type } = field;
  const { local, declare } = localOf(field, `m.${name}`);
  if (type.kind === "map") {
    return together(
      declare,
      when(call(emit.wire("hasEntries"), local), set(field, mapValue(field, local, emit), emit)),
    );
  }
  if (field.repeated) {
    return together(declare, when(call(emit.wire("hasItems"), local), set(field, listValue(field, local, emit), emit)));
  }
  return together(declare, when(isThere(field, local, emit), addOne(plan, local, "value", emit)));
}

function isThere(field: Field, access: string, emit: Emit): Expression {
  return field.presence === "required" ? binary(access, "!==", "undefined") : isPresent(field, access, emit);
}

function set({ jsonName }: Field, value: Expression, emit: Emit): Statement {
  if (jsonName === "__proto__" || jsonName.length > 60)
    return evaluate(call(emit.wire("setMember"), "o", stringLiteral(jsonName), value));
  return assign(`o[${stringLiteral(jsonName)}]`, value);
}

/** Adds one value that is there. */
function addOne({ field }: FieldPlan, access: string, form: JsonForm, emit: Emit): Statement {
  if (form === "value") return set(field, oneValue(field, access, form, emit), emit);
  if (field.type.kind === "scalar" && field.type.scalar === "string") {
    return assign("s", call(emit.wire("addText"), "s", textKey(field, '"'), access));
  }
  return assign("s", call(emit.wire("addMember"), "s", textKey(field), oneValue(field, access, form, emit)));
}

function addOneof(property: Property & { kind: "oneof" }, form: JsonForm, emit: Emit): Statement {
  const [first] = property.plans;
  if (first === undefined) throw new Error(`${property.name} has no members`);
  const { local, declare } = localOf(first.field, `m.${property.name}`);
  const cases = property.plans.map((plan): Statement => {
    const body = [addOne(plan, `${local}.value`, form, emit), line("break;")];
    return (indent) => `case ${stringLiteral(plan.name)}:\n${printStatements(body, indent + 2)}`;
  });
  cases.push(...otherCases([], local, emit));
  return together(declare, (indent) => block(printHead("switch (", `${local}?.case`, ")", indent), cases)(indent));
}

/** The function of the runtime for one value: of a 64-bit integer what a program holds, which may be no bigint. */
function scalarFunction(field: Field, { scalar }: ValueType & { kind: "scalar" }, form: JsonForm, emit: Emit): string {
  const name = scalarCodes[scalar][form === "text" ? "print" : "toJson"];
  const long = longForm(field, emit);
  if (long !== "number" && long !== "string") return name;
  return name.replace("int64", "long").replace("Int64", "Long");
}

/** The function of the runtime or of a message that makes JSON of one value. */
function functionFor(field: Field, type: ValueType, form: JsonForm, emit: Emit): string {
  switch (type.kind) {
    case "scalar":
      return emit.wire(scalarFunction(field, type, form, emit));
    case "message":
      return emit.functionOf(form === "text" ? "print" : "toJson", type.typeName);
    case "enum":
      if (type.typeName === nullName) return emit.wire(form === "text" ? "printNull" : "nullToJson");
      return enumFunction(form === "text" ? "printEnum" : "enumToJson", type.typeName, emit);
  }
}

function oneValue(field: Field, access: string, form: JsonForm, emit: Emit): Expression {
  const { type } = field;
  if (type.kind === "map") throw new Error(`${field.typeName} is no single value`);
  if (type.kind === "enum" && type.typeName === nullName) return form === "text" ? '"null"' : "null";
  const convert = functionFor(field, type, form, emit);
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

/** True for a type whose JSON is a number. */
function isNumber(type: ValueType): type is ValueType & { kind: "scalar" } {
  return type.kind === "scalar" && scalarCodes[type.scalar].type === "number";
}

function listValue(field: Field, access: string, emit: Emit): Expression {
  const { type } = field;
  if (type.kind === "map") throw new Error(`${field.typeName} is no list`);
  if (isNamedEnum(type)) {
    return call(enumFunction("enumsToJson", type.typeName, emit), access, emit.enumInfo(type.typeName));
  }
  return call(emit.wire("listToJson"), access, functionFor(field, type, "value", emit), "c");
}

function mapValue(field: Field, access: string, emit: Emit): Expression {
  const { type } = field;
  if (type.kind !== "map") throw new Error(`${field.typeName} is no map`);
  const { value } = type;
  const check = keyCheck(type.key, emit);
  if (isNamedEnum(value)) {
    const convert = enumFunction("enumMapToJson", value.typeName, emit);
    return call(convert, access, emit.enumInfo(value.typeName), ...check);
  }
  return call(emit.wire("mapToJson"), access, functionFor(field, value, "value", emit), "c", ...check);
}

/** What a program calls a key may be none; any string is one of a map of strings. */
function keyCheck(key: ScalarType, emit: Emit): readonly Expression[] {
  return key === "string" ? [] : [emit.wire(scalarCodes[key].key)];
}
