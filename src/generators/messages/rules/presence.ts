import type { Field, FieldType } from "../../../model/index.js";
import { binary, type Expression, flat } from "../../shared/expressions.js";
import { stringLiteral } from "../../shared/print.js";
import { toWire } from "../convert.js";
import { type FieldPlan, longForm, type Property } from "../fields.js";
import { scalarCodes } from "../scalars.js";
import { zeroOf } from "../values.js";
import type { RulesEmit } from "./subject.js";

/** Whether programs see that a field was not set. */
export function hasPresence(field: Field): boolean {
  return (
    !field.repeated && field.type.kind !== "map" && (field.presence !== "implicit" || field.type.kind === "message")
  );
}

/** The condition that holds for the zero of a type. */
export function isZero(type: FieldType, value: string, emit: RulesEmit): string {
  if (type.kind === "enum") return `${value} === ${emit.enum(type.typeName).values[0]?.number ?? 0}`;
  if (type.kind !== "scalar") return "false";
  const { zero } = scalarCodes[type.scalar];
  return type.scalar === "bool" ? `!${value}` : zero === "" ? `${value}.length === 0` : `${value} === ${zero}`;
}

/** The condition that does not. */
export function notZero(type: FieldType, value: string, emit: RulesEmit): string {
  if (type.kind === "scalar" && type.scalar === "bool") return value;
  return isZero(type, value, emit).replace(
    / === (?=[^=]*$)/,
    type.kind === "scalar" && scalarCodes[type.scalar].zero === "" ? " > " : " !== ",
  );
}

/** The condition that a field is set, as message-level rules see it. */
export function isSetCondition(property: Property, plan: FieldPlan, emit: RulesEmit): Expression {
  const { field } = plan;
  if (property.kind === "oneof") return binary(`m.${property.name}?.case`, "===", stringLiteral(plan.name));
  const access = `m.${property.name}`;
  if (field.repeated) return `(${access} ?? []).length > 0`;
  if (field.type.kind === "map") return `${emit.global("Object")}.keys(${access} ?? {}).length > 0`;
  if (hasPresence(field)) return `${access} !== undefined`;
  const zero = zeroOf(field, field.type, emit);
  const long = longForm(field, emit);
  const value = `(${access} ?? ${zero})`;
  if (long === "string" || long === "number") return `${flat(toWire(field, value.slice(1, -1), emit))} !== 0n`;
  if (field.type.kind === "scalar" && field.type.scalar === "bytes") return `${value}.length > 0`;
  return `${value} !== ${zero}`;
}
