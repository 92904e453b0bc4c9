import type { Field, Message } from "../../model/index.js";
import {
  assign,
  block,
  call,
  expandObject,
  forOf,
  line,
  objectOf,
  printAssign,
  printExpression,
  printStatements,
  printTyped,
  pureCall,
  type Statement,
  when,
} from "../shared/expressions.js";
import { docComment, fits, printList, stringLiteral } from "../shared/print.js";
import type { Emit } from "./context.js";
import { createStatements, initialEntries } from "./create.js";
import { commentOf } from "./enums.js";
import { planProperties, type Property } from "./fields.js";
import { jsonStatements, usesOptions } from "./json-output.js";
import { parseCases, skipCondition } from "./json-input.js";
import type { FunctionKey } from "./names.js";
import { declareTarget, readCases } from "./read.js";
import { checkGroups, fullMask, markOf, requiredGroups } from "./required.js";
import { scalarCodes } from "./scalars.js";
import { splitStatements } from "./split.js";
import { elementType, propertyType, type Side } from "./types.js";
import { defaultValue } from "./values.js";
import { ownJson, wrapperNames } from "./well-known.js";
import { writeStatements } from "./write.js";

/** A message as the template prints it. */
export interface MessageView {
  readonly doc: string;
  readonly name: string;
  readonly init: string;
  readonly properties: readonly { readonly doc: string; readonly whole: string; readonly init: string }[];
  readonly unknown: string;
  /** The constant with declared defaults; empty without any. */
  readonly defaults: string;
  readonly constant: string;
  /** Ready functions, in the order in which they are printed. */
  readonly functions: readonly string[];
}

/** What the template shows of a message. */
export function viewMessage(message: Message, emit: Emit): MessageView {
  const { typeName } = message;
  const properties = planProperties(message);
  const name = emit.messageType(typeName);
  const init = emit.initType(typeName);

  return {
    doc: docComment(commentOf(message.comments), 0, message.deprecated ? ["@deprecated"] : []),
    name,
    init,
    properties: properties.map((property) => ({
      doc: propertyDoc(property),
      whole: declareProperty(property, "whole", emit),
      init: declareProperty(property, "init", emit),
    })),
    unknown: `$unknown?: readonly ${emit.wireType("UnknownField")}[] | undefined;`,
    defaults: printDefaults(message, properties, emit),
    constant: printConstant(typeName, name, init, emit),
    functions: [
      printCreate(typeName, name, init, properties, emit),
      printWrite(typeName, init, properties, emit),
      printRead(message, name, properties, emit),
      ...printJson(message, name, init, properties, emit),
    ],
  };
}

function propertyDoc(property: Property): string {
  if (property.kind === "oneof") return docComment(commentOf(property.oneof.comments), 2);
  const { field } = property.plan;
  const tags = [
    ...(field.default === undefined || field.presence === "required" ? [] : [`@default ${defaultText(field)}`]),
    ...(field.deprecated ? ["@deprecated"] : []),
  ];
  return docComment(commentOf(field.comments), 2, tags);
}

/** A default as a comment shows it; a string is untrusted text, and so are a value's line breaks. */
function defaultText(field: Field): string {
  const value = field.default;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return field.type.kind === "enum" ? String(value) : typeof value === "string" ? JSON.stringify(value) : String(value);
}

function declareProperty(property: Property, side: Side, emit: Emit): string {
  const head = side === "init" ? `${property.name}?` : property.name;
  return printTyped(head, propertyType(property, side, emit), ";", 2);
}

