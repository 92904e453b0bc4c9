import type { Field } from "../../model/index.js";
import {
  assign,
  binary,
  block,
  call,
  evaluate,
  type Expression,
  forOfBlock,
  line,
  printHead,
  printStatements,
  type Statement,
  when,
  whenBlock,
} from "../shared/expressions.js";
import { stringLiteral } from "../shared/print.js";
import type { Emit } from "./context.js";
import { listToWire, toWire } from "./convert.js";
import { type FieldPlan, type Property, tagLiteral, tagOf, tagSize } from "./fields.js";
import { type ScalarCode, scalarCodes } from "./scalars.js";
import { zeroOf } from "./values.js";
import { mapAccess } from "./well-known.js";

/** Room that one check covers; the runtime's writers leave this much and more behind them. */
const largestRun = 240;

/** Something to write, in the order of field numbers. */
interface Piece {
  /** Bytes that it may take without a check of its own. */
  readonly size: number;
  readonly statement: Statement;
}

/** The statements that write the fields of a message from `p` on into `b`. */
export function writeStatements(properties: readonly Property[], emit: Emit): readonly Statement[] {
  const pieces = piecesOf(properties, emit);
  const statements: Statement[] = [];
  let run: Piece[] = [];
  let size = 0;

  const flush = (): void => {
    if (size > 0) statements.push(line(`if (p + ${size} > b.length) throw ${emit.wire("GROW")};`));
    statements.push(...run.map(({ statement }) => statement));
    run = [];
    size = 0;
  };
  for (const piece of pieces) {
    if (size + piece.size > largestRun) flush();
    run.push(piece);
    size += piece.size;
  }
  flush();
  return statements;
}

function piecesOf(properties: readonly Property[], emit: Emit): readonly Piece[] {
  const entries = properties.flatMap((property) =>
    (property.kind === "field" ? [property.plan] : property.plans).map((plan) => ({ property, plan })),
  );
  entries.sort((a, b) => a.plan.field.number - b.plan.field.number);

  const pieces: Piece[] = [];
  for (let i = 0; i < entries.length;) {
    const entry = entries[i];
    if (entry === undefined) break;
    const { property, plan } = entry;
    if (property.kind === "field") {
      pieces.push({ size: sizeOf(plan.field), statement: writeProperty(plan, emit) });
      i++;
      continue;
    }
    // members of a oneof that follow each other share one switch
    const members: FieldPlan[] = [];
    for (; entries[i]?.property === property; i++) members.push((entries[i] ?? entry).plan);
    const size = Math.max(...members.map(({ field }) => sizeOf(field)));
    const first = entries.findIndex((each) => each.property === property) === i - members.length;
    const others = first ? property.plans.filter((plan) => !members.includes(plan)) : undefined;
    pieces.push({ size, statement: writeOneof(property.name, members, others, emit) });
  }
  return pieces;
}

function sizeOf(field: Field): number {
  if (field.repeated || field.type.kind === "map") return 0;
  if (field.type.kind === "message") return field.delimited ? tagSize(field) : 0;
  const { size } = codeOf(field);
  return size === 0 ? 0 : tagSize(field) + size;
}

/** Enums travel as int32. */
function codeOf(field: Field): ScalarCode {
  return field.type.kind === "scalar" ? scalarCodes[field.type.scalar] : scalarCodes.int32;
}

/**
 * The local that a property is read into. Reading it once is worth it: where messages come in many shapes, looking a
 * property up costs as much as writing it.
 */
export function localOf(field: Field, access: Expression): { readonly local: string; readonly declare: Statement } {
  const local = `v${field.number}`;
  return { local, declare: assign(`const ${local}`, access) };
}

/** Statements that stay together when a function is split. */
export function together(...statements: readonly Statement[]): Statement {
  return (indent) => printStatements(statements, indent).trimStart();
}

