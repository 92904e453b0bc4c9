import { diagnostic } from "../../diagnostics/index.js";
import type {
  EnumSyntax,
  EnumValueSyntax,
  ExtendSyntax,
  ExtensionRangeSyntax,
  FieldSyntax,
  MessageSyntax,
  MethodSyntax,
  OneofSyntax,
  OptionSyntax,
  Origin,
  RangeSyntax,
  ServiceSyntax,
} from "../../model/index.js";
import { insteadOf, type Cursor } from "./cursor.js";
import { fieldStatement, signed, unsigned, type FieldPlace } from "./parse-fields.js";
import { compactOptions, enter, leave, optionStatement, qualifiedName, stringLiteral } from "./parse-options.js";

const maxFieldNumber = 536_870_911;
const maxEnumNumber = 2_147_483_647;
const decoder = new TextDecoder();

/** What messages and extends of one scope collect. */
interface Members {
  readonly messages: MessageSyntax[];
  readonly enums: EnumSyntax[];
  readonly extends: ExtendSyntax[];
}

type Syntax = FieldPlace["syntax"];
type Visibility = MessageSyntax["visibility"];

/** `export` or `local`, which begin nothing but messages and enums from edition 2024 on and are names before. */
function takeVisibility(cursor: Cursor): Visibility {
  if (cursor.edition < "2024") return undefined;
  for (const word of ["export", "local"] as const) {
    // a package may be called so
    if (!cursor.at(word) || cursor.follows(".")) continue;
    const origin = cursor.origin();
    cursor.next();
    if (cursor.at("message") || cursor.at("enum")) return word;
    const reason = "only messages and enums have a visibility";
    cursor.report(diagnostic("E1015", origin, { label: word, reason }));
    return undefined;
  }
  return undefined;
}

function messageStatement(cursor: Cursor, syntax: Syntax, visibility: Visibility): MessageSyntax {
  cursor.expect("message");
  const origin = cursor.origin();
  const name = cursor.identifier("the name of the message");
  return messageBody(cursor, syntax, name, origin, visibility);
}

function messageBody(
  cursor: Cursor,
  syntax: Syntax,
  name: string,
  origin: Origin,
  visibility: Visibility,
): MessageSyntax {
  enter(cursor);
  const comments = cursor.openBlock("message");
  const options: OptionSyntax[] = [];
  const fields: FieldSyntax[] = [];
  const oneofs: OneofSyntax[] = [];
  const members: Members = { messages: [], enums: [], extends: [] };
  const extensionRanges: ExtensionRangeSyntax[] = [];
  const reserved: RangeSyntax[] = [];
  const reservedNames: { name: string; origin: Origin }[] = [];
  cursor.block(`message ${name}`, origin, () => {
    if (cursor.at("option")) options.push(optionStatement(cursor));
    else if (takeMember(cursor, syntax, members)) return;
    else if (cursor.at("oneof")) oneofs.push(oneofStatement(cursor, syntax, fields, members));
    else if (cursor.at("reserved")) reservedStatement(cursor, syntax, maxFieldNumber, reserved, reservedNames);
    else if (cursor.at("extensions")) extensionsStatement(cursor, syntax, extensionRanges);
    else addField(cursor, { syntax, oneof: undefined, within: "message" }, fields, members);
  });
  leave(cursor);
  return {
    name,
    origin,
    comments,
    options,
    visibility,
    fields,
    oneofs,
    ...members,
    extensionRanges,
    reserved,
    reservedNames,
  };
}

/** A message, enum or extend, at the top or inside of a message. */
export function takeMember(cursor: Cursor, syntax: Syntax, members: Members): boolean {
  const visibility = takeVisibility(cursor);
  if (cursor.at("message")) members.messages.push(messageStatement(cursor, syntax, visibility));
  else if (cursor.at("enum")) members.enums.push(enumStatement(cursor, syntax, visibility));
  else if (cursor.at("extend")) extendStatement(cursor, syntax, members);
  else return false;
  return true;
}

function addField(cursor: Cursor, place: FieldPlace, fields: FieldSyntax[], { messages }: Members): void {
  const { field, group } = fieldStatement(cursor, place, (name, origin) =>
    messageBody(cursor, place.syntax, name, origin, undefined),
  );
  fields.push(field);
  if (group !== undefined) messages.push(group);
}

function oneofStatement(cursor: Cursor, syntax: Syntax, fields: FieldSyntax[], members: Members): OneofSyntax {
  cursor.expect("oneof");
  const origin = cursor.origin();
  const name = cursor.identifier("the name of the oneof");
  const comments = cursor.openBlock("oneof");
  const options: OptionSyntax[] = [];
  cursor.block(`oneof ${name}`, origin, () => {
    if (cursor.at("option")) options.push(optionStatement(cursor));
    else addField(cursor, { syntax, oneof: name, within: "oneof" }, fields, members);
  });
  return { name, origin, comments, options };
}

function extendStatement(cursor: Cursor, syntax: Syntax, members: Members): void {
  cursor.expect("extend");
  const start = cursor.mark();
  const extendee = qualifiedName(cursor, "the name of a message");
  const origin = cursor.originFrom(start);
  cursor.openBlock("extend");
  const fields: FieldSyntax[] = [];
  cursor.block(`extend ${extendee}`, origin, () => {
    if (beginsOneof(cursor)) cursor.fail("a field, as extensions form no oneof");
    addField(cursor, { syntax, oneof: undefined, within: "extend" }, fields, members);
  });
  members.extends.push({ extendee, origin, fields });
}