function printDefaults({ typeName, fields }: Message, properties: readonly Property[], emit: Emit): string {
  if (!fields.some((field) => field.default !== undefined)) return "";
  const plans = properties.flatMap((property) => (property.kind === "field" ? [property.plan] : property.plans));
  const declared = plans.filter(({ field }) => field.default !== undefined);
  const types = declared.map(({ field, name }) =>
    printTyped(`readonly ${name}`, [elementType(field, "whole", emit)], ";", 2),
  );
  const values = declared.map(({ field, name }) => {
    const value = defaultValue(field, emit);
    const pure = typeof value === "string" ? value : pureCall(value.callee, ...value.args);
    return `  ${printAssign(name, ":", pure, ",", 2)}`;
  });
  const type = types.map((text) => `  ${text}\n`).join("");
  return `export const ${emit.defaults(typeName)}: {\n${type}} = {\n${values.join("\n")}\n};`;
}

function printConstant(typeName: string, name: string, init: string, emit: Emit): string {
  const functions = (["create", "write", "read", "toJson", "print", "fromJson"] as const).map(
    (key) => [key, emit.functionOf(key, typeName)] as const,
  );
  const literal = expandObject(objectOf(...functions));
  const value = pureCall(emit.wire("messageType"), stringLiteral(typeName), literal);
  const type = emit.wireType("MessageType");
  const left = `export const ${name}: ${type}<${name}, ${init}>`;
  if (fits(`${left} =`)) return printAssign(left, "=", value, ";", 0);
  return `export const ${name}: ${type}<\n  ${name},\n  ${init}\n${printExpression("> = ", value, ";", 0)}`;
}

function printFunction(
  key: FunctionKey,
  typeName: string,
  parameters: readonly string[],
  result: string,
  body: readonly Statement[],
  emit: Emit,
): string {
  const head = printList(`export function ${emit.functionOf(key, typeName)}`, parameters, `: ${result} {`);
  return `${head}\n${printStatements(body, 2)}\n}`;
}

function printCreate(
  typeName: string,
  name: string,
  init: string,
  properties: readonly Property[],
  emit: Emit,
): string {
  return printFunction(
    "create",
    typeName,
    [`init: ${init} = {}`],
    name,
    createStatements(name, properties, emit),
    emit,
  );
}

function printWrite(typeName: string, init: string, properties: readonly Property[], emit: Emit): string {
  const unknown = line(`if (m.$unknown !== undefined) p = ${emit.wire("writeUnknown")}(b, p, m.$unknown);`);
  const body = [...splitStatements(writeStatements(properties, emit), "p", "number"), unknown, line("return p;")];
  const parameters = [`m: ${init}`, `b: ${emit.wireType("Bytes")}`, "p: number"];
  return printFunction("write", typeName, parameters, "number", body, emit);
}

function printRead(message: Message, name: string, properties: readonly Property[], emit: Emit): string {
  const groups = requiredGroups(message);
  const cursor = emit.wire("cursor");
  const otherwise: Statement = (indent) =>
    `default:\n${" ".repeat(indent + 2)}${emit.wire("readUnknown")}(m, b, p, e, t, d);`;
  const cases = readCases(properties, markOf(groups), emit);
  const dispatch =
    cases.length === 0
      ? line(`${emit.wire("readUnknown")}(m, b, p, e, t, d);`)
      : block("switch (t)", [...cases, otherwise]);
  const body: Statement[] = [
    declareTarget(name, initialEntries(properties, emit)),
    ...groups.map((group, i) => line(`let r${i} = into === undefined ? 0 : ${fullMask(group)};`)),
    block("while (p < e)", [
      line("let t = b[p++]!;"),
      block("if (t > 127)", [line(`t = ${emit.wire("readLongTag")}(b, p, t);`), line(`p = ${cursor};`)]),
      dispatch,
      line(`p = ${cursor};`),
    ]),
    line(`if (p !== e) throw ${emit.wire("truncated")}();`),
    ...(groups.length === 0 ? [] : checkGroups(message, groups, emit.wire("checkRequired"), [])),
    line("return m;"),
  ];
  const parameters = [`b: ${emit.wireType("Bytes")}`, "p: number", "e: number", "d: number", `into?: ${name}`];
  return printFunction("read", message.typeName, parameters, name, body, emit);
}