/** Members of a oneof; `others` are those that are written elsewhere, given to whoever looks for unknown ones, too. */
function writeOneof(
  property: string,
  members: readonly FieldPlan[],
  others: readonly FieldPlan[] | undefined,
  emit: Emit,
): Statement {
  const [first] = members;
  if (first === undefined) throw new Error(`${property} has no members`);
  const { local, declare } = localOf(first.field, `m.${property}`);
  const value = `${local}.value`;
  if (members.length === 1 && others === undefined) {
    const condition = binary(`${local}?.case`, "===", stringLiteral(first.name));
    return together(declare, whenAll(condition, writeValue(first.field, value, emit)));
  }
  const cases = members.map(({ field, name }): Statement => {
    const body = writeValue(field, value, emit);
    const head = `case ${stringLiteral(name)}:`;
    if (body.length > 1) return block(head, [...body, line("break;")]);
    return (indent) => `${head}\n${printStatements([...body, line("break;")], indent + 2)}`;
  });
  if (others !== undefined) cases.push(...otherCases(others, local, emit));
  return together(declare, (indent) => block(printHead("switch (", `${local}?.case`, ")", indent), cases)(indent));
}

/** The end of a switch on a oneof: passes over those members and refuses what is none. */
export function otherCases(others: readonly FieldPlan[], field: string, emit: Emit): readonly Statement[] {
  const check = evaluate(call(emit.wire("checkCase"), field));
  return [
    ...others.map(({ name }) => line(`case ${stringLiteral(name)}:`)),
    ...(others.length === 0 ? [] : [line("  break;")]),
    (indent) => `default:\n${printStatements([check], indent + 2)}`,
  ];
}

function writeProperty({ field, name }: FieldPlan, emit: Emit): Statement {
  const access = `m.${name}`;
  if (field.type.kind === "map") return writeMap(field, access, emit);
  if (field.repeated) return writeRepeated(field, access, emit);
  if (field.presence === "required") {
    const value = call(emit.wire("required"), access, stringLiteral(field.typeName));
    if (field.type.kind !== "message" || field.delimited) return together(...writeValue(field, value, emit));
    const local = `v${field.number}`;
    return together(assign(`const ${local}`, value), scope(writeValue(field, local, emit)));
  }
  const { local, declare } = localOf(field, access);
  return together(declare, whenAll(isPresent(field, local, emit), writeValue(field, local, emit)));
}

/** Statements in braces of their own. */
function scope(statements: readonly Statement[]): Statement {
  return (indent) => block("", statements)(indent).trimStart();
}

/** `if (condition)` with one statement or several. */
function whenAll(condition: Expression, statements: readonly Statement[]): Statement {
  const [only] = statements;
  return statements.length === 1 && only !== undefined ? when(condition, only) : whenBlock(condition, statements);
}

/** The condition under which a field without `required` is written, in JSON, too. */
export function isPresent(field: Field, access: string, emit: Emit): Expression {
  const isSet = binary(access, "!==", "undefined");
  if (field.presence !== "implicit" || field.type.kind === "message" || field.type.kind === "map") return isSet;
  const scalar = field.type.kind === "scalar" ? field.type.scalar : undefined;
  if (scalar === "double" || scalar === "float") return call(emit.wire("nonZero"), access);
  if (scalar === "bytes") return call(emit.wire("nonEmpty"), access);
  // not whether it is truthy: NaN, null and the zero of another type would pass for the zero that is left out
  const notZero = binary(isSet, "&&", `${access} !== ${zeroOf(field, field.type, emit)}`);
  // an enum whose members are names takes numbers, too
  const named = field.type.kind === "enum" && emit.hasNames(field.type.typeName);
  return named ? binary(notZero, "&&", `${access} !== 0`) : notZero;
}

