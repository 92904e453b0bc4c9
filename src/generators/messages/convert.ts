import type { Field } from "../../model/index.js";
import { call, type Expression } from "../shared/expressions.js";
import { stringLiteral } from "../shared/print.js";
import type { Emit } from "./context.js";
import { longForm } from "./fields.js";

// Between what programs hold and what the runtime's readers and writers of scalars take: bigint and numbers of enums.

/** How one value of a field, or of a map that it is, goes either way; undefined where both are the same. */
interface Conversion {
  readonly from: (value: Expression) => Expression;
  readonly to: (value: Expression) => Expression;
  readonly listTo: (list: string) => Expression;
}

function conversionOf(field: Field, emit: Emit): Conversion | undefined {
  const long = longForm(field, emit);
  if (long === "number" || long === "string") {
    return {
      from: (value) =>
        long === "number"
          ? call(emit.wire("int64ToNumber"), value, stringLiteral(field.typeName))
          : call(emit.wire("int64ToString"), value),
      to: (value) => call(emit.wire("toInt64"), value),
      listTo: (list) => call(emit.wire("mapItems"), list, emit.wire("toInt64")),
    };
  }
  const value = field.type.kind === "map" ? field.type.value : field.type;
  if (value.kind !== "enum" || !emit.hasNames(value.typeName)) return undefined;
  const info = emit.enumInfo(value.typeName);
  return {
    from: (number) => call(emit.wire("enumToName"), number, info),
    to: (name) => call(emit.wire("enumToNumber"), name, info),
    listTo: (list) => call(emit.wire("enumsToNumbers"), list, info),
  };
}

/** What a program holds, of what was read. */
export function fromWire(field: Field, value: Expression, emit: Emit): Expression {
  return conversionOf(field, emit)?.from(value) ?? value;
}

/** What is written, of what a program holds. */
export function toWire(field: Field, value: Expression, emit: Emit): Expression {
  return conversionOf(field, emit)?.to(value) ?? value;
}

/** The same of a list that may be absent. */
export function listToWire(field: Field, list: string, emit: Emit): Expression {
  return conversionOf(field, emit)?.listTo(list) ?? list;
}

/** The runtime's function for the JSON of an enum's values: `parseEnums`, where they have names `parseEnumNames`. */
export function enumFunction(name: string, typeName: string, emit: Emit): string {
  return emit.wire(emit.hasNames(typeName) ? name.replace(/enum/i, "$&Name") : name);
}
