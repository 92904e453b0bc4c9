import { writeFileSync } from "node:fs";
import { format } from "prettier";
import { createJudge } from "../../support/judges.js";
import { inputs } from "../../unit/proto/inputs/index.js";
import { readVerdicts, verdictsFile, type Judged } from "../../unit/proto/verdicts.js";

interface Result {
  readonly passed: number;
  readonly failed: readonly string[];
  readonly known: readonly string[];
}

/** Asks protoc and buf about every input and compares what they say with what is committed, or writes it down. */
export async function askJudges(update: boolean): Promise<Result> {
  const judge = await createJudge();
  if (judge === undefined) throw new Error("needs protoc");
  const committed = readVerdicts();
  const failed: string[] = [];
  let passed = 0;
  const groups = Object.entries(inputs).map(([group, list]): [string, Readonly<Record<string, Judged>>] => {
    const judged = list.map(({ title, files }): [string, Judged] => {
      const known = committed[group]?.[title];
      const judges = judge(files);
      if (known?.judges === judges || update) passed++;
      else failed.push(`${group}: ${title}: they say ${JSON.stringify(judges)}`);
      return [title, { judges, says: known?.says ?? [] }];
    });
    return [group, Object.fromEntries(judged)];
  });
  if (update) {
    const text = JSON.stringify(Object.fromEntries(groups));
    writeFileSync(verdictsFile, await format(text, { parser: "json", printWidth: 120 }));
  }
  return { passed, failed, known: [] };
}
