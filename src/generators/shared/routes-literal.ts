import { fits, propertyName, stringLiteral } from "./print.js";

/** Data that becomes source text. `Code` stands as it is. */
export type Literal = string | number | boolean | Code | readonly Literal[] | ObjectLiteral | CallLiteral;

/** An expression: a name, a function. */
export interface Code {
  readonly code: string;
}

/** Properties in order; those that are undefined are left out. */
export interface ObjectLiteral {
  readonly properties: readonly (readonly [string, Literal | undefined])[];
}

/** A call of a function by its name. */
export interface CallLiteral {
  readonly callee: string;
  readonly args: readonly Literal[];
}

/** A call; arguments that are undefined are left out. */
export function call(callee: string, ...args: readonly (Literal | undefined)[]): CallLiteral {
  return { callee, args: args.filter((arg) => arg !== undefined) };
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
  if (isCall(value)) return printCall(value, indent, used);
  return line ?? "";
}

/** Of a call that is too long its last argument is broken where that is an object, else all arguments are. */
function printCall({ callee, args }: CallLiteral, indent: number, used: number): string {
  const last = args.at(-1);
  const before = args.slice(0, -1).map(onOneLine).join(", ");
  const head = `${callee}(${before}${before === "" ? "" : ", "}`;
  if (last !== undefined && isObject(last) && fits(`${head}{`, used)) {
    // nothing may be left of the line: the object must be broken
    return `${head}${printLiteral(last, indent, Infinity)})`;
  }
  const items = args.map((arg) => printLiteral(arg, indent + 2));
  return broken(`${callee}(`, ")", items, indent);
}

/** A statement `const name: Type = literal;`, `head` being all before the literal. */
export function printConstant(head: string, value: Literal): string {
  // what cannot even begin on its line begins on the next
  const opening = isArray(value) && value.length === 0 ? "[];" : "[";
  if (!fits(`${head} ${opening}`)) return `${head}\n  ${printLiteral(value, 2)};`;
  return `${head} ${printLiteral(value, 0, head.length + 1)};`;
}

/** A value that has no place to break stands on a line of its own, unless the key is too short for that to help. */
function printProperty(key: string, value: Literal, indent: number): string {
  const line = `${key}: ${printLiteral(value, indent, indent + key.length + 2)}`;
  if (isArray(value) || isObject(value) || isCall(value) || fits(`${line},`, indent)) return line;
  const pad = " ".repeat(indent + 2);
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
  if (isCall(value)) {
    const args = value.args.map(onOneLine);
    return args.includes(undefined) ? undefined : `${value.callee}(${args.join(", ")})`;
  }
  if (typeof value === "string") return stringLiteral(value);
  return typeof value === "object" ? value.code : String(value);
}

function present({ properties }: ObjectLiteral): readonly (readonly [string, Literal])[] {
  return properties.filter((property): property is readonly [string, Literal] => property[1] !== undefined);
}

function isCall(value: Literal): value is CallLiteral {
  return typeof value === "object" && !isArray(value) && "callee" in value;
}

function isArray(value: Literal): value is readonly Literal[] {
  return Array.isArray(value);
}

function isObject(value: Literal): value is ObjectLiteral {
  return typeof value === "object" && !isArray(value) && "properties" in value;
}