/** `p = writeString(b, p, 0x0a, v1);`, or the statements that write a message. */
function writeValue(field: Field, value: Expression, emit: Emit): readonly Statement[] {
  if (field.type.kind === "message") {
    const write = emit.functionOf("write", field.type.typeName);
    const { typeName } = field.type;
    if (!field.delimited) return writeNested(tagOf(field, 2), value, typeName, emit);
    const any = anyValue(typeName, emit);
    return [assign("p", call(emit.wire("writeGroup"), "b", "p", tagOf(field, 3), value, write, ...any))];
  }
  const { suffix, wireType } = codeOf(field);
  return [assign("p", call(emit.wire(`write${suffix}`), "b", "p", tagOf(field, wireType), toWire(field, value, emit)))];
}

/** A nested message. The call of its function stands here, and not in a helper, so that it can be inlined. */
function writeNested(tag: string, value: Expression, typeName: string, emit: Emit): readonly Statement[] {
  const write = emit.functionOf("write", typeName);
  const blank = emit.holdsMessage(typeName) ? [value] : [];
  return [
    assign("const q", call(emit.wire("writeOpen"), "b", "p", tag)),
    assign("p", call(emit.wire("writeClose"), "b", "q", call(write, value, "b", "q"), ...blank)),
  ];
}

/** Tells the runtime that a value is no message, and that there is nothing wrong with it when nothing is written. */
function anyValue(typeName: string, emit: Emit): readonly Expression[] {
  return emit.holdsMessage(typeName) ? [] : ["true"];
}

function writeRepeated(field: Field, access: string, emit: Emit): Statement {
  if (field.type.kind === "message") {
    const write = emit.functionOf("write", field.type.typeName);
    if (field.delimited) {
      const any = anyValue(field.type.typeName, emit);
      return assign("p", call(emit.wire("writeGroups"), "b", "p", tagOf(field, 3), access, write, ...any));
    }
    const { local, declare } = localOf(field, access);
    const loop = forOfBlock("v", local, writeNested(tagOf(field, 2), "v", field.type.typeName, emit));
    return together(declare, whenBlock(call(emit.wire("hasItems"), local), [loop]));
  }
  const { suffix, wireType } = codeOf(field);
  const list = listToWire(field, access, emit);
  if (field.packed) return assign("p", call(emit.wire(`writePacked${suffix}`), "b", "p", tagOf(field, 2), list));
  if (suffix === "String") return assign("p", call(emit.wire("writeStrings"), "b", "p", tagOf(field, 2), list));
  return assign("p", call(emit.wire("writeList"), "b", "p", tagOf(field, wireType), list, emit.wire(`write${suffix}`)));
}

function writeMap(field: Field, access: string, emit: Emit): Statement {
  const { type } = field;
  if (type.kind !== "map") throw new Error(`${field.typeName} is no map`);
  const key = scalarCodes[type.key];
  const keyValue = type.key === "string" ? "k" : call(emit.wire(key.key), "k");
  const writeKey = call(emit.wire(`write${key.suffix}`), "b", "q", tagLiteral(8 + key.wireType), keyValue);
  let writeEntry: Expression;
  if (type.value.kind === "message") {
    const write = emit.functionOf("write", type.value.typeName);
    writeEntry = call(
      emit.wire("writeMessage"),
      "b",
      "p",
      tagLiteral(16 + 2),
      "v",
      write,
      ...anyValue(type.value.typeName, emit),
    );
  } else {
    const value = type.value.kind === "scalar" ? scalarCodes[type.value.scalar] : scalarCodes.int32;
    const sent = toWire(field, "v", emit);
    writeEntry = call(emit.wire(`write${value.suffix}`), "b", "p", tagLiteral(16 + value.wireType), sent);
  }
  const { local, declare } = localOf(field, mapAccess(field, access, emit));
  const loop = forOfBlock("k", call(emit.wire("mapKeys"), local), [
    assign("const v", `${local}[k]`),
    line("if (v === undefined) continue;"),
    assign("const q", call(emit.wire("writeOpen"), "b", "p", tagOf(field, 2))),
    assign("p", writeKey),
    assign("p", writeEntry),
    assign("p", call(emit.wire("writeClose"), "b", "q", "p")),
  ]);
  return together(declare, whenBlock(binary(local, "!==", "undefined"), [loop]));
}
