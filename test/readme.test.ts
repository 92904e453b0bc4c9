import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "./support/compile.js";

const run = promisify(execFile);
const readme = await readFile(join(root, "README.md"), "utf8");

/** Code blocks that follow a line ending in "`path`:". */
function namedBlocks(): Map<string, string> {
  const blocks = new Map<string, string>();
  for (const match of readme.matchAll(/`([\w./-]+)`:\n\n```\w+\n([\s\S]*?)```/g)) {
    blocks.set(match[1] ?? "", match[2] ?? "");
  }
  return blocks;
}

describe("README.md", () => {
  let folder: string;
  beforeAll(async () => {
    await mkdir(join(root, "node_modules/.cache"), { recursive: true });
    folder = await mkdtemp(join(root, "node_modules/.cache/readme-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("the example runs word for word and prints what it says", { timeout: 60_000 }, async () => {
    const blocks = namedBlocks();
    expect([...blocks.keys()]).toEqual([
      "contracts/hello/v1/hello.proto",
      "contracts/hello.events.yaml",
      "src/main.ts",
    ]);
    for (const [path, text] of blocks) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    const command = /npx wirespan (generate [^\n]+)/.exec(readme)?.[1]?.split(" ") ?? [];
    await run(process.execPath, [join(root, "bin/wirespan.js"), ...command], { cwd: folder });
    const compilerOptions = {
      module: "NodeNext",
      target: "ES2022",
      strict: true,
      outDir: "dist",
      rootDir: "src",
      types: ["node"],
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
    await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder]);
    const { stdout, stderr } = await run(process.execPath, [join(folder, "dist/main.js")], { timeout: 20_000 });
    const promised = /It prints:\n\n```text\n([\s\S]*?)```/.exec(readme)?.[1];
    expect(stdout).toBe(promised);
    expect(stderr).toBe("");
  });

  test("M73: each row of the table links to a program that exists", () => {
    const rows = [...readme.matchAll(/^\| \*\*(\w+)\*\*\s.*\]\(([^)]+)\)\s*\|$/gm)];
    expect(rows.map((row) => row[1])).toEqual(["REST", "gRPC", "queue", "WebSocket"]);
    for (const row of rows) expect(existsSync(join(root, row[2] ?? "")), row[2]).toBe(true);
  });

  test("links lead to files that exist", () => {
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? "");
    expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([]);
    expect(links.length).toBeGreaterThan(15);
  });
});
