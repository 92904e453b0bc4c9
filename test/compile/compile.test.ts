import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compile, compilers, resolutions, root } from "../support/compile.js";

const fixtures = join(root, "fixtures");
const expected = (await readdir(fixtures)).map((name) => join(fixtures, name, "expected")).filter(existsSync);

let scratch: string;
beforeAll(async () => {
  await mkdir(join(root, "node_modules/.cache"), { recursive: true });
  scratch = await mkdtemp(join(root, "node_modules/.cache/compile-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe("M17: all expected output in one strict program", () => {
  for (const compiler of compilers) {
    for (const resolution of resolutions) {
      test(`TypeScript ${compiler.version}, ${resolution.moduleResolution}`, { timeout: 60_000 }, async () => {
        expect(expected.length).toBeGreaterThan(6);
        const include = expected.map((folder) => `${folder}/**/*.ts`);
        expect(await compile(scratch, include, { compiler, resolution })).toBe("");
      });
    }
  }

  test("the flags are on: faults are found", { timeout: 60_000 }, async () => {
    const fault = join(scratch, "fault.ts");
    await writeFile(fault, "export const list = [1].map((n) => n);\nlet unused = 1;\n");
    const output = await compile(scratch, [fault]);
    expect(output).toMatch(/TS9010/);
    expect(output).toMatch(/TS6133/);
  });
});
