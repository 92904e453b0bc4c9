import type { JsonValue } from "../../model/index.js";
import { fits, propertyName, stringLiteral } from "./print.js";

/** Code that is data: texts that never break, lists, objects, and calls with at most one argument. */
export type Literal =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly Literal[] }
  | { readonly kind: "object"; readonly entries: readonly (readonly [name: string, value: Literal])[] }
  | { readonly kind: "call"; readonly callee: string; readonly argument: Literal | undefined }
  /** `() => name` */
  | { readonly kind: "thunk"; readonly name: string };

/** A text that stands as it is. */
export function text(code: string): Literal {
  return { kind: "text", text: code };
}

/** `[a, b]`. */
export function list(items: readonly Literal[]): Literal {
  return { kind: "list", items };
}

/** `{ a: 1 }`; entries without a value are left out. */
export function object(entries: readonly (readonly [name: string, value: Literal | undefined])[]): Literal {
  return {
    kind: "object",
    entries: entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  };
}

/** `callee(argument)`. */
export function callOf(callee: string, argument?: Literal): Literal {
  return { kind: "call", callee, argument };
}

/** A JSON value as code. */
export function jsonLiteral(value: JsonValue): Literal {
  if (typeof value === "string") return text(stringLiteral(value));
  if (typeof value === "number") return text(numberLiteral(value));
  if (Array.isArray(value)) return list(value.map(jsonLiteral));
  if (typeof value === "object" && value !== null) {
    return object(Object.entries(value).map(([name, part]) => [name, jsonLiteral(part as JsonValue)] as const));
  }
  return text(String(value));
}

/** A number as prettier prints it. */
export function numberLiteral(value: number): string {
  return String(value).replace("e+", "e");
}

/** `__proto__` in brackets: as a plain key it would set the prototype. */
function keyText(name: string): string {
  return name === "__proto__" ? '["__proto__"]' : propertyName(name);
}

/** The literal on one line. */
function flat(literal: Literal): string {
  switch (literal.kind) {
    case "text":
      return literal.text;
    case "thunk":
      return `() => ${literal.name}`;
    case "list":
      return `[${literal.items.map(flat).join(", ")}]`;
    case "object":
      if (literal.entries.length === 0) return "{}";
      return `{ ${literal.entries.map(([name, value]) => `${keyText(name)}: ${flat(value)}`).join(", ")} }`;
    case "call":
      return `${literal.callee}(${literal.argument === undefined ? "" : flat(literal.argument)})`;
  }
}

/** Lists of several objects or of several lists, each with more than one part, always stand one a line. */
function mustBreak(literal: Literal): boolean {
  switch (literal.kind) {
    case "text":
    case "thunk":
      return false;
    case "object":
      return literal.entries.some(([, value]) => mustBreak(value));
    case "call":
      return literal.argument !== undefined && mustBreak(literal.argument);
    case "list": {
      const { items } = literal;
      const first = items[0]?.kind;
      const composed = items.every(
        (item) =>
          item.kind === first &&
          ((item.kind === "object" && item.entries.length > 1) || (item.kind === "list" && item.items.length > 1)),
      );
      return (items.length > 1 && composed) || items.some(mustBreak);
    }
  }
}

/** `head literal tail` where the head stands at that column; the text without indentation on its first line. */
export function printLiteral(head: string, literal: Literal, tail: string, indent: number): string {
  const line = `${head}${flat(literal)}${tail}`;
  if (fits(line, indent) && !mustBreak(literal)) return line;
  const pad = " ".repeat(indent);
  switch (literal.kind) {
    case "text":
    case "thunk":
      return line;
    case "object": {
      if (literal.entries.length === 0) return line;
      const entries = literal.entries.map(([name, value]) => {
        return `${pad}  ${printEntry(keyText(name), ":", value, ",", indent + 2)}\n`;
      });
      return `${head}{\n${entries.join("")}${pad}}${tail}`;
    }
    case "list": {
      const { items } = literal;
      if (items.length === 0) return line;
      if (items.length > 1 && items.every((item) => item.kind === "text" && /^-?[\d.e-]+$/.test(item.text))) {
        return `${head}[\n${fillNumbers(items.map(flat), indent + 2)}\n${pad}]${tail}`;
      }
      return `${head}[\n${items.map((item) => `${pad}  ${printLiteral("", item, ",", indent + 2)}\n`).join("")}${pad}]${tail}`;
    }
    case "call": {
      const { argument, callee } = literal;
      if (argument === undefined) return line;
      if (argument.kind === "object" || argument.kind === "list") {
        return printLiteral(`${head}${callee}(`, argument, `)${tail}`, indent);
      }
      return `${head}${callee}(\n${pad}  ${printLiteral("", argument, ",", indent + 2)}\n${pad})${tail}`;
    }
  }
}

/** `left: literal,` or `left = literal;`: on one line, broken inside, or on the next line where it cannot begin here. */
export function printEntry(left: string, sign: ":" | " =", literal: Literal, tail: string, indent: number): string {
  const head = `${left}${sign} `;
  if (fits(`${head}${flat(literal)}${tail}`, indent) && !mustBreak(literal)) {
    return `${head}${flat(literal)}${tail}`;
  }
  // prettier gains nothing from a new line below so short a key
  if (sign === ":" && left.length < 5) return printLiteral(head, literal, tail, indent);
  const next = `${left}${sign}\n${" ".repeat(indent + 2)}${printLiteral("", literal, tail, indent + 2)}`;
  switch (literal.kind) {
    case "text":
      return next;
    case "thunk":
      return `${head}() =>\n${" ".repeat(indent + 2)}${literal.name}${tail}`;
    case "object":
    case "list":
      return printLiteral(head, literal, tail, indent);
    case "call": {
      const { argument, callee } = literal;
      const opening = argument?.kind === "object" ? "({" : "([";
      if (argument?.kind === "call" && fits(`${head}${callee}(`, indent)) {
        return printLiteral(head, literal, tail, indent);
      }
      if (argument?.kind !== "object" && argument?.kind !== "list") return next;
      const isEmpty = (argument.kind === "object" ? argument.entries : argument.items).length === 0;
      if (fits(`${head}${callee}${opening}`, indent) && !isEmpty) return printLiteral(head, literal, tail, indent);
      if (!fits(`${head}${callee}(`, indent)) return next;
      // the parenthesis is the last that fits, or there is nothing to break inside of the argument
      const pad = " ".repeat(indent);
      return `${head}${callee}(\n${pad}  ${printLiteral("", argument, ",", indent + 2)}\n${pad})${tail}`;
    }
  }
}

function fillNumbers(numbers: readonly string[], indent: number): string {
  const pad = " ".repeat(indent);
  const lines: string[] = [];
  let current = "";
  for (const number of numbers) {
    const item = `${number},`;
    if (current !== "" && !fits(`${current} ${item}`, indent)) {
      lines.push(pad + current);
      current = item;
    } else {
      current = current === "" ? item : `${current} ${item}`;
    }
  }
  return [...lines, pad + current].join("\n");
}
