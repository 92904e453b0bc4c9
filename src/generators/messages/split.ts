import { block, type Statement } from "../shared/expressions.js";

/** TypeScript gives up on functions whose flow is longer than about 2,000 steps; a field takes two or three. */
const largest = 400;

/**
 * The statements of a function, in functions of their own where there are too many. They change `variable` of that
 * type; without a type only what it refers to.
 */
export function splitStatements(
  statements: readonly Statement[],
  variable: string,
  type?: string,
): readonly Statement[] {
  if (statements.length <= largest) return statements;
  const parts: Statement[] = [];
  for (let i = 0; i < statements.length; i += largest) {
    const part = statements.slice(i, i + largest);
    if (type !== undefined) part.push(() => `return ${variable};`);
    // a function that were called where it stands would count as part of this one
    const name = `part${parts.length / 2 + 1}`;
    const head =
      type === undefined ? `const ${name} = (): void =>` : `const ${name} = (${variable}: ${type}): ${type} =>`;
    const use = type === undefined ? `${name}();` : `${variable} = ${name}(${variable});`;
    parts.push(block(head, part, ";"), () => use);
  }
  return parts;
}
