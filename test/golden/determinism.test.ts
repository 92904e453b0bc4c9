import { cpSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cli } from "../support/cli.js";
import { root } from "../support/compile.js";
import { createProject, type Project } from "../support/project.js";

/** A project that holds the contracts of several fixtures. */
function contracts(): Project {
  const project = createProject();
  for (const name of ["messages-proto3", "rpc-four-modes", "http-bindings", "events-proto-payload"]) {
    cpSync(join(root, "fixtures", name, "input"), join(project.root, "contracts"), { recursive: true });
  }
  return project;
}

async function generate(cwd: string, argv: readonly string[]): Promise<void> {
  const { code, stderr } = await cli(cwd, ["generate", ...argv]);
  expect(code, stderr).toBe(0);
}

function outputs(project: Project, folder: string): Map<string, string> {
  return new Map(project.list(folder).map((path) => [path, project.read(join(folder, path))]));
}

test("same contracts, same bytes: twice, from another folder, in another order", { timeout: 60_000 }, async () => {
  const project = contracts();
  const { root: here } = project;
  project.write("elsewhere/deep/.keep", "");
  await generate(here, ["contracts", "--include", "contracts", "--out", "a"]);
  await generate(here, ["contracts", "--include", "contracts", "--out", "b"]);
  const elsewhere = join(here, "elsewhere/deep");
  await generate(elsewhere, ["../../contracts", "--include", "../../contracts", "--out", "../../c"]);
  const files = project.list("contracts").map((path) => join("contracts", path));
  await generate(here, [...files, "--include", "contracts", "--out", "d"]);
  await generate(here, [...files.reverse(), "--include", "contracts", "--out", "e"]);

  const first = outputs(project, "a");
  expect(first.size).toBeGreaterThan(10);
  for (const other of ["b", "c", "d", "e"]) expect(outputs(project, other), other).toEqual(first);
  for (const [path, content] of first) expect(content.includes(here), `${path} holds a path`).toBe(false);
});

test("the docs page is the same twice, too", async () => {
  const project = contracts();
  for (const out of ["a", "b"]) {
    const { code } = await cli(project.root, ["docs", "contracts", "--include", "contracts", "--out", out]);
    expect(code).toBe(0);
  }
  expect(project.read("a/docs/index.html")).toBe(project.read("b/docs/index.html"));
});

test("a second run writes nothing", async () => {
  const project = contracts();
  const argv = ["contracts", "--include", "contracts", "--out", "gen"];
  await generate(project.root, argv);
  const times = (): number[] => project.list("gen").map((path) => statSync(join(project.root, "gen", path)).mtimeMs);
  const before = times();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await generate(project.root, argv);
  expect(times()).toEqual(before);
  const { stdout } = await cli(project.root, ["generate", ...argv, "--dry-run"]);
  expect(stdout).not.toMatch(/create|update|delete/);
});
