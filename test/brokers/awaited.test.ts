import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { bundleProgram, runProgram } from "../support/program.js";

const program = await bundleProgram(fileURLToPath(new URL("./awaited-program.ts", import.meta.url)), "awaited");

describe("a process over the memory broker with nothing else to do", () => {
  test.each([
    ["request", "timeout"],
    ["publish", "1"],
    ["drain", "1"],
  ])("does not end before an awaited %s does", async (what, told) => {
    const run = runProgram(program, [what]);
    expect(await run.line("")).toBe(told);
    expect(await run.exit).toEqual({ code: 0, errors: "" });
  });

  test("ends while a message waits for its next attempt: nobody awaits it, and it could come to nobody else", async () => {
    const since = Date.now();
    const run = runProgram(program, ["retry"]);
    expect(await run.line("")).toBe("published");
    expect(await run.exit).toEqual({ code: 0, errors: "" });
    expect(Date.now() - since).toBeLessThan(30_000);
  });
});
