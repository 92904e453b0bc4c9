import type { Field } from "../../model/index.js";
import {
  assign,
  binary,
  block,
  call,
  choose,
  evaluate,
  type Expression,
  line,
  type ObjectLiteral,
  objectOf,
  printLiteral,
  printStatements,
  printTyped,
  type Statement,
  when,
} from "../shared/expressions.js";
import { stringLiteral } from "../shared/print.js";
import type { Emit } from "./context.js";
import { fromWire } from "./convert.js";
import { type FieldPlan, longForm, type Property, tagLiteral, tagOf } from "./fields.js";
import { scalarCodes } from "./scalars.js";
import { mapValueType } from "./types.js";
import { zeroOf } from "./values.js";

/**
 * The cases of the switch over tags that fill the message `m` from `b`. `mark` gives the statement that notes a
 * `required` field as seen.
 */
export function readCases(
  properties: readonly Property[],
  mark: (field: Field) => string | undefined,
  emit: Emit,
): readonly Statement[] {
  return properties.flatMap((property) =>
    property.kind === "field"
      ? readField(property.plan, `m.${property.name}`, mark(property.plan.field), emit)
      : property.plans.flatMap((plan) => readMember(plan, `m.${property.name}`, emit)),
  );
}

/** `case 0x0a:` with its statements and a `break`; in braces where they declare something. */
function caseOf(tag: string, statements: readonly Statement[], scoped = false): Statement {
  const all = [...statements, line("break;")];
  if (scoped) return block(`case ${tag}:`, all);
  return (indent) => `case ${tag}:\n${printStatements(all, indent + 2)}`;
}

function wireTypeOf(field: Field): number {
  const { type } = field;
  if (type.kind === "map") return 2;
  if (type.kind === "message") return field.delimited ? 3 : 2;
  return type.kind === "scalar" ? scalarCodes[type.scalar].wireType : 0;
}

/** True for types whose repeated fields may be packed, whether the contract says so or not. */
function isPackable(field: Field): boolean {
  return field.type.kind !== "map" && wireTypeOf(field) !== 2 && wireTypeOf(field) !== 3;
}

/** True for fields of messages in the encoding with a length. */
function isNested(field: Field): boolean {
  return field.type.kind === "message" && !field.delimited;
}

/** Declares where the value of such a field ends. The call of its function follows there, so that it can be inlined. */
function openNested(field: Field, emit: Emit): readonly Statement[] {
  return isNested(field) ? [assign("const n", call(emit.wire("readOpen"), "b", "p", "e", "d"))] : [];
}

/** `readString(b, p, e)`: one value of a field that is no map; behind {@link openNested}. */
function readValue(field: Field, into: string | undefined, emit: Emit): Expression {
  const { type } = field;
  if (type.kind === "map") throw new Error(`${field.typeName} is a map`);
  if (type.kind === "message") {
    const read = emit.functionOf("read", type.typeName);
    const old = into === undefined ? [] : [into];
    if (!field.delimited) return call(read, "b", emit.wire("cursor"), "n", "d - 1", ...old);
    return call(emit.wire("readGroup"), "b", "p", "e", "d", String(field.number), read, ...old);
  }
  if (type.kind === "enum") return fromWire(field, call(emit.wire("readInt32"), "b", "p"), emit);
  if (type.scalar === "string") {
    return call(emit.wire(field.validateUtf8 ? "readString" : "readLooseString"), "b", "p", "e");
  }
  if (type.scalar === "bytes") return call(emit.wire("readBytes"), "b", "p", "e");
  return fromWire(field, call(emit.wire(`read${scalarCodes[type.scalar].suffix}`), "b", "p"), emit);
}

/** The closed enum of a field, whose other numbers are unknown fields. */
function closedEnum(field: Field, emit: Emit): string | undefined {
  const { type } = field;
  const typeName = type.kind === "enum" ? type.typeName : undefined;
  return typeName !== undefined && emit.enum(typeName).closed ? typeName : undefined;
}

/** Reads a number of a closed enum, and uses it as `v` or keeps it as an unknown field. */
function readClosed(typeName: string, use: Statement, emit: Emit): readonly Statement[] {
  return [
    line(`const v = ${emit.wire("readInt32")}(b, p);`),
    when(call(emit.wire("isKnown"), emit.enumInfo(typeName), "v"), use),
    line(`else ${emit.wire("keepUnknown")}(m, t, b, p, ${emit.wire("cursor")});`),
  ];
}

function readField({ field }: FieldPlan, access: string, mark: string | undefined, emit: Emit): readonly Statement[] {
  if (field.type.kind === "map") return [readMap(field, access, emit)];
  const tag = tagOf(field, wireTypeOf(field));
  const closed = closedEnum(field, emit);
  if (!field.repeated) {
    const marks = mark === undefined ? [] : [line(mark)];
    if (closed !== undefined) {
      const known = marks.map((statement) => when(call(emit.wire("isKnown"), emit.enumInfo(closed), "v"), statement));
      const set = assign(access, fromWire(field, "v", emit));
      return [caseOf(tag, [...readClosed(closed, set, emit), ...known], true)];
    }
    const into = field.type.kind === "message" ? access : undefined;
    const set = assign(access, readValue(field, into, emit));
    return [caseOf(tag, [...openNested(field, emit), set, ...marks], isNested(field))];
  }

  const push = (value: Expression): Statement => evaluate(call(`${access}.push`, value));
  const one =
    closed === undefined
      ? caseOf(tag, [...openNested(field, emit), push(readValue(field, undefined, emit))], isNested(field))
      : caseOf(tag, readClosed(closed, push(fromWire(field, "v", emit)), emit), true);
  return isPackable(field) ? [caseOf(tagOf(field, 2), [readPacked(field, access, closed, emit)]), one] : [one];
}

