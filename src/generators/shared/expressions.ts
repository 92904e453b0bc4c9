import { fits } from "./print.js";

// Code as prettier would lay it out: an expression says where it may break, the printers decide where it does.
// Columns count from the start of the line; every text comes without its own indentation on the first line.

/** An expression: text that never breaks, a call whose arguments may, or a binary one that breaks after its operator. */
export type Expression = string | Call | Binary | ObjectLiteral;

/** A call: what breaks are its arguments. */
export interface Call {
  readonly kind: "call";
  readonly callee: string;
  readonly args: readonly Expression[];
}

/** An operation with two operands. */
export interface Binary {
  readonly kind: "binary";
  readonly left: Expression;
  /** `??`, `===`, `&&`: of several in a row all are the same. */
  readonly operator: string;
  readonly right: Expression;
}

/** An object literal. */
export interface ObjectLiteral {
  readonly kind: "object";
  readonly entries: readonly (readonly [name: string, value: Expression])[];
  /** One entry a line, also where all would fit on one. */
  readonly expanded: boolean;
}

/** `callee(a, b)`. */
export function call(callee: string, ...args: readonly Expression[]): Call {
  return { kind: "call", callee, args };
}

/** A call at the top of a module that bundlers may drop when nobody uses what it gives. */
export function pureCall(callee: string, ...args: readonly Expression[]): Call {
  return call(`/* @__PURE__ */ ${callee}`, ...args);
}

/** `left operator right`. */
export function binary(left: Expression, operator: string, right: Expression): Binary {
  return { kind: "binary", left, operator, right };
}

/** `{ a: 1, b }`: a value that is its name is printed once. */
export function objectOf(...entries: ObjectLiteral["entries"]): ObjectLiteral {
  return { kind: "object", entries, expanded: false };
}

/** The same literal with one entry a line. */
export function expandObject(literal: ObjectLiteral): ObjectLiteral {
  return { ...literal, expanded: true };
}

/** The expression on one line. */
export function flat(expression: Expression): string {
  if (typeof expression === "string") return expression;
  switch (expression.kind) {
    case "call":
      return `${expression.callee}(${expression.args.map(flat).join(", ")})`;
    case "binary":
      return `${flat(expression.left)} ${expression.operator} ${flat(expression.right)}`;
    case "object":
      return `{ ${expression.entries.map(([name, value]) => (name === value ? name : `${name}: ${flat(value)}`)).join(", ")} }`;
  }
}

/** `head expression tail` where the head stands at that column: on one line, or broken inside of the expression. */
export function printExpression(head: string, expression: Expression, tail: string, indent: number): string {
  const line = head + flat(expression) + tail;
  if (typeof expression === "string") return line;
  if (fits(line, indent) && !(expression.kind === "object" && expression.expanded)) return line;
  const pad = " ".repeat(indent);
  switch (expression.kind) {
    case "call": {
      if (expression.args.length === 0) return line;
      const last = expression.args[expression.args.length - 1];
      if (typeof last === "object" && last.kind === "object") {
        const before = expression.args.slice(0, -1).map((arg) => `${flat(arg)}, `);
        const hugged = `${head}${expression.callee}(${before.join("")}`;
        if (fits(`${hugged}{`, indent)) return printExpression(hugged, expandObject(last), `)${tail}`, indent);
      }
      const args = expression.args.map((arg) => `${pad}  ${printArgument(arg, indent + 2)}\n`).join("");
      return `${head}${expression.callee}(\n${args}${pad})${tail}`;
    }
    case "binary": {
      const operands = chainOf(expression);
      if (operands.length > 2) {
        const last = operands.length - 1;
        const lines = operands.map((operand, i) =>
          printExpression(i === 0 ? head : "", operand, i === last ? tail : ` ${expression.operator}`, indent),
        );
        return lines.join(`\n${pad}`);
      }
      const left = printExpression(head, expression.left, ` ${expression.operator}`, indent);
      const lastLine = left.slice(left.lastIndexOf("\n") + 1);
      // behind a call that was broken the right side may still stand on its last line
      if (left.includes("\n") && fits(`${lastLine} ${flat(expression.right)}${tail}`)) {
        return `${left} ${flat(expression.right)}${tail}`;
      }
      return `${left}\n${pad}${printExpression("", expression.right, tail, indent)}`;
    }
    case "object": {
      const entries = expression.entries.map(([name, value]) =>
        name === value ? `${pad}  ${name},\n` : `${pad}  ${printAssign(name, ":", value, ",", indent + 2)}\n`,
      );
      return `${head}{\n${entries.join("")}${pad}}${tail}`;
    }
  }
}

