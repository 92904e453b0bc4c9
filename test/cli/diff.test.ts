import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { unifiedDiff } from "../../src/cli/diff.js";

test("equal texts have no diff", () => {
  expect(unifiedDiff("a.ts", "x\n", "x\n")).toEqual([]);
});

test("a changed line with its context", () => {
  const before = Array.from({ length: 12 }, (_, i) => `line ${i + 1}`);
  const after = before.map((line, i) => (i === 5 ? "changed" : line));
  expect(unifiedDiff("a.ts", `${before.join("\n")}\n`, `${after.join("\n")}\n`)).toEqual([
    "--- a/a.ts",
    "+++ b/a.ts",
    "@@ -3,7 +3,7 @@",
    " line 3",
    " line 4",
    " line 5",
    "-line 6",
    "+changed",
    " line 7",
    " line 8",
    " line 9",
  ]);
});

test("new and deleted files", () => {
  expect(unifiedDiff("a.ts", undefined, "x\ny\n")).toEqual([
    "--- /dev/null",
    "+++ b/a.ts",
    "@@ -0,0 +1,2 @@",
    "+x",
    "+y",
  ]);
  expect(unifiedDiff("a.ts", "x\n", undefined)).toEqual(["--- a/a.ts", "+++ /dev/null", "@@ -1 +0,0 @@", "-x"]);
});

test("patches apply, whatever the texts", () => {
  let applied = 0;
  // a small generator of pseudo-random edits: the same on every run
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  const folder = mkdtempSync(join(tmpdir(), "wirespan-diff-"));
  try {
    for (let round = 0; round < 12; round++) {
      const before = Array.from({ length: 1 + random(40) }, () => `l${random(8)}`);
      const after = before.flatMap((line) => [[line], [], [line, `n${random(4)}`], [`c${random(4)}`]][random(4)] ?? []);
      const [a, b] = [before, after].map((lines) => lines.map((line) => `${line}\n`).join("")) as [string, string];
      if (a === b || b === "") continue;
      writeFileSync(join(folder, "file"), a);
      const patch = `${unifiedDiff("file", a, b).join("\n")}\n`;
      const { status, stdout } = spawnSync("git", ["apply", "--unidiff-zero", "-p1", "-"], {
        cwd: folder,
        input: patch,
        encoding: "utf8",
      });
      expect({ status, stdout, patch }).toMatchObject({ status: 0 });
      expect(readFileSync(join(folder, "file"), "utf8")).toBe(b);
      applied++;
    }
    expect(applied).toBeGreaterThan(5);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
