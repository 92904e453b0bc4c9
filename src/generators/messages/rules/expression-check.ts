import { celEnv, CelScalar, isCelError, parse, plan, type CelType } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import type { FieldType, Model, ScalarType } from "../../../model/index.js";
import { functions } from "../../../runtime/validate/cel/functions.js";
import { wrapperNames } from "../well-known.js";

type Expr = ReturnType<typeof parse>["expr"];
type ExprKind = Expr["exprKind"];
type Kind<Case extends ExprKind["case"]> = Extract<ExprKind, { readonly case: Case }>["value"];

/**
 * What is known of a value before there is one. `dyn` is everything of which too little is known to say that it does
 * not fit: wrappers (a scalar or null), Any, Struct and its parts.
 */
export type StaticType =
  | {
      readonly kind: "dyn" | "int" | "uint" | "double" | "bool" | "string" | "bytes" | "null_type" | "type";
    }
  | { readonly kind: "list"; readonly element: StaticType }
  | { readonly kind: "map"; readonly key: StaticType; readonly value: StaticType }
  | { readonly kind: "message"; readonly typeName: string };

const dyn: StaticType = { kind: "dyn" };
const bool: StaticType = { kind: "bool" };

/** What an expression may name. */
export interface Known {
  readonly variables: ReadonlyMap<string, StaticType>;
  readonly model: Model;
  /** Why a text is no pattern; undefined for a good one. */
  readonly pattern: (source: string) => string | undefined;
}

class Fault extends Error {}

const typeNames: ReadonlySet<string> = new Set(
  "bool bytes double dyn int list map null_type string type uint".split(" "),
);
const dynamicMessages: ReadonlySet<string> = new Set([
  ...wrapperNames,
  ...["Any", "Struct", "Value", "ListValue"].map((name) => `google.protobuf.${name}`),
]);
const environment = celEnv({ funcs: [...strings, ...functions] });
const library = environment.funcs;

/**
 * Why an expression fails whatever the value is; undefined where that cannot be said. The engine has no checker: it
 * finds these when it evaluates, which would fail each message.
 */
