import { importFromSources } from "../from-sources.js";

/**
 * Every contract of test/unit/proto/inputs before protoc and buf: a case is a contract, and passes when they say what
 * test/unit/proto/verdicts.json has. `UPDATE=1` writes down what they say.
 */
export async function run() {
  const { askJudges } = await importFromSources("judges/ask.ts");
  return { contracts: await askJudges(process.env.UPDATE !== undefined) };
}
