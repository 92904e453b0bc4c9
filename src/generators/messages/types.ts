import type { Field, ValueType } from "../../model/index.js";
import type { TypePart } from "../shared/expressions.js";
import { stringLiteral } from "../shared/print.js";
import type { Emit } from "./context.js";
import { type FieldPlan, longForm, type Property } from "./fields.js";
import { scalarCodes } from "./scalars.js";

/** Whether a type is for what readers get or for what writers may hand in. */
export type Side = "whole" | "init";

function valueType(type: ValueType, side: Side, emit: Emit): string {
  switch (type.kind) {
    case "scalar": {
      const name = scalarCodes[type.scalar].type;
      return name === "Uint8Array" ? emit.global(name) : name;
    }
    case "enum":
      return emit.enumType(type.typeName);
    case "message":
      return side === "whole" ? emit.messageType(type.typeName) : emit.initType(type.typeName);
  }
}

/** The type of one value of a field that is no map. */
export function elementType(field: Field, side: Side, emit: Emit): string {
  if (field.type.kind === "map") throw new Error(`${field.typeName} is a map`);
  return longForm(field, emit) ?? valueType(field.type, side, emit);
}

/** The type of the values of a map. */
export function mapValueType(field: Field, side: Side, emit: Emit): string {
  if (field.type.kind !== "map") throw new Error(`${field.typeName} is no map`);
  return longForm(field, emit) ?? valueType(field.type.value, side, emit);
}

function fieldType({ field }: FieldPlan, side: Side, emit: Emit): readonly TypePart[] {
  const readonly = side === "init" ? "readonly " : "";
  if (field.type.kind === "map") {
    return [{ members: [`${readonly}[key: string]: ${mapValueType(field, side, emit)}`] }];
  }
  const element = elementType(field, side, emit);
  return [field.repeated ? `${readonly}${element}[]` : element];
}

/** True when the property of a whole message may be undefined. */
export function mayBeAbsent(field: Field): boolean {
  if (field.repeated || field.type.kind === "map") return false;
  return field.presence === "explicit" || field.type.kind === "message";
}

/** The alternatives of a property's type. */
export function propertyType(property: Property, side: Side, emit: Emit): readonly TypePart[] {
  if (property.kind === "oneof") {
    const cases = property.plans.map((plan) => ({
      members: [`case: ${stringLiteral(plan.name)}`, `value: ${elementType(plan.field, side, emit)}`],
    }));
    return [...cases, "undefined"];
  }
  const parts = fieldType(property.plan, side, emit);
  return side === "init" || mayBeAbsent(property.plan.field) ? [...parts, "undefined"] : parts;
}