/** `oneof name {`, where a field of a type called oneof might begin as well. */
function beginsOneof(cursor: Cursor): boolean {
  const head = /oneof\s+\w+\s*\{/y;
  head.lastIndex = cursor.mark().start;
  return cursor.at("oneof") && head.test(cursor.source.text);
}

function extensionsStatement(cursor: Cursor, syntax: Syntax, into: ExtensionRangeSyntax[]): void {
  if (syntax === "proto3") cursor.report(diagnostic("E1014", cursor.origin(), undefined));
  cursor.expect("extensions");
  const ranges: RangeSyntax[] = [];
  do ranges.push(range(cursor, maxFieldNumber));
  while (cursor.take(","));
  const options = compactOptions(cursor);
  cursor.endStatement();
  into.push(...ranges.map((range) => ({ ...range, options })));
}

function range(cursor: Cursor, max: number): RangeSyntax {
  const start = cursor.mark();
  const read = max === maxEnumNumber ? signed : unsigned;
  const first = read(cursor, "a number");
  let last = first;
  if (cursor.take("to")) last = cursor.take("max") ? max : read(cursor, '"max" or a number');
  return { start: first, end: last, origin: cursor.originFrom(start) };
}

function reservedStatement(
  cursor: Cursor,
  syntax: Syntax,
  max: number,
  ranges: RangeSyntax[],
  names: { name: string; origin: Origin }[],
): void {
  cursor.expect("reserved");
  const named = cursor.kind() === "string" || cursor.kind() === "identifier";
  if (named && (cursor.kind() === "identifier") !== (syntax === "editions")) {
    const wanted = syntax === "editions" ? "a name without quotes" : "a name in quotes";
    cursor.fail(cursor.follows("=") ? `${wanted}, or ${insteadOf("reserved")}` : wanted);
  }
  do {
    const start = cursor.mark();
    if (!named) {
      ranges.push(range(cursor, max));
    } else {
      const name = syntax === "editions" ? cursor.identifier("a name") : decoder.decode(stringLiteral(cursor));
      names.push({ name, origin: cursor.originFrom(start) });
    }
  } while (cursor.take(","));
  cursor.endStatement();
}

function enumStatement(cursor: Cursor, syntax: Syntax, visibility: Visibility): EnumSyntax {
  cursor.expect("enum");
  const origin = cursor.origin();
  const name = cursor.identifier("the name of the enum");
  const comments = cursor.openBlock("enum");
  const options: OptionSyntax[] = [];
  const values: EnumValueSyntax[] = [];
  const reserved: RangeSyntax[] = [];
  const reservedNames: { name: string; origin: Origin }[] = [];
  cursor.block(`enum ${name}`, origin, () => {
    if (cursor.at("option")) options.push(optionStatement(cursor));
    else if (cursor.at("reserved")) reservedStatement(cursor, syntax, maxEnumNumber, reserved, reservedNames);
    else values.push(enumValue(cursor));
  });
  return { name, origin, comments, options, visibility, values, reserved, reservedNames };
}

function enumValue(cursor: Cursor): EnumValueSyntax {
  const origin = cursor.origin();
  const name = cursor.identifier("the name of an enum value");
  cursor.expect("=");
  const start = cursor.mark();
  const number = signed(cursor, "the number of the enum value");
  const numberOrigin = cursor.originFrom(start);
  const options = compactOptions(cursor);
  return { name, origin, comments: cursor.endStatement(), options, number, numberOrigin };
}

/** `service Name { … }` with its methods. */
export function serviceStatement(cursor: Cursor): ServiceSyntax {
  cursor.expect("service");
  const origin = cursor.origin();
  const name = cursor.identifier("the name of the service");
  const comments = cursor.openBlock("service");
  const options: OptionSyntax[] = [];
  const methods: MethodSyntax[] = [];
  cursor.block(`service ${name}`, origin, () => {
    if (cursor.at("option")) options.push(optionStatement(cursor));
    else if (cursor.at("rpc")) methods.push(methodStatement(cursor));
    else cursor.fail('"rpc", "option" or "}"');
  });
  return { name, origin, comments, options, methods };
}

function methodStatement(cursor: Cursor): MethodSyntax {
  cursor.expect("rpc");
  const origin = cursor.origin();
  const name = cursor.identifier("the name of the method");
  const input = methodType(cursor);
  cursor.expect("returns");
  const output = methodType(cursor);
  const options: OptionSyntax[] = [];
  const head = {
    name,
    origin,
    options,
    input: input.type,
    inputOrigin: input.origin,
    inputStream: input.stream,
    output: output.type,
    outputOrigin: output.origin,
    outputStream: output.stream,
  };
  if (!cursor.at("{")) return { ...head, comments: cursor.endStatement() };
  const comments = cursor.openBlock("rpc");
  cursor.block(`rpc ${name}`, origin, () => {
    if (cursor.at("option")) options.push(optionStatement(cursor));
    else cursor.fail('"option" or "}"');
  });
  return { ...head, comments };
}

function methodType(cursor: Cursor): { readonly type: string; readonly origin: Origin; readonly stream: boolean } {
  cursor.expect("(");
  const stream = cursor.take("stream");
  const start = cursor.mark();
  const type = qualifiedName(cursor, "the name of a message");
  const origin = cursor.originFrom(start);
  cursor.expect(")");
  return { type, origin, stream };
}
