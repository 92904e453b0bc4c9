import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { bundleProgram, runProgram } from "../support/program.js";

let program = "";
beforeAll(async () => {
  program = await bundleProgram(fileURLToPath(new URL("./drain-program.ts", import.meta.url)), "drain-program");
});

test("T12 SIGTERM with 1,000 in flight: all are handled, acknowledged and their publishes confirmed, exit 0", async () => {
  const run = runProgram(program, []);
  await run.line("ready");
  run.child.kill("SIGTERM");
  // the 200 that were not begun are given back
  expect(JSON.parse(await run.line("result "))).toEqual({ handled: 1_000, waiting: 200, published: 1_000 });
  expect(await run.exit).toMatchObject({ code: 0 });
});

test("T12 past its time it exits with 1 and names the messages whose handlers do not end", async () => {
  const run = runProgram(program, ["2", "1000"]);
  await run.line("ready");
  run.child.kill("SIGTERM");
  expect(JSON.parse(await run.line("result "))).toEqual({ handled: 998, waiting: 202, published: 998 });
  const { code, errors } = await run.exit;
  expect(code).toBe(1);
  expect(errors.split("\n").filter((line) => line.includes("drained"))).not.toEqual([]);
});
