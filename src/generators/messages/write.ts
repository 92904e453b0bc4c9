import type { Field } from "../../model/index.js";
import {
  assign,
  binary,
  block,
  call,
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
import { type FieldPlan, longForm, type Property, tagLiteral, tagOf, tagSize } from "./fields.js";
import { type ScalarCode, scalarCodes } from "./scalars.js";

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
    pieces.push({ size, statement: writeOneof(property.name, members, emit) });
  }
  return pieces;
}

function sizeOf(field: Field): number {
  if (field.repeated || field.type.kind === "map") return 0;
  if (field.type.kind === "message") return tagSize(field) + 1;
  const { size } = codeOf(field);
  return size === 0 ? 0 : tagSize(field) + size;
}

/** Enums travel as int32. */
function codeOf(field: Field): ScalarCode {
  return field.type.kind === "scalar" ? scalarCodes[field.type.scalar] : scalarCodes.int32;
}

function writeOneof(property: string, members: readonly FieldPlan[], emit: Emit): Statement {
  const [only] = members;
  const value = `m.${property}.value`;
  if (members.length === 1 && only !== undefined) {
    const condition = binary(`m.${property}?.case`, "===", stringLiteral(only.name));
    return when(condition, assign("p", writeValue(only.field, value, emit)));
  }
  const cases = members.map((plan): Statement => (indent) => {
    const body = printStatements([assign("p", writeValue(plan.field, value, emit)), line("break;")], indent + 2);
    return `case ${stringLiteral(plan.name)}:\n${body}`;
  });
  return (indent) => block(printHead("switch (", `m.${property}?.case`, ")", indent), cases)(indent);
}

function writeProperty({ field, name }: FieldPlan, emit: Emit): Statement {
  const access = `m.${name}`;
  if (field.type.kind === "map") return writeMap(field, access, emit);
  if (field.repeated) return assign("p", writeRepeated(field, access, emit));
  if (field.presence === "required") {
    const value = call(emit.wire("required"), access, stringLiteral(field.typeName));
    return assign("p", writeValue(field, value, emit));
  }
  return when(isPresent(field, access, emit), assign("p", writeValue(field, access, emit)));
}

/** The condition under which a field without `required` is written, in JSON, too. */
export function isPresent(field: Field, access: string, emit: Emit): Expression {
  if (field.presence !== "implicit" || field.type.kind === "message") return binary(access, "!==", "undefined");
  if (field.type.kind !== "scalar") return access;
  switch (field.type.scalar) {
    case "double":
    case "float":
      return call(emit.wire("nonZero"), access);
    case "bytes":
      return call(emit.wire("nonEmpty"), access);
    default:
      return longForm(field) === "string" ? binary(access, "&&", `${access} !== "0"`) : access;
  }
}

/** `writeString(b, p, 0x0a, m.name)`. */
function writeValue(field: Field, value: Expression, emit: Emit): Expression {
  if (field.type.kind === "message") {
    const write = emit.functionOf("write", field.type.typeName);
    const helper = emit.wire(field.delimited ? "writeGroup" : "writeMessage");
    return call(helper, "b", "p", tagOf(field, field.delimited ? 3 : 2), value, write);
  }
  const { suffix, wireType } = codeOf(field);
  const long = longForm(field);
  const sent = long === undefined || long === "bigint" ? value : call(emit.wire("toInt64"), value);
  return call(emit.wire(`write${suffix}`), "b", "p", tagOf(field, wireType), sent);
}

function writeRepeated(field: Field, access: string, emit: Emit): Expression {
  if (field.type.kind === "message") {
    const write = emit.functionOf("write", field.type.typeName);
    const helper = emit.wire(field.delimited ? "writeGroups" : "writeMessages");
    return call(helper, "b", "p", tagOf(field, field.delimited ? 3 : 2), access, write);
  }
  const { suffix, wireType } = codeOf(field);
  const long = longForm(field);
  const list = long === undefined || long === "bigint" ? access : call(`${access}?.map`, emit.wire("toInt64"));
  if (field.packed) return call(emit.wire(`writePacked${suffix}`), "b", "p", tagOf(field, 2), list);
  return call(emit.wire("writeList"), "b", "p", tagOf(field, wireType), list, emit.wire(`write${suffix}`));
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
    writeEntry = call(emit.wire("writeMessage"), "b", "p", tagLiteral(16 + 2), "v", write);
  } else {
    const value = type.value.kind === "scalar" ? scalarCodes[type.value.scalar] : scalarCodes.int32;
    writeEntry = call(emit.wire(`write${value.suffix}`), "b", "p", tagLiteral(16 + value.wireType), "v");
  }
  const loop = forOfBlock("k", call(emit.wire("mapKeys"), access), [
    assign("const v", `${access}[k]`),
    line("if (v === undefined) continue;"),
    assign("const q", call(emit.wire("writeOpen"), "b", "p", tagOf(field, 2))),
    assign("p", writeKey),
    assign("p", writeEntry),
    assign("p", call(emit.wire("writeClose"), "b", "q", "p")),
  ]);
  return whenBlock(binary(access, "!==", "undefined"), [loop]);
}
