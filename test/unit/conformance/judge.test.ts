import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { judge } from "../../conformance/judge.js";

const parts = { client: 3 };

test("a suite holds when every case ran and passed, or is known to fail", () => {
  expect(judge("s", parts, { client: { passed: 3, failed: [], known: [] } }).holds).toBe(true);
  expect(judge("s", parts, { client: { passed: 2, failed: ["a"], known: ["a"] } }).holds).toBe(true);
});

test("a failure, a stale entry of the list, and missing cases do not hold", () => {
  expect(judge("s", parts, { client: { passed: 2, failed: ["a"], known: [] } })).toEqual({
    lines: ["conformance s, client: 2 of 3 cases passed", "  failed: a"],
    holds: false,
  });
  expect(judge("s", parts, { client: { passed: 3, failed: [], known: ["a"] } }).holds).toBe(false);
  expect(judge("s", parts, { client: { passed: 2, failed: [], known: [] } }).lines).toContain(
    "  only 2 of 3 cases ran",
  );
  expect(judge("s", parts, {}).holds).toBe(false);
});

test("the runner names the suites and refuses unknown ones", () => {
  const run = (...args: string[]): { status: number | null; stderr: string } =>
    spawnSync(process.execPath, [fileURLToPath(new URL("../../conformance/run.js", import.meta.url)), ...args], {
      encoding: "utf8",
    });
  expect(run("constructor").status).toBe(2);
  expect(run().stderr).toContain("usage: npm run conformance");
});
