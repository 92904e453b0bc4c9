import { fits, propertyName, stringLiteral } from "./print.js";

/** Data that becomes source text. `Code` stands as it is. */
export type Literal = string | number | boolean | Code | readonly Literal[] | ObjectLiteral;

/** An expression: a name, a function. */
export interface Code {
  readonly code: string;
}

/** Properties in order; those that are undefined are left out. */
export interface ObjectLiteral {
  readonly properties: readonly (readonly [string, Literal | undefined])[];
}

/** An expression that stands as it is. */
export function code(text: string): Code {
  return { code: text };
}

/** An object from names and values in order. */
export function object(properties: Readonly<Record<string, Literal | undefined>>): ObjectLiteral {
  return { properties: Object.entries(properties) };
}

/** Prints data as prettier does, at an indentation, with `used` columns of its first line taken. */
export function printLiteral(value: Literal, indent = 0, used: number = indent): string {
  const line = onOneLine(value);
  // a comma or semicolon follows
  if (line !== undefined && fits(`${line};`, used)) return line;
  if (isArray(value) && value.length === 0) return "[]";
  if (isArray(value))
    return broken(
      "[",
      "]",
      value.map((item) => printLiteral(item, indent + 2)),
      indent,
    );
  if (isObject(value)) {
    if (present(value).length === 0) return "{}";
    const items = present(value).map(([name, item]) => printProperty(propertyName(name), item, indent + 2));
    return broken("{", "}", items, indent);
  }
  return line ?? "";
}

/** A statement `const name: Type = literal;`, `head` being all before the literal. */
export function printConstant(head: string, value: Literal): string {
  // what cannot even begin on its line begins on the next
  if (!fits(`${head} [`)) return `${head}\n  ${printLiteral(value, 2)};`;
  return `${head} ${printLiteral(value, 0, head.length + 1)};`;
}

/** A value that has no place to break stands on a line of its own, unless the key is too short for that to help. */
function printProperty(key: string, value: Literal, indent: number): string {
  const line = `${key}: ${printLiteral(value, indent, indent + key.length + 2)}`;
  if (isArray(value) || isObject(value) || fits(`${line},`, indent)) return line;
  const pad = " ".repeat(indent + 2);
  if (typeof value === "object" && value.code.startsWith("() => ")) return line.replace("() => ", `() =>\n${pad}`);
  return key.length <= 4 ? line : line.replace(": ", `:\n${pad}`);
}

function broken(open: string, close: string, items: readonly string[], indent: number): string {
  const pad = " ".repeat(indent);
  return `${open}\n${items.map((item) => `${pad}  ${item},\n`).join("")}${pad}${close}`;
}

/** Undefined where prettier breaks lines whatever their length: several objects, or several lists, in a list. */
function onOneLine(value: Literal): string | undefined {
  if (isArray(value)) {
    const objects = value.every((item) => isObject(item) && present(item).length > 1);
    const lists = value.every((item) => isArray(item) && item.length > 1);
    if (value.length > 1 && (objects || lists)) return undefined;
    const items = value.map(onOneLine);
    return items.includes(undefined) ? undefined : `[${items.join(", ")}]`;
  }
  if (isObject(value)) {
    const items = present(value).map(([name, item]) => {
      const text = onOneLine(item);
      return text === undefined ? undefined : `${propertyName(name)}: ${text}`;
    });
    if (items.includes(undefined)) return undefined;
    return items.length === 0 ? "{}" : `{ ${items.join(", ")} }`;
  }
  if (typeof value === "string") return stringLiteral(value);
  return typeof value === "object" ? value.code : String(value);
}

function present({ properties }: ObjectLiteral): readonly (readonly [string, Literal])[] {
  return properties.filter((property): property is readonly [string, Literal] => property[1] !== undefined);
}

function isArray(value: Literal): value is readonly Literal[] {
  return Array.isArray(value);
}

function isObject(value: Literal): value is ObjectLiteral {
  return typeof value === "object" && !isArray(value) && "properties" in value;
}
