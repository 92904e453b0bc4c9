import { printExpression, type Expression } from "../shared/expressions.js";
import { printList } from "../shared/print.js";

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
