import { diagnostic } from "../../diagnostics/index.js";
import type { AggregateField, LiteralSyntax, OptionSyntax } from "../../model/index.js";
import type { Cursor, Mark } from "./cursor.js";
import { hopeless } from "./cursor.js";
import { joinBytes, unquote } from "./strings.js";

/** Messages in messages, and option values in option values: nobody writes more, a hostile file might. */
const maxDepth = 256;

/** Guards recursion; every call needs its `leave`. */
export function enter(cursor: Cursor): void {
  if (++cursor.depth > maxDepth) tooDeep(cursor);
}

function tooDeep(cursor: Cursor): never {
  cursor.report(diagnostic("E1011", cursor.origin(), { limit: maxDepth }));
  throw hopeless;
}

/** Ends what `enter` began. */
export function leave(cursor: Cursor): void {
  cursor.depth--;
}

/** `a.b.C`, optionally with a leading dot. */
export function qualifiedName(cursor: Cursor, what: string): string {
  let name = "";
  if (cursor.take(".")) name = ".";
  name += cursor.identifier(what);
  while (cursor.take(".")) name += `.${cursor.identifier("a name after the dot")}`;
  return name;
}

/** `option name = value;` */
export function optionStatement(cursor: Cursor): OptionSyntax {
  cursor.expect("option");
  const option = assignment(cursor);
  cursor.endStatement();
  return option;
}

/** `[name = value, …]`, or nothing. */
export function compactOptions(cursor: Cursor): readonly OptionSyntax[] {
  if (!cursor.take("[")) return [];
  const options: OptionSyntax[] = [];
  do options.push(assignment(cursor));
  while (cursor.take(","));
  cursor.expect("]");
  return options;
}

function assignment(cursor: Cursor): OptionSyntax {
  const start = cursor.mark();
  const name: string[] = [];
  do {
    if (cursor.take("(")) {
      name.push(`[${qualifiedName(cursor, "the name of an extension")}]`);
      cursor.expect(")");
    } else {
      name.push(cursor.identifier("the name of an option"));
    }
    if (name.length > maxDepth) tooDeep(cursor);
  } while (cursor.take("."));
  const origin = cursor.originFrom(start);
  cursor.expect("=");
  if (!cursor.at("{")) return { name, value: scalar(cursor, "the value of the option"), origin };
  const valueStart = cursor.mark();
  cursor.next();
  return { name, value: aggregate(cursor, "}", valueStart), origin };
}

/** A number, string or identifier, signed where that makes sense. */
function scalar(cursor: Cursor, what: string): LiteralSyntax {
  const start = cursor.mark();
  const sign = cursor.take("-") ? "-" : "";
  const kind = cursor.kind();
  if (kind === "string" && sign === "") {
    const bytes = stringLiteral(cursor);
    return { kind: "string", bytes, origin: cursor.originFrom(start) };
  }
  if (kind === "identifier" || kind === "integer" || kind === "float") {
    const text = sign + cursor.text();
    cursor.next();
    const origin = cursor.originFrom(start);
    return { kind: kind === "identifier" ? "identifier" : "number", text, origin };
  }
  return cursor.fail(sign === "" ? what : "a number");
}

/** One or more string tokens, joined. */
export function stringLiteral(cursor: Cursor): Uint8Array {
  if (cursor.kind() !== "string") cursor.fail("a string");
  const parts: Uint8Array[] = [];
  while (cursor.kind() === "string") {
    const { bytes, bad } = unquote(cursor.text());
    if (bad >= 0) {
      const origin = cursor.origin();
      cursor.report(diagnostic("E1003", { ...origin, column: origin.column + bad, length: 2 }, undefined));
    }
    parts.push(bytes);
    cursor.next();
  }
  return joinBytes(parts);
}

/** Behind the opening brace: fields of a message in text format. */
function aggregate(cursor: Cursor, close: "}" | ">", start: Mark): LiteralSyntax {
  enter(cursor);
  const fields: AggregateField[] = [];
  while (!cursor.take(close)) {
    const fieldStart = cursor.mark();
    const name = fieldName(cursor);
    const origin = cursor.originFrom(fieldStart);
    const colon = cursor.take(":");
    fields.push({ name, value: fieldValue(cursor, colon), origin });
    if (!cursor.take(",")) cursor.take(";");
  }
  leave(cursor);
  return { kind: "aggregate", fields, origin: cursor.originFrom(start) };
}

function fieldName(cursor: Cursor): string {
  if (!cursor.take("[")) return cursor.identifier("a field name");
  let name = cursor.identifier("the name of an extension");
  while (cursor.at(".") || cursor.at("/") || cursor.at("-")) {
    name += cursor.text();
    cursor.next();
    name += cursor.identifier("the name of an extension");
  }
  cursor.expect("]");
  return `[${name}]`;
}

function fieldValue(cursor: Cursor, colon: boolean): LiteralSyntax {
  const start = cursor.mark();
  if (cursor.take("{")) return aggregate(cursor, "}", start);
  if (cursor.take("<")) return aggregate(cursor, ">", start);
  if (!cursor.take("[")) {
    if (!colon) cursor.fail('":"');
    return scalar(cursor, "a value");
  }
  enter(cursor);
  const items: LiteralSyntax[] = [];
  if (!cursor.at("]")) {
    // without the colon it is a list of messages
    do items.push(fieldValue(cursor, colon));
    while (cursor.take(","));
  }
  cursor.expect("]");
  leave(cursor);
  return { kind: "list", items, origin: cursor.originFrom(start) };
}
