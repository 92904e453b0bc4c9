import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as prettier from "prettier";
import { glob } from "tinyglobby";
import { describe, expect, onTestFinished, test } from "vitest";
import { cli } from "../support/cli.js";

/**
 * A case is a folder of `fixtures`: contracts in `input`, what wirespan makes of them in `expected`, what it says in
 * `stderr.txt` (absent: nothing). `UPDATE_GOLDEN=1 npx vitest run test/golden` rewrites both; read the diff.
 */
const fixtures = fileURLToPath(new URL("../../fixtures/", import.meta.url));
const update = process.env["UPDATE_GOLDEN"] === "1";
const cases = (await readdir(fixtures)).sort();

async function readTree(folder: string): Promise<Map<string, string>> {
  if (!existsSync(folder)) return new Map();
  const files = (await glob("**/*", { cwd: folder, dot: true })).sort();
  return new Map(await Promise.all(files.map(async (f) => [f, await readFile(join(folder, f), "utf8")] as const)));
}

async function writeTree(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

describe.each(cases)("%s", (name) => {
  const folder = join(fixtures, name);
  const cwd = existsSync(join(folder, "project")) ? join(folder, "project") : folder;
  const expected = join(folder, "expected");

  async function generate(): Promise<{ code: number; stderr: string; files: Map<string, string> }> {
    // beside `expected`: the ownership file says where the contracts lie as seen from the output
    const out = await mkdtemp(join(folder, ".out-"));
    onTestFinished(() => rm(out, { recursive: true, force: true }));
    const { code, stderr } = await cli(cwd, ["generate", "--out", out, "--quiet", "--no-color"]);
    return {
      code,
      stderr: stderr.replaceAll(out, "<out>").replaceAll(relative(cwd, out), "<out>"),
      files: await readTree(out),
    };
  }

  test("golden: output and diagnostics are the expected ones", async () => {
    const { code, stderr, files } = await generate();
    if (update) {
      await writeTree(expected, files);
      await rm(join(folder, "stderr.txt"), { force: true });
      if (stderr !== "") await writeFile(join(folder, "stderr.txt"), stderr);
      return;
    }
    const said = await readFile(join(folder, "stderr.txt"), "utf8").catch(() => "");
    expect(stderr).toBe(said);
    const wanted = await readTree(expected);
    expect([...files.keys()]).toEqual([...wanted.keys()]);
    for (const [path, content] of wanted) expect(files.get(path), path).toBe(content);
    const failed = name.startsWith("error-");
    expect([1, 2].includes(code), `exit code ${code}`).toBe(failed);
    if (failed) {
      expect(said).not.toBe("");
      expect(said).not.toMatch(/\n\s+at /);
      expect(files.size, "nothing is written").toBe(0);
    }
  });

  test("M62: output is what prettier prints", async () => {
    for (const [path, content] of await readTree(expected)) {
      expect(await prettier.check(content, { filepath: path }), path).toBe(true);
    }
  });
});
