import { expect, test } from "vitest";
import { internalError } from "../../src/cli/internal-error.js";
import type { Io } from "../../src/cli/io.js";

test("a fault of ours: 70, a short block to report, no absolute paths of the package", () => {
  let told = "";
  const sink = { write: (text: string) => void (told += text), isTTY: false, columns: 80 };
  const io: Io = {
    cwd: "/",
    env: {},
    stdout: sink,
    stderr: sink,
    signal: new AbortController().signal,
    now: () => new Date(0),
  };
  expect(internalError(io, ["generate", "a.proto"], new TypeError("no symbol was declared for message:a"))).toBe(70);
  expect(told).toMatch(/^internal error: this is a fault of wirespan/);
  expect(told).toContain("command: wirespan generate a.proto\n");
  expect(told).toContain("TypeError: no symbol was declared for message:a\n");
  expect(told).toMatch(/ {2}at .*test\/cli\/internal-error\.test\.ts/);
  expect(told).not.toContain(new URL("../../", import.meta.url).pathname);
  expect(told.split("\n").length).toBeLessThan(14);
});