/** An argument with its comma; the right side of an operator that is broken goes deeper. */
function printArgument(arg: Expression, indent: number): string {
  if (typeof arg === "string" || arg.kind !== "binary" || fits(`${flat(arg)},`, indent)) {
    return printExpression("", arg, ",", indent);
  }
  const [first = "", ...others] = chainOf(arg);
  const pad = " ".repeat(indent + 2);
  const lines = others.map((operand, i) => {
    const tail = i === others.length - 1 ? "," : ` ${arg.operator}`;
    return `\n${pad}${printExpression("", operand, tail, indent + 2)}`;
  });
  return printExpression("", first, ` ${arg.operator}`, indent) + lines.join("");
}

/** The operands of operators of one kind in a row, which break together. */
function chainOf({ left, operator, right }: Binary): readonly Expression[] {
  const nested = typeof left === "object" && left.kind === "binary" && left.operator === operator;
  return [...(nested ? chainOf(left) : [left]), right];
}

/** An argument after which prettier would rather break the line than inside of the call. */
function isShortArgument(expression: Expression): boolean {
  return typeof expression === "string" && expression.length <= 20 && /^([\w$]+|"[^"]*"|'[^']*')$/.test(expression);
}

function isPoorlyBreakable({ args }: Call): boolean {
  const [first] = args;
  return args.length === 0 || (args.length === 1 && first !== undefined && isShortArgument(first));
}

/**
 * `left operator expression tail`, as in `x = f(y);` and in `x: f(y),`. A call that begins on the line breaks its
 * arguments; anything else that is too long goes to the next line.
 */
