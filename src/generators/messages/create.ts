import type { Field } from "../../model/index.js";
import {
  assign,
  binary,
  block,
  call,
  evaluate,
  type Expression,
  line,
  type ObjectLiteral,
  printLiteral,
  type Statement,
} from "../shared/expressions.js";
import { stringLiteral } from "../shared/print.js";
import type { Emit } from "./context.js";
import type { FieldPlan, Property } from "./fields.js";
import { initialValue } from "./values.js";
import { mapAccess } from "./well-known.js";

/** The entries of the literal of a new message. */
export function initialEntries(properties: readonly Property[], emit: Emit): ObjectLiteral["entries"] {
  return properties.map((property) => [
    property.name,
    property.kind === "oneof" ? "undefined" : initialValue(property.plan.field, emit),
  ]);
}

/** The statements of `create`: a whole message from what `init` has. */
export function createStatements(type: string, properties: readonly Property[], emit: Emit): readonly Statement[] {
  const switches = properties.flatMap((property) =>
    property.kind === "oneof" && holdsMessages(property.plans) ? [copyOneof(property, emit)] : [],
  );
  const entries = properties.map((property) => [property.name, createValue(property, emit)] as const);
  const target: Statement = (indent) => printLiteral(`const m: ${type}`, "", entries, indent);
  return [target, ...switches, line(`${emit.wire("copyUnknown")}(m, init);`), line("return m;")];
}

function holdsMessages(plans: readonly FieldPlan[]): boolean {
  return plans.some(({ field }) => field.type.kind === "message");
}

function createValue(property: Property, emit: Emit): Expression {
  const access = `init.${property.name}`;
  if (property.kind === "oneof") {
    return holdsMessages(property.plans) ? "undefined" : call(emit.wire("copyCase"), access);
  }
  const { field } = property.plan;
  const { type } = field;
  if (type.kind === "map") {
    const copy = type.value.kind === "message" ? emit.functionOf("create", type.value.typeName) : emit.wire("same");
    return call(emit.wire("copyMap"), mapAccess(field, access, emit), copy);
  }
  if (type.kind === "message") {
    const create = emit.functionOf("create", type.typeName);
    if (field.repeated) return call(emit.wire("createList"), access, create);
    return binary(access, "&&", call(create, access));
  }
  if (field.repeated) return call(emit.wire("copyList"), access);
  return isAbsentByDefault(field) ? access : binary(access, "??", initialValue(field, emit));
}

function isAbsentByDefault(field: Field): boolean {
  return field.presence === "explicit";
}

/** Sets a oneof that can hold messages, which become whole ones. */
function copyOneof(property: Property & { kind: "oneof" }, emit: Emit): Statement {
  const source = `init.${property.name}`;
  const cases = property.plans.flatMap(({ field, name }): Statement[] => {
    if (field.type.kind !== "message") return [];
    const value = call(emit.functionOf("create", field.type.typeName), `${source}.value`);
    const set = assign(`m.${property.name}`, {
      kind: "object",
      entries: [
        ["case", stringLiteral(name)],
        ["value", value],
      ],
      expanded: false,
    });
    return [
      (indent) =>
        `case ${stringLiteral(name)}:\n${" ".repeat(indent + 2)}${set(indent + 2)}\n${" ".repeat(indent + 2)}break;`,
    ];
  });
  const isWhole = cases.length === property.plans.length;
  cases.push(isWhole ? noCase(source, emit) : otherCases(property.name, emit));
  return (indent) => block(`switch (${source}?.case)`, cases)(indent);
}

/** Refuses what is none of the cases, all of which hold messages. */
function noCase(source: string, emit: Emit): Statement {
  const check = evaluate(call(emit.wire("checkCase"), source));
  return (indent) => `default:\n${" ".repeat(indent + 2)}${check(indent + 2)}`;
}

/** Copies a case whose value needs no copy of its own; what is none is refused when it is written. */
function otherCases(name: string, emit: Emit): Statement {
  return (indent) => {
    const set = assign(`m.${name}`, call(emit.wire("copyCase"), `init.${name}`));
    return `default:\n${" ".repeat(indent + 2)}${set(indent + 2)}`;
  };
}
