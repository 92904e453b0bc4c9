import { printExpression, type Expression } from "../shared/expressions.js";
import { fits, printList } from "../shared/print.js";
import { printEntry, type Literal } from "../shared/schema-literal.js";

/** A function of one statement, which returns what an expression gives. */
export function printFunction(
  doc: string,
  head: string,
  args: readonly string[],
  result: string,
  body: Expression,
): string {
  const statement = printExpression("return ", body, ";", 2);
  return `${doc}${printList(head, args, `: ${result} {`)}\n  ${statement}\n}`;
}

/** A parameter with type arguments, on a line of its own where it stands before another one. */
export function printParameter(head: string, types: readonly string[]): string {
  return printList(head, types, ",", { indent: 2, open: "<", close: ">" }).slice(0, -1);
}

/** A constant that is an object; `head` and the arguments say its type. */
export function printConstant(doc: string, head: string, args: readonly string[], literal: Literal): string {
  const left = `${head}<${args.join(", ")}> =`;
  const type = fits(left) ? left : printList(head, args, " =", { open: "<", close: ">" });
  // where the brace no longer fits the whole object moves down
  const below = !type.includes("\n") && !fits(`${type} {`);
  return `${doc}${type}${below ? "\n  " : " "}${printExpanded(literal, below ? 2 : 0)};`;
}

/** An object with one entry a line, whatever its width. */
function printExpanded(literal: Literal, indent: number): string {
  if (literal.kind !== "object") return "";
  const pad = " ".repeat(indent);
  const entries = literal.entries.map(([name, value]) => `${pad}  ${printEntry(name, ":", value, ",", indent + 2)}\n`);
  return `{\n${entries.join("")}${pad}}`;
}
