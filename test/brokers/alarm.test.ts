import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { bundleProgram, runProgram } from "../support/program.js";

const program = await bundleProgram(fileURLToPath(new URL("./alarm-program.ts", import.meta.url)), "alarm");

async function errorsOf(listening: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const run = runProgram(program, [listening]);
  await run.line("over");
  const { code, errors } = await run.exit;
  expect(code).toBe(0);
  const lines = errors.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

describe("what a consumer says on stderr", () => {
  test.each(["nothing", "metrics"])(
    "M56: with %s of its own, a line for each dead letter and each pause",
    async (what) => {
      expect(await errorsOf(what)).toMatchObject([
        { level: "error", topic: "alarms.here", group: "g", outcome: "dead", id: "m1", error: "no such user" },
        { level: "warn", topic: "alarms.here", group: "g", outcome: "paused", forMs: 86_400_000 },
      ]);
    },
  );

  test.each(["onEvent", "logging", "none"])("with %s, nothing: somebody listens, or does not want to", async (what) => {
    expect(await errorsOf(what)).toEqual([]);
  });
});
