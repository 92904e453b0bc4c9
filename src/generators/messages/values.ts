import type { Field, ValueType } from "../../model/index.js";
import { type Call, call } from "../shared/expressions.js";
import { stringLiteral } from "../shared/print.js";
import type { Emit } from "./context.js";
import { memberOf } from "./enums.js";
import { longForm } from "./fields.js";
import { scalarCodes } from "./scalars.js";

/** The value of a type when nothing was sent. Messages have none. */
export function zeroValue(type: ValueType, emit: Emit): string {
  switch (type.kind) {
    case "scalar": {
      const { zero } = scalarCodes[type.scalar];
      return zero === "" ? emit.wire("emptyBytes") : zero;
    }
    case "enum":
      // open enums begin with 0 and have no other default
      return enumMember(type.typeName, emit.enum(type.typeName).values[0]?.number ?? 0, emit);
    case "message":
      return "undefined";
  }
}

/** The value that a field, or an entry of the map that it is, has when nothing was sent. */
export function zeroOf(field: Field, type: ValueType, emit: Emit): string {
  const long = longForm(field, emit);
  if (long === "string") return '"0"';
  return long === "number" ? "0" : zeroValue(type, emit);
}

/**
 * A number of an enum as an expression. Not by way of the constant: that may be declared further down, and defaults are
 * evaluated when the file is loaded.
 */
function enumMember(typeName: string, number: number, emit: Emit): string {
  return emit.hasNames(typeName) ? stringLiteral(memberOf(emit.enum(typeName), number)) : String(number);
}

/** What a field is in a message that nothing was said about. */
export function initialValue(field: Field, emit: Emit): string | Call {
  if (field.type.kind === "map") return "{}";
  if (field.repeated) return "[]";
  if (field.presence === "explicit" || field.type.kind === "message") return "undefined";
  if (field.default !== undefined) return defaultValue(field, emit);
  return zeroOf(field, field.type, emit);
}

/** The declared default of a field as an expression. */
export function defaultValue(field: Field, emit: Emit): string | Call {
  const value = field.default;
  if (field.type.kind === "enum") {
    const { typeName } = field.type;
    return enumMember(typeName, emit.enum(typeName).values.find(({ name }) => name === value)?.number ?? 0, emit);
  }
  if (value instanceof Uint8Array) {
    return call(emit.wire("bytesOf"), stringLiteral(Buffer.from(value).toString("base64")));
  }
  switch (typeof value) {
    case "string":
      return stringLiteral(value);
    case "bigint": {
      const long = longForm(field, emit);
      return long === "string" ? `"${value}"` : long === "number" ? `${value}` : `${value}n`;
    }
    case "number":
      return numberLiteral(value, emit);
    default:
      return String(value);
  }
}

function numberLiteral(value: number, emit: Emit): string {
  if (Number.isNaN(value)) return `${emit.global("Number")}.NaN`;
  if (!Number.isFinite(value)) return `${emit.global("Number")}.${value > 0 ? "POSITIVE" : "NEGATIVE"}_INFINITY`;
  // prettier writes exponents without a plus
  return Object.is(value, -0) ? "-0" : String(value).replace("e+", "e");
}
