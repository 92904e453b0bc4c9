import {
  flat,
  printExpression,
  type Expression,
  printStatements,
  type Statement,
  when,
} from "../../shared/expressions.js";
import { fits } from "../../shared/print.js";

/** `if (!(condition)) statement`. */
export function whenNot(condition: Expression, statement: Statement): Statement {
  const once = `!(${flat(condition)})`;
  return (indent) => {
    if (fits(`if (${once})`, indent)) return when(once, statement)(indent);
    const pad = " ".repeat(indent);
    const inner = printExpression("", condition, "", indent + 4);
    const body = `${pad}  ${statement(indent + 2)}`;
    return `if (\n${pad}  !(\n${pad}    ${inner}\n${pad}  )\n${pad})\n${body}`;
  };
}

/** `if (condition) { … } else { … }`; without statements for one of the two only that of the other. */
export function either(
  condition: string,
  yes: readonly Statement[],
  no: readonly Statement[],
  negated: string,
): Statement[] {
  if (yes.length === 0 && no.length === 0) return [];
  if (no.length === 0) return [braced(`if (${condition})`, yes)];
  if (yes.length === 0) return [braced(`if (${negated})`, no)];
  return [(indent) => `${braced(`if (${condition})`, yes)(indent)} ${braced("else", no)(indent)}`];
}

/** `head { … }`. */
export function braced(head: string, statements: readonly Statement[]): Statement {
  return (indent) => `${head} {\n${printStatements(statements, indent + 2)}\n${" ".repeat(indent)}}`;
}