function readPacked(field: Field, access: string, closed: string | undefined, emit: Emit): Statement {
  const { type } = field;
  if (type.kind === "enum" && (closed !== undefined || emit.hasNames(type.typeName))) {
    const read = emit.wire(emit.hasNames(type.typeName) ? "readPackedEnumNames" : "readPackedEnum");
    const info = emit.enumInfo(type.typeName);
    return evaluate(call(read, "m", "b", "p", "e", access, info, String(field.number)));
  }
  const suffix = type.kind === "scalar" ? scalarCodes[type.scalar].suffix : "Int32";
  const long = longForm(field, emit);
  const read = emit.wire(`readPacked${suffix}`);
  if (long === undefined || long === "bigint") return assign(access, call(read, "b", "p", "e", access));
  const convert = emit.wire(long === "number" ? "int64ToNumber" : "int64ToString");
  const name = stringLiteral(field.typeName);
  return evaluate(call(emit.wire("appendAll"), access, call(read, "b", "p", "e", "[]"), convert, name));
}

function readMember(plan: FieldPlan, access: string, emit: Emit): readonly Statement[] {
  const { field, name } = plan;
  const tag = tagOf(field, wireTypeOf(field));
  const set = (value: Expression): Statement =>
    assign(access, objectOf(["case", stringLiteral(name)], ["value", value]));
  const closed = closedEnum(field, emit);
  if (closed !== undefined) return [caseOf(tag, readClosed(closed, set(fromWire(field, "v", emit)), emit), true)];
  if (field.type.kind !== "message") return [caseOf(tag, [set(readValue(field, undefined, emit))])];
  // a second value of the same member is merged into the first
  const old = choose(
    "const old",
    binary(`${access}?.case`, "===", stringLiteral(name)),
    `${access}.value`,
    "undefined",
  );
  const value = assign("const value", readValue(field, "old", emit));
  return [caseOf(tag, [old, ...openNested(field, emit), value, set("value")], true)];
}

function readMap(field: Field, access: string, emit: Emit): Statement {
  const { type } = field;
  if (type.kind !== "map") throw new Error(`${field.typeName} is no map`);
  const key = scalarCodes[type.key];
  const cursor = emit.wire("cursor");
  const readAt = (name: string, bounded: boolean): Expression =>
    bounded ? call(emit.wire(name), "b", cursor, "n") : call(emit.wire(name), "b", cursor);
  const keyReader =
    type.key === "string" ? (field.validateUtf8 ? "readString" : "readLooseString") : `read${key.suffix}`;

  const closed = type.value.kind === "enum" && emit.enum(type.value.typeName).closed ? type.value.typeName : undefined;
  let value: Expression;
  let valueTag: number;
  let declared: string;
  let entry: Expression = "value";
  if (type.value.kind === "message") {
    const read = emit.functionOf("read", type.value.typeName);
    value = call(emit.wire("readMessage"), "b", cursor, "n", "d", read, "value");
    valueTag = 16 + 2;
    declared = "";
    // an entry without a value has an empty message, which may lack what is required
    entry = binary("value", "??", call(read, "b", "n", "n", "d"));
  } else {
    const code = type.value.kind === "scalar" ? scalarCodes[type.value.scalar] : scalarCodes.int32;
    const loose = code.suffix === "String" && !field.validateUtf8;
    const read = readAt(loose ? "readLooseString" : `read${code.suffix}`, code.wireType === 2);
    // a number of a closed enum is looked at before it gets a name
    value = closed === undefined ? fromWire(field, read, emit) : read;
    valueTag = 16 + code.wireType;
    declared =
      closed === undefined ? zeroOf(field, type.value, emit) : String(emit.enum(closed).values[0]?.number ?? 0);
  }
  const valueType = closed === undefined ? mapValueType(field, "whole", emit) : "number";
  const declaration: Statement =
    declared === ""
      ? (indent: number) => printTyped("let value", [valueType, "undefined"], ";", indent)
      : line(
          valueType === "string" || valueType === "boolean" || valueType === "bigint"
            ? `let value = ${declared};`
            : `let value: ${valueType} = ${declared};`,
        );
  const known = closed === undefined ? entry : fromWire(field, entry, emit);
  const set = evaluate(call(emit.wire("setEntry"), access, "key", known));
  const keep =
    closed === undefined
      ? [set]
      : [
          when(call(emit.wire("isKnown"), emit.enumInfo(closed), "value"), set),
          line(`else ${emit.wire("keepUnknown")}(m, t, b, p, n);`),
        ];

  return caseOf(
    tagOf(field, 2),
    [
      line(`const n = ${emit.wire("readLength")}(b, p, e);`),
      line(`let key = ${key.zero};`),
      declaration,
      block(`while (${cursor} < n)`, [
        line(`const f = ${emit.wire("readTag")}(b, ${cursor});`),
        when(`f === ${tagLiteral(8 + key.wireType)}`, assign("key", readAt(keyReader, key.wireType === 2))),
        when(`f === ${tagLiteral(valueTag)}`, assign("value", value), "else "),
        line(`else ${emit.wire("skipValue")}(b, ${cursor}, n, f, d);`),
      ]),
      line(`if (${cursor} !== n) throw ${emit.wire("truncated")}();`),
      ...keep,
    ],
    true,
  );
}

/** The statement that declares the message being filled: an earlier one of the same field, or a new one. */
export function declareTarget(type: string, entries: ObjectLiteral["entries"]): Statement {
  return (indent) => printLiteral(`const m: ${type}`, "into ?? ", entries, indent);
}