export function printAssign(
  left: string,
  operator: string,
  expression: Expression,
  tail: string,
  indent: number,
): string {
  const space = operator === ":" ? ":" : ` ${operator}`;
  const line = `${left}${space} ${flat(expression)}${tail}`;
  if (fits(line, indent)) return line;
  // behind a key of so few characters a line break would gain nothing
  if (operator === ":" && left.length < 5 && typeof expression === "string" && /^([\w$]+|"[^"]*")$/.test(expression))
    return line;
  if (typeof expression !== "string") {
    if (expression.kind === "object" && fits(`${left}${space} {`, indent)) {
      return printExpression(`${left}${space} `, expression, tail, indent);
    }
    if (expression.kind === "call") {
      const head = `${left}${space} ${expression.callee}(`;
      if (!isPoorlyBreakable(expression) && fits(head, indent)) {
        return printExpression(`${left}${space} `, expression, tail, indent);
      }
    }
  }
  const pad = " ".repeat(indent + 2);
  return `${left}${space}\n${pad}${printExpression("", expression, tail, indent + 2)}`;
}

/** `left = prefix {` entries `};`, always with one entry a line. */
export function printLiteral(left: string, prefix: string, entries: ObjectLiteral["entries"], indent: number): string {
  if (entries.length === 0) return printAssign(left, "=", `${prefix}{}`, ";", indent);
  const head = `${left} = ${prefix}`;
  const literal: ObjectLiteral = { kind: "object", entries, expanded: true };
  if (fits(`${head}{`, indent)) return printExpression(head, literal, ";", indent);
  const pad = " ".repeat(indent + 2);
  return `${left} =\n${pad}${printExpression(prefix, literal, ";", indent + 2)}`;
}

/** A statement that starts at a column. */
export type Statement = (indent: number) => string;

/** `x = f(y);`. */
export function assign(left: string, expression: Expression): Statement {
  return (indent) => printAssign(left, "=", expression, ";", indent);
}

/** `x = condition ? a : b;`. */
export function choose(left: string, condition: Expression, yes: string, no: string): Statement {
  return (indent) => {
    const choice = `${flat(condition)} ? ${yes} : ${no};`;
    if (fits(`${left} = ${choice}`, indent)) return `${left} = ${choice}`;
    const pad = " ".repeat(indent + 2);
    if (fits(choice, indent + 2)) return `${left} =\n${pad}${choice}`;
    const test = printExpression("", condition, "", indent + 2);
    return `${left} =\n${pad}${test}\n${pad}  ? ${yes}\n${pad}  : ${no};`;
  };
}

/** `f(y);`. */
export function evaluate(expression: Expression): Statement {
  return (indent) => printExpression("", expression, ";", indent);
}

/** A line as it is. */
export function line(text: string): Statement {
  return () => text;
}

/** `head {` statements `}`. */
export function block(head: string, statements: readonly Statement[], tail = ""): Statement {
  return (indent) => {
    const pad = " ".repeat(indent);
    return `${head} {\n${printStatements(statements, indent + 2)}\n${pad}}${tail}`;
  };
}

/** A condition that did not fit between its parentheses: each operand of a logical one gets a line. */
function printBroken(condition: Expression, indent: number): string {
  const logical =
    typeof condition === "object" && condition.kind === "binary" && /^(&&|\|\|)$/.test(condition.operator);
  if (!logical) return printExpression("", condition, "", indent);
  const operands = chainOf(condition);
  const lines = operands.map((operand, i) =>
    printExpression("", operand, i === operands.length - 1 ? "" : ` ${condition.operator}`, indent),
  );
  return lines.join(`\n${" ".repeat(indent)}`);
}

/** `if (condition) statement`; `prefix` may be `else `. */
export function when(condition: Expression, statement: Statement, prefix = ""): Statement {
  return (indent) => {
    const head = `${prefix}if (${flat(condition)})`;
    const pad = " ".repeat(indent);
    const once = `${head} ${statement(indent + 2)}`;
    if (fits(once, indent) && !once.includes("\n")) return once;
    const body = `${pad}  ${statement(indent + 2)}`;
    if (fits(head, indent)) return `${head}\n${body}`;
    return `${prefix}if (\n${pad}  ${printBroken(condition, indent + 2)}\n${pad})\n${body}`;
  };
}

/** `if (condition) {` statements `}`. */
export function whenBlock(condition: Expression, statements: readonly Statement[]): Statement {
  return (indent) => block(printHead("if (", condition, ")", indent), statements)(indent);
}

/** `for (const item of list)`, which a list that is too long breaks in itself. */
function printForHead(item: string, list: Expression, indent: number): string {
  return printExpression(`for (const ${item} of `, list, ") {", indent).slice(0, -2);
}

/** `for (const item of list) {` statements `}`. */
export function forOfBlock(item: string, list: Expression, statements: readonly Statement[]): Statement {
  return (indent) => block(printForHead(item, list, indent), statements)(indent);
}

/** `for (const item of list) statement`. */
export function forOf(item: string, list: Expression, statement: Statement): Statement {
  return (indent) => {
    const head = printForHead(item, list, indent);
    const once = `${head} ${statement(indent + 2)}`;
    if (fits(once, indent) && !once.includes("\n")) return once;
    return `${head}\n${" ".repeat(indent + 2)}${statement(indent + 2)}`;
  };
}

/** A head that ends in ` {`: `switch (x) {`. */
export function printHead(open: string, condition: Expression, close: string, indent: number): string {
  const head = `${open}${flat(condition)}${close}`;
  if (fits(`${head} {`, indent)) return head;
  const pad = " ".repeat(indent);
  return `${open}\n${pad}  ${printBroken(condition, indent + 2)}\n${pad}${close}`;
}

/** Statements below each other, each line indented. */
export function printStatements(statements: readonly Statement[], indent: number): string {
  const pad = " ".repeat(indent);
  return statements.map((statement) => pad + statement(indent)).join("\n");
}

/** One alternative of a type: text, or an object type with its members. */
export type TypePart = string | { readonly members: readonly string[] };

function flatPart(part: TypePart): string {
  return typeof part === "string" ? part : `{ ${part.members.join("; ")} }`;
}

function printPart(part: TypePart, indent: number, broken = false): string {
  const text = flatPart(part);
  if (typeof part === "string" || (!broken && fits(text, indent))) return text;
  const pad = " ".repeat(indent);
  const members = part.members.map((member) => {
    if (fits(`${member};`, indent + 2)) return `${pad}  ${member};\n`;
    return `${pad}  ${member.replace("[key: string]", `[\n${pad}    key: string\n${pad}  ]`)};\n`;
  });
  return `{\n${members.join("")}${pad}}`;
}

/** `head: A | B;` as prettier breaks a union. */
export function printTyped(head: string, parts: readonly TypePart[], tail: string, indent: number, sign = ":"): string {
  const union = parts.map(flatPart).join(" | ");
  const once = `${head}${sign} ${union}${tail}`;
  const [only] = parts;
  if (fits(once, indent)) return once;
  const pad = " ".repeat(indent + 2);
  if (parts.length === 1 && only !== undefined) {
    if (typeof only !== "string") return `${head}${sign} ${printPart(only, indent, true)}${tail}`;
    return sign === ":" ? once : `${head}${sign}\n${pad}${only}${tail}`;
  }
  if (fits(union + tail, indent + 2)) return `${head}${sign}\n${pad}${union}${tail}`;
  const lines = parts.map((part) => `${pad}| ${printPart(part, indent + 4)}`);
  return `${head}${sign}\n${lines.join("\n")}${tail}`;
}
