import type { Field, Message } from "../../model/index.js";
import {
  assign,
  block,
  call,
  evaluate,
  type Expression,
  line,
  printAssign,
  printExpression,
  printStatements,
  printTyped,
  pureCall,
  type Statement,
} from "../shared/expressions.js";
import { commentOf, docComment, fits, printList, stringLiteral } from "../shared/print.js";
import type { Emit } from "./context.js";
import { createStatements, initialEntries } from "./create.js";
import { planProperties, type Property } from "./fields.js";
import { type JsonForm, jsonStatements, usesOptions } from "./json-output.js";
import { fieldNames, namesIn, parseCases, switchNames } from "./json-input.js";
import type { FunctionKey } from "./names.js";
import { declareTarget, readCases } from "./read.js";
import { declareGroups, markOf, noteGroups, requiredGroups } from "./required.js";
import { redactionStatements } from "./redaction.js";
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
  /** What tells a message that may have extensions from others of its shape; empty for all others. */
  readonly tie: string;
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
    tie: isExtensible(message) ? printTyped("readonly $type?", [stringLiteral(typeName), "undefined"], ";", 2) : "",
    defaults: printDefaults(message, properties, emit),
    constant: printConstant(typeName, name, init, emit),
    functions: [
      printCreate(typeName, name, init, properties, emit),
      printWrite(message, init, properties, emit),
      printRead(message, name, properties, emit),
      ...printJson(message, name, init, properties, emit),
      ...printRedaction(message, emit),
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
  const functions = (["create", "write", "read", "toJson", "print", "fromJson"] as const).map((key) =>
    emit.functionOf(key, typeName),
  );
  const type = emit.wireType("MessageType");
  const make = emit.wire(emit.hasRules(typeName) ? "messageTypeWithRules" : "messageType");
  const plain = pureCall(make, stringLiteral(typeName), ...functions);
  const value = emit.redacts(typeName) ? pureCall(emit.wire("redacting"), plain, emit.redaction(typeName)) : plain;
  const left = `export const ${name}: ${type}<${name}, ${init}>`;
  if (fits(`${left} =`)) return printAssign(left, "=", value, ";", 0);
  return `export const ${name}: ${type}<\n  ${name},\n  ${init}\n${printExpression("> = ", value, ";", 0)}`;
}

