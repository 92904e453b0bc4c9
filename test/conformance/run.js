// npm run conformance -- <suite>: runs an official suite. Exit code 1 where a case fails that is not in the suite's list
// of known failures, where one of that list passes, or where fewer cases ran than the suite has. A suite that needs a
// tool which is not there is skipped; under CI=true that is a failure.
import { MissingTool } from "./go.js";
import { judge } from "./judge.js";
import { suites } from "./suites.js";

const usage = `usage: npm run conformance -- <suite>

${Object.entries(suites)
  .map(([name, { about, parts }]) => {
    const totals = Object.entries(parts).map(([part, total]) => `${part}: ${total}`);
    return `  ${name.padEnd(15)}${about}\n${" ".repeat(17)}${totals.join(", ")} cases`;
  })
  .join("\n")}
`;

process.exitCode = await main(process.argv.slice(2));

async function main([name = "", ...rest]) {
  if (rest.length > 0 || !Object.hasOwn(suites, name)) return fail(2, usage);
  const { load, parts } = suites[name];
  const total = Object.values(parts).reduce((sum, count) => sum + count, 0);
  if (load === undefined) return fail(1, `conformance ${name}: no runner yet, 0 of ${total} cases ran\n`);
  let result;
  try {
    result = await (await load()).run();
  } catch (error) {
    const skipped = error instanceof MissingTool && process.env.CI !== "true";
    return fail(skipped ? 0 : 1, `conformance ${name}: ${skipped ? "skipped: " : ""}${error.message}\n`);
  }
  const { lines, holds } = judge(name, parts, result);
  process.stdout.write(`${lines.join("\n")}\n`);
  return holds ? 0 : 1;
}

function fail(code, text) {
  process.stderr.write(text);
  return code;
}
