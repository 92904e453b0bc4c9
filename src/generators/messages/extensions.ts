import type { Extension, Field } from "../../model/index.js";
import { type Expression, objectOf, printAssign, printExpression, pureCall } from "../shared/expressions.js";
import { commentOf, docComment, fits, stringLiteral } from "../shared/print.js";
import type { Emit } from "./context.js";
import { longForm } from "./fields.js";
import { lowerFirst } from "./names.js";
import { scalarCodes } from "./scalars.js";
import { elementType } from "./types.js";
import { defaultValue, zeroOf } from "./values.js";
import { nullName, valueName } from "./well-known.js";

/** An extension as the template prints it. */
export interface ExtensionView {
  readonly doc: string;
  readonly constant: string;
}

/** What the template shows of an extension. */
export function viewExtension(extension: Extension, emit: Emit): ExtensionView {
  return {
    doc: docComment(commentOf(extension.comments), 0, extension.deprecated ? ["@deprecated"] : []),
    constant: printConstant(extension, emit),
  };
}

function printConstant(extension: Extension, emit: Emit): string {
  const { typeName, extendee, number, type, repeated, packed } = extension;
  const args: Expression[] = [
    stringLiteral(typeName),
    stringLiteral(extendee),
    String(number),
    codecOf(extension, emit),
  ];
  const whole = elementType(extension, "whole", emit);
  const init = elementType(extension, "init", emit);
  const types = [emit.messageType(extendee)];
  let create = "extension";
  if (repeated) {
    create = "repeatedExtension";
    types.push(`${whole}[]`, `readonly ${init}[]`);
    if (packed) args.push("true");
  } else if (type.kind === "message") {
    create = "messageExtension";
    types.push(`${whole} | undefined`, init);
  } else {
    types.push(whole);
    args.push(absentValue(extension, emit));
  }
  const value = pureCall(emit.wire(create), ...args);
  const head = `export const ${emit.extension(typeName)}: ${emit.wireType("Extension")}<`;
  const left = `${head}${types.join(", ")}>`;
  if (fits(`${left} =`)) return printAssign(left, "=", value, ";", 0);
  return `${head}\n  ${types.join(",\n  ")}\n${printExpression("> = ", value, ";", 0)}`;
}

/** What stands for an absent value of an extension that is no message. */
function absentValue(field: Field, emit: Emit): Expression {
  if (field.type.kind === "map") throw new Error(`${field.typeName} is a map`);
  const value = field.default === undefined ? zeroOf(field, field.type, emit) : defaultValue(field, emit);
  return typeof value === "string" ? value : pureCall(value.callee, ...value.args);
}

/** The codec of one value: a constant of the runtime for scalars, a call for all others. */
function codecOf(field: Field, emit: Emit): Expression {
  const { type, typeName, delimited } = field;
  switch (type.kind) {
    case "map":
      throw new Error(`${typeName} is a map`);
    case "scalar": {
      if (type.scalar === "string" && !field.validateUtf8) return emit.wire("looseStringCodec");
      const codec = emit.wire(`${lowerFirst(scalarCodes[type.scalar].suffix)}Codec`);
      switch (longForm(field, emit)) {
        case "number":
          return pureCall(emit.wire("int64AsNumber"), codec, stringLiteral(typeName));
        case "string":
          return pureCall(emit.wire("int64AsString"), codec);
        default:
          return codec;
      }
    }
    case "enum":
      if (type.typeName === nullName) return emit.wire("nullCodec");
      // by way of a function: the constant may be declared further down, and this is evaluated when the file is loaded
      return pureCall(
        emit.wire(emit.hasNames(type.typeName) ? "enumNameCodec" : "enumCodec"),
        `() => ${emit.enumInfo(type.typeName)}`,
      );
    case "message": {
      const functions = (["write", "read", "toJson", "fromJson"] as const).map(
        (key) => [key, emit.functionOf(key, type.typeName)] as const,
      );
      const flags: [string, Expression][] = [];
      if (type.typeName === valueName) flags.push(["takesNull", "true"]);
      if (!emit.holdsMessage(type.typeName)) flags.push(["any", "true"]);
      return pureCall(emit.wire(delimited ? "groupCodec" : "messageCodec"), objectOf(...functions, ...flags));
    }
  }
}
