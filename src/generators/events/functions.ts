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