/** `toJson`, `print` and `fromJson`. */
function printJson(
  message: Message,
  name: string,
  init: string,
  properties: readonly Property[],
  emit: Emit,
): readonly string[] {
  const { typeName } = message;
  const value = emit.wireType("JsonValue");
  const options = emit.wireType("JsonOptions");
  const input = emit.wireType("JsonInput");
  const print = (
    toJson: readonly Statement[],
    text: readonly Statement[],
    parse: readonly Statement[],
    usesM: boolean,
    usesC: boolean,
  ): readonly string[] => {
    const out = [`${usesM ? "m" : "_m"}: ${init}`, `${usesC ? "c" : "_c"}: ${options}`];
    return [
      printFunction("toJson", typeName, out, value, toJson, emit),
      printFunction("print", typeName, out, "string", text, emit),
      printFunction("fromJson", typeName, [`v: ${value}`, `c: ${input}`], name, parse, emit),
    ];
  };

  const own = ownJson.get(typeName);
  if (own !== undefined) {
    const at = (expression: string): string =>
      own.uses.reduce((text, used) => text.replaceAll(`${used}(`, `${emit.wire(used)}(`), expression);
    return print(
      [line(`return ${at(own.toJson)};`)],
      [line(`return ${at(own.print)};`)],
      [line(`return ${at(own.parse)};`)],
      true,
      own.options,
    );
  }
  const [wrapped] = message.fields;
  if (wrapperNames.has(typeName) && wrapped !== undefined && wrapped.type.kind === "scalar") {
    const code = scalarCodes[wrapped.type.scalar];
    const zero = code.zero === "" ? emit.wire("emptyBytes") : code.zero;
    return print(
      [line(`return ${emit.wire(code.toJson)}(m.value ?? ${zero});`)],
      [line(`return ${emit.wire(code.print)}(m.value ?? ${zero});`)],
      [line(`return { value: ${emit.wire(code.parse)}(v, c, undefined) };`)],
      true,
      false,
    );
  }

  const json = `{ [key: string]: ${value} }`;
  const members = printParse(message, properties, emit);
  return print(
    properties.length === 0
      ? [line("return {};")]
      : [
          line(`const o: ${json} = {};`),
          ...splitStatements(jsonStatements(properties, "value", emit), "o", json, false),
          line("return o;"),
        ],
    properties.length === 0
      ? [line('return "{}";')]
      : [
          line('let s = "";'),
          ...splitStatements(jsonStatements(properties, "text", emit), "s", "string"),
          line(`return ${emit.wire("closeObject")}(s);`),
        ],
    members,
    properties.length > 0,
    usesOptions(properties),
  );
}

function printParse(message: Message, properties: readonly Property[], emit: Emit): readonly Statement[] {
  const create = emit.functionOf("create", message.typeName);
  const names = emit.wire("memberNames");
  const object = `${emit.wire("parseObject")}(v, c)`;
  const unknown = `${emit.wire("unknownMember")}(c, k);`;
  if (properties.length === 0) {
    return [forOf("k", call(names, object), line(unknown)), line(`return ${create}();`)];
  }
  const groups = requiredGroups(message);
  const cases = parseCases(properties, markOf(groups), emit);
  const otherwise: Statement = (indent) => `default:\n${" ".repeat(indent + 2)}${unknown}`;
  return [
    line(`const o = ${object};`),
    assign("const m", call(create)),
    ...groups.map((_, i) => line(`let r${i} = 0;`)),
    block(`for (const k of ${names}(o))`, [
      line("const x = o[k];"),
      when(skipCondition(properties), line("continue;")),
      block("switch (k)", [...cases, otherwise]),
    ]),
    ...(groups.length === 0 ? [] : checkGroups(message, groups, emit.wire("checkRequiredJson"), ["c"])),
    line("return m;"),
  ];
}
