import { expect, test } from "vitest";
import { judge } from "../../conformance/judge.js";
import { run, runnerCommand } from "../../conformance/protobuf/index.js";

const absent = await runnerCommand().then(
  () => undefined,
  (error: unknown) => String(error),
);
if (absent !== undefined) {
  if (process.env["CI"] === "true") throw new Error(absent);
  console.warn(`skipped: the conformance suite of protobuf: ${absent}`);
}

test.skipIf(absent !== undefined)(
  "M3: generated code passes every binary and JSON case of the official suite",
  { timeout: 120_000 },
  async () => {
    const result = await run();
    expect(result["binary and JSON"].known).toEqual([]);
    expect(judge("protobuf", { "binary and JSON": 5567 }, result)).toEqual({
      lines: ["conformance protobuf, binary and JSON: 5567 of 5567 cases passed"],
      holds: true,
    });
  },
);