export function expressionFault(expr: Expr, known: Known): string | undefined {
  try {
    const { kind } = typeOf(expr, known);
    return kind === "dyn" || kind === "bool" || kind === "string"
      ? undefined
      : "the expression gives neither a bool nor a string";
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

function typeOf(expr: Expr | undefined, known: Known): StaticType {
  const kind = expr?.exprKind;
  switch (kind?.case) {
    case "constExpr":
      return constantType(kind.value);
    case "identExpr":
      return identifierType(kind.value.name, known, false);
    case "selectExpr":
      return selectType(kind.value, known);
    case "callExpr":
      return callType(kind.value, known);
    case "listExpr":
      return { kind: "list", element: common(kind.value.elements.map((element) => typeOf(element, known))) };
    case "structExpr":
      return structType(kind.value, known);
    case "comprehensionExpr":
      return comprehensionType(kind.value, known);
    default:
      return dyn;
  }
}

function constantType({ constantKind }: Kind<"constExpr">): StaticType {
  switch (constantKind.case) {
    case "boolValue":
      return bool;
    case "bytesValue":
      return { kind: "bytes" };
    case "doubleValue":
      return { kind: "double" };
    case "int64Value":
      return { kind: "int" };
    case "uint64Value":
      return { kind: "uint" };
    case "stringValue":
      return { kind: "string" };
    case "nullValue":
      return { kind: "null_type" };
    default:
      return dyn;
  }
}

/** A variable, or a type or the beginning of a type's name. */
function identifierType(written: string, { variables, model }: Known, selected: boolean): StaticType {
  const name = written.replace(/^\./, "");
  const variable = variables.get(name);
  if (variable !== undefined) return variable;
  if (typeNames.has(name) || model.messages.has(name)) return { kind: "type" };
  if (selected) {
    if (name === "google" || model.enums.has(name)) return dyn;
    const inside = [...model.messages.keys(), ...model.enums.keys()].some((one) => one.startsWith(`${name}.`));
    if (inside) return dyn;
  }
  const names = [...variables.keys()].filter((one) => !one.startsWith("@"));
  throw new Fault(`there is no ${name} here, only ${names.join(", ")}`);
}

function selectType(select: Kind<"selectExpr">, known: Known): StaticType {
  const type = selectedType(select, known);
  return select.testOnly ? bool : type;
}

function selectedType({ operand, field }: Kind<"selectExpr">, known: Known): StaticType {
  const from =
    operand?.exprKind.case === "identExpr"
      ? identifierType(operand.exprKind.value.name, known, true)
      : typeOf(operand, known);
  switch (from.kind) {
    case "dyn":
    case "type":
      return dyn;
    case "map":
      return from.value;
    case "message": {
      const message = known.model.messages.get(from.typeName);
      if (message === undefined) return dyn;
      const found = message.fields.find(({ name }) => name === field);
      if (found === undefined) throw new Fault(`${from.typeName} has no field ${field}`);
      return fieldType(found);
    }
    default:
      throw new Fault(`${nameOf(from)} has no field ${field}`);
  }
}

/** What a field, or one of its items, is to an expression. */
export function fieldType({ type, repeated }: { readonly type: FieldType; readonly repeated: boolean }): StaticType {
  if (repeated) return { kind: "list", element: fieldType({ type, repeated: false }) };
  switch (type.kind) {
    case "scalar":
      return scalarType(type.scalar);
    case "enum":
      return { kind: "int" };
    case "message":
      return messageType(type.typeName);
    case "map": {
      const value = fieldType({ type: type.value, repeated: false });
      return { kind: "map", key: scalarType(type.key), value };
    }
  }
}

function scalarType(scalar: ScalarType): StaticType {
  switch (scalar) {
    case "bool":
    case "string":
    case "bytes":
    case "double":
      return { kind: scalar };
    case "float":
      return { kind: "double" };
    default:
      return { kind: /^(uint|fixed)/.test(scalar) ? "uint" : "int" };
  }
}

/** A message as an expression sees it. */
function messageType(typeName: string): StaticType {
  return dynamicMessages.has(typeName) ? dyn : { kind: "message", typeName };
}

function structType({ messageName, entries }: Kind<"structExpr">, known: Known): StaticType {
  const values = entries.map(({ value }) => typeOf(value, known));
  if (messageName === "") {
    const keys = entries.map(({ keyKind }) =>
      keyKind.case === "mapKey" ? typeOf(keyKind.value, known) : { kind: "string" as const },
    );
    return { kind: "map", key: common(keys), value: common(values) };
  }
  const typeName = messageName.replace(/^\./, "");
  const message = known.model.messages.get(typeName);
  if (message === undefined) {
    if (typeName.startsWith("google.protobuf.")) return dyn;
    throw new Fault(`there is no message ${typeName} here`);
  }
  for (const { keyKind } of entries) {
    if (keyKind.case === "fieldKey" && !message.fields.some(({ name }) => name === keyKind.value)) {
      throw new Fault(`${typeName} has no field ${keyKind.value}`);
    }
  }
  return messageType(typeName);
}

/** What macros such as `all` and `map` stand for. */
function comprehensionType(value: Kind<"comprehensionExpr">, known: Known): StaticType {
  const range = typeOf(value.iterRange, known);
  if (range.kind !== "dyn" && range.kind !== "list" && range.kind !== "map") {
    throw new Fault(`${nameOf(range)} is neither a list nor a map`);
  }
  const item = range.kind === "list" ? range.element : range.kind === "map" ? range.key : dyn;
  const initial = typeOf(value.accuInit, known);
  const accumulated: StaticType = initial.kind === "list" ? { kind: "list", element: dyn } : initial;
  const inner = (more: readonly (readonly [string, StaticType])[]): Known => ({
    ...known,
    variables: new Map([...known.variables, ...more]),
  });
  const step = inner([
    [value.iterVar, item],
    [value.accuVar, accumulated],
  ]);
  typeOf(value.loopCondition, step);
  typeOf(value.loopStep, step);
  return typeOf(value.result, inner([[value.accuVar, accumulated]]));
}

function callType(call: Kind<"callExpr">, known: Known): StaticType {
  const qualified = call.target === undefined ? undefined : qualifiedName(call.target);
  const whole = qualified === undefined ? undefined : library.find(`${qualified}.${call.function}`);
  const args = call.args.map((arg) => typeOf(arg, known));
  if (whole !== undefined) return overloadType(call.function, [...whole], undefined, args);
  const target = call.target === undefined ? undefined : typeOf(call.target, known);
  const [first = dyn, second = dyn, third = dyn] = args;
  switch (call.function) {
    case "_[_]":
      return indexType(first, second);
    case "_?_:_":
      requireBool(first);
      return common([second, third]);
    case "_&&_":
    case "_||_":
      for (const arg of args) requireBool(arg);
      return bool;
    case "@not_strictly_false":
    case "__not_strictly_false__":
      return bool;
    case "_==_":
    case "_!=_":
      if (!comparable(first, second)) {
        throw new Fault(`${nameOf(first)} is never equal to ${nameOf(second)}`);
      }
      return bool;
  }
  const group = library.find(call.function);
  if (group === undefined) throw new Fault(`there is no function ${call.function}`);
  const result = overloadType(call.function, [...group], target, args);
  checkConstants(call, known);
  return result;
}

/** Constants that are patterns, times and durations. */
function checkConstants({ function: name, args }: Kind<"callExpr">, known: Known): void {
  const constant = args[0]?.exprKind.case === "constExpr" ? args[0].exprKind.value.constantKind : undefined;
  if (constant?.case !== "stringValue") return;
  if (name === "matches") {
    const reason = known.pattern(constant.value);
    if (reason !== undefined)
      throw new Fault(`the pattern ${JSON.stringify(constant.value)} is none of RE2: ${reason}`);
  } else if (name === "timestamp" || name === "duration") {
    const result = plan(environment, parse(`${name}(text)`))({ text: constant.value });
    if (isCelError(result)) throw new Fault(`${JSON.stringify(constant.value)} is no ${name}`);
  }
}

function overloadType(
  name: string,
  overloads: readonly {
    readonly target: CelType | undefined;
    readonly arguments: readonly CelType[];
    readonly result: CelType;
  }[],
  target: StaticType | undefined,
  args: readonly StaticType[],
): StaticType {
  const fitting = overloads.filter(
    (overload) =>
      (overload.target === undefined) === (target === undefined) &&
      (overload.target === undefined || target === undefined || fits(target, overload.target)) &&
      overload.arguments.length === args.length &&
      overload.arguments.every((type, i) => fits(args[i] ?? dyn, type)),
  );
  if (fitting.length === 0) {
    const called = /^[\w.]+$/.test(name) ? name : name.replaceAll("_", "");
    const on = target === undefined ? "" : `${nameOf(target)}.`;
    throw new Fault(`there is no ${on}${called}(${args.map(nameOf).join(", ")})`);
  }
  return common(fitting.map(({ result }) => resultType(result)));
}

function fits(type: StaticType, parameter: CelType): boolean {
  if (type.kind === "dyn" || parameter === CelScalar.DYN) return true;
  // the engine tells lists apart by nothing, and maps neither
  return type.kind === "message" ? type.typeName === parameter.name : type.kind === parameter.name;
}

function resultType(type: CelType): StaticType {
  switch (type.kind) {
    case "scalar":
      return { kind: type.scalar };
    case "list":
      return { kind: "list", element: resultType(type.element) };
    case "map":
      return { kind: "map", key: resultType(type.key), value: resultType(type.value) };
    case "object":
      return messageType(type.name);
  }
}

function indexType(from: StaticType, index: StaticType): StaticType {
  if (from.kind === "dyn" || from.kind === "message") return dyn;
  const key = from.kind === "map" ? from.key : ({ kind: "int" } as const);
  if (from.kind !== "list" && from.kind !== "map") throw new Fault(`${nameOf(from)} has no items`);
  if (!comparable(key, index)) throw new Fault(`${nameOf(from)} has no item at ${nameOf(index)}`);
  return from.kind === "list" ? from.element : from.value;
}

function requireBool(type: StaticType): void {
  if (type.kind !== "dyn" && type.kind !== "bool") throw new Fault(`${nameOf(type)} is no bool`);
}

/** Whether values of two types can be equal; numbers of all kinds can. */
function comparable(left: StaticType, right: StaticType): boolean {
  const [one, other] = [left, right].map((type) =>
    type.kind === "int" || type.kind === "uint" || type.kind === "double" ? "number" : type.kind,
  );
  if (left.kind === "message" && right.kind === "message") return left.typeName === right.typeName;
  return one === other || [one, other].some((kind) => kind === "dyn" || kind === "null_type");
}

/** The type that all have; `dyn` where they differ. */
function common(types: readonly StaticType[]): StaticType {
  const [first] = types;
  if (first === undefined) return dyn;
  return types.every((type) => nameOf(type) === nameOf(first)) ? first : dyn;
}

function nameOf(type: StaticType): string {
  switch (type.kind) {
    case "list":
      return `list(${nameOf(type.element)})`;
    case "map":
      return `map(${nameOf(type.key)}, ${nameOf(type.value)})`;
    case "message":
      return type.typeName;
    default:
      return type.kind;
  }
}

function qualifiedName({ exprKind }: Expr): string | undefined {
  if (exprKind.case === "identExpr") return exprKind.value.name;
  if (exprKind.case !== "selectExpr" || exprKind.value.testOnly || exprKind.value.operand === undefined)
    return undefined;
  const parent = qualifiedName(exprKind.value.operand);
  return parent === undefined ? undefined : `${parent}.${exprKind.value.field}`;
}
