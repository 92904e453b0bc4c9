import type { Field, ValueType } from "../../model/index.js";
import { type Call, call } from "../shared/expressions.js";
import { stringLiteral } from "../shared/print.js";
import type { Emit } from "./context.js";
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
      return String(emit.enum(type.typeName).closed ? (emit.enum(type.typeName).values[0]?.number ?? 0) : 0);
    case "message":
      return "undefined";
  }
}

/** What a field is in a message that nothing was said about. */
export function initialValue(field: Field, emit: Emit): string | Call {
  if (field.type.kind === "map") return "{}";
  if (field.repeated) return "[]";
  if (field.presence === "explicit" || field.type.kind === "message") return "undefined";
  if (field.default !== undefined) return defaultValue(field, emit);
  const long = longForm(field);
  if (long === "string") return '"0"';
  return long === "number" ? "0" : zeroValue(field.type, emit);
}

/** The declared default of a field as an expression. */
export function defaultValue(field: Field, emit: Emit): string | Call {
  const value = field.default;
  if (field.type.kind === "enum") {
    // the number: the constant may be declared further down, and this is evaluated when the file is loaded
    return String(emit.enum(field.type.typeName).values.find(({ name }) => name === value)?.number ?? 0);
  }
  if (value instanceof Uint8Array) {
    return call(emit.wire("bytesOf"), stringLiteral(Buffer.from(value).toString("base64")));
  }
  switch (typeof value) {
    case "string":
      return stringLiteral(value);
    case "bigint": {
      const long = longForm(field);
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
