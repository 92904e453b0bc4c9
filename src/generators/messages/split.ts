import { block, type Statement } from "../shared/expressions.js";

/** TypeScript gives up on functions whose flow is longer than about 2,000 steps; a field takes two or three. */
const largest = 400;

/**
 * The statements of a function, in functions of their own where there are too many. With `assigns` they change
 * `variable`, else only what it refers to.
 */
export function splitStatements(
  statements: readonly Statement[],
  variable: string,
  type: string,
  assigns = true,
): readonly Statement[] {
  if (statements.length <= largest) return statements;
  const parts: Statement[] = [];
  for (let i = 0; i < statements.length; i += largest) {
    const part = statements.slice(i, i + largest);
    if (assigns) part.push(() => `return ${variable};`);
    // a function that were called where it stands would count as part of this one
    const name = `part${parts.length / 2 + 1}`;
    const head = assigns ? `const ${name} = (${variable}: ${type}): ${type} =>` : `const ${name} = (): void =>`;
    parts.push(block(head, part, ";"), () => (assigns ? `${variable} = ${name}(${variable});` : `${name}();`));
  }
  return parts;
}