/** What hides fields in the JSON of a message; nothing for most. */
function printRedaction(message: Message, emit: Emit): readonly string[] {
  if (!emit.redacts(message.typeName)) return [];
  const head = `function ${emit.redaction(message.typeName)}(o: ${emit.wireType("JsonObject")}): void {`;
  return [`${head}\n${printStatements(redactionStatements(message, emit), 2)}\n}`];
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

function printWrite(message: Message, init: string, properties: readonly Property[], emit: Emit): string {
  const { typeName, messageSet } = message;
  const writeRest = emit.wire(messageSet ? "writeMessageSet" : "writeUnknown");
  const rest = line(`return ${writeRest}(b, p, m.$unknown);`);
  const body = [...splitStatements(writeStatements(properties, emit), "p", "number"), rest];
  const parameters = [`m: ${init}`, `b: ${emit.wireType("Bytes")}`, "p: number"];
  return printFunction("write", typeName, parameters, "number", body, emit);
}

function printRead(message: Message, name: string, properties: readonly Property[], emit: Emit): string {
  const groups = requiredGroups(message);
  const cursor = emit.wire("cursor");
  const otherwise: Statement = (indent) =>
    `default:\n${" ".repeat(indent + 2)}${emit.wire("readUnknown")}(m, b, p, e, t, d);`;
  const cases = message.messageSet ? [readItemCase(emit)] : readCases(properties, markOf(groups), emit);
  const dispatch =
    cases.length === 0
      ? line(`${emit.wire("readUnknown")}(m, b, p, e, t, d);`)
      : block("switch (t)", [...cases, otherwise]);
  const body: Statement[] = [
    declareTarget(name, initialEntries(properties, emit)),
    ...(groups.length === 0 ? [] : declareGroups(groups, emit.wire("resumePending"))),
    block("while (p < e)", [
      line("let t = b[p++]!;"),
      block("if (t > 127)", [line(`t = ${emit.wire("readLongTag")}(b, p, t);`), line(`p = ${cursor};`)]),
      dispatch,
      line(`p = ${cursor};`),
    ]),
    line(`if (p !== e) throw ${emit.wire("truncated")}();`),
    ...(groups.length === 0 ? [] : noteGroups(message, groups, emit.wire("notePending"))),
    line("return m;"),
  ];
  const parameters = [`b: ${emit.wireType("Bytes")}`, "p: number", "e: number", "d: number", `into?: ${name}`];
  return printFunction("read", message.typeName, parameters, name, body, emit);
}

/** An item of a message set. Its extensions may also come as plain fields, which are unknown ones. */
function readItemCase(emit: Emit): Statement {
  return (indent) => {
    const pad = " ".repeat(indent + 2);
    return `case 0x0b:\n${pad}${emit.wire("readMessageSetItem")}(m, b, p, e, d);\n${pad}break;`;
  };
}

/** True for a message that may have extensions. */
function isExtensible({ extensionRanges }: Message): boolean {
  return extensionRanges.length > 0;
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
  const slot = emit.wireType("JsonSlot");
  const input = emit.wireType("JsonInput");
  const key = emit.wireType("JsonKey");
  const print = (
    toJson: readonly Statement[],
    text: readonly Statement[],
    parse: readonly Statement[],
    usesM: boolean,
    usesC: (form: JsonForm) => boolean,
  ): readonly string[] => {
    const out = (form: JsonForm): string[] => [
      `${usesM ? "m" : "_m"}: ${init}`,
      `${usesC(form) ? "c" : "_c"}: ${options}`,
    ];
    return [
      printFunction("toJson", typeName, out("value"), value, toJson, emit),
      printFunction("print", typeName, out("text"), "string", text, emit),
      printFunction("fromJson", typeName, [`v: ${slot}`, `c: ${input}`, `k: ${key}`], name, parse, emit),
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
      () => own.options,
    );
  }
  const [wrapped] = message.fields;
  if (wrapperNames.has(typeName) && wrapped !== undefined && wrapped.type.kind === "scalar") {
    const code = scalarCodes[wrapped.type.scalar];
    const zero = code.zero === "" ? emit.wire("emptyBytes") : code.zero;
    return print(
      [line(`return ${emit.wire(code.toJson)}(${emit.wire("wrapped")}(m) ?? ${zero});`)],
      [line(`return ${emit.wire(code.print)}(${emit.wire("wrapped")}(m) ?? ${zero});`)],
      [line(`${emit.wire("checkLevel")}(c, k);`), line(`return { value: ${emit.wire(code.parse)}(v, c, k) };`)],
      true,
      () => false,
    );
  }

  const extensible = isExtensible(message);
  const hasMembers = properties.length > 0 || extensible;
  const extensionsIn = (add: string, target: string): Expression =>
    call(emit.wire(add), target, "m", "c", stringLiteral(typeName));
  const printed = print(
    !hasMembers
      ? [line(`return ${emit.wire("finishObject")}({}, m);`)]
      : [
          line(`const o: ${emit.wireType("JsonObject")} = {};`),
          ...splitStatements(jsonStatements(properties, "value", emit), "o"),
          ...(extensible ? [evaluate(extensionsIn("addExtensions", "o"))] : []),
          line(`return ${emit.wire("finishObject")}(o, m);`),
        ],
    !hasMembers
      ? [line(`return ${emit.wire("closeObject")}("", m);`)]
      : [
          line('let s = "";'),
          ...splitStatements(jsonStatements(properties, "text", emit), "s", "string"),
          ...(extensible ? [assign("s", extensionsIn("printExtensions", "s"))] : []),
          line(`return ${emit.wire("closeObject")}(s, m);`),
        ],
    parseStatements(message, properties, emit),
    true,
    (form) => extensible || usesOptions(properties, form),
  );
  return [...printed, printSet(message, name, properties, emit)];
}

/** The body of `fromJson`. */
function parseStatements(message: Message, properties: readonly Property[], emit: Emit): readonly Statement[] {
  const { typeName } = message;
  const all = properties.flatMap((property) => (property.kind === "field" ? [property.plan] : property.plans));
  const required = all.filter(({ field }) => field.presence === "required");
  const create = call(emit.functionOf("create", typeName));
  const requireMembers = (): Statement => {
    const taken = new Set(all.map(({ field }) => field.jsonName));
    const clash = required.some(({ field: { name, jsonName } }) => name !== jsonName && taken.has(name));
    const names = (clash ? [required, all] : [required]).map((plans) => stringLiteral(namesIn(plans)));
    return evaluate(call(emit.wire("requireMembers"), "v", "c", "k", stringLiteral(typeName), ...names));
  };
  return [
    ...(required.length === 0 ? [] : [requireMembers()]),
    assign("const m", create),
    evaluate(call(emit.wire("parseMembers"), "v", "c", "k", "m", emit.functionOf("set", typeName))),
    line("return m;"),
  ];
}

/** The function that sets one member of the JSON object. */
function printSet(message: Message, name: string, properties: readonly Property[], emit: Emit): string {
  const { typeName } = message;
  const names = fieldNames(properties);
  const named = names === "" ? [] : [stringLiteral(names)];
  const extensible = isExtensible(message);
  const unknown = evaluate(
    extensible
      ? call(emit.wire("parseExtension"), "m", "x", "c", "k", stringLiteral(typeName), ...named)
      : call(emit.wire("unknownMember"), "c", "k", "x", ...named),
  );
  const otherwise: Statement = (indent) => `default:\n${" ".repeat(indent + 2)}${unknown(indent + 2)}`;
  const cases = parseCases(properties, emit);
  const body = cases.length === 0 ? [unknown] : switchNames(properties, [...cases, otherwise]);
  const value = emit.wireType("JsonValue");
  const m = properties.length === 0 && !extensible ? "_m" : "m";
  const parameters = [`${m}: ${name}`, `x: ${value}`, `c: ${emit.wireType("JsonInput")}`, "k: string"];
  const head = printList(`function ${emit.functionOf("set", typeName)}`, parameters, ": void {");
  return `${head}\n${printStatements(body, 2)}\n}`;
}
