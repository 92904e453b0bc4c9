import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { corpus, haveCorpus } from "../../support/corpus.js";
import { haveBuf } from "../../support/descriptor-set/image.js";
import { buildPlugin, emittedTree, runBuf } from "../../support/plugin.js";
import { createProject, helloProto } from "../../support/project.js";
import { createContracts, expectSame, generated } from "./support.js";

let plugin = "";
beforeAll(async () => {
  plugin = await buildPlugin();
});

describe.skipIf(!haveBuf("plugin mode under buf generate"))("M4: buf generate", () => {
  test.each(["directory", "all"] as const)("strategy %s: writes what the command writes", async (strategy) => {
    const project = createContracts();
    const wanted = await generated(project, "contracts");
    const files = readdirSync(join(project.root, "contracts")).map((name) => `contracts/${name}`);
    const { code, stderr } = await runBuf(project.root, {
      plugin,
      modules: ["contracts", "bundled"],
      files,
      out: "by-buf",
      strategy,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expectSame(await emittedTree(join(project.root, "by-buf")), wanted);
  });

  test("shows faults of parameters", async () => {
    const project = createProject({ "protos/hello.proto": helloProto });
    const run = { plugin, modules: ["protos"], out: "gen", strategy: "directory" } as const;
    const { code, stderr } = await runBuf(project.root, { ...run, opt: ["out=elsewhere"] });
    expect(code).toBe(1);
    expect(stderr).toContain('unknown parameter "out"');
  });

  describe.skipIf(!haveCorpus("plugin mode on the test protos of protobuf"))("on public protos", () => {
    test("the editions tests of protobuf: byte for byte as the command", async () => {
      const project = createProject();
      for (const path of ["editions/codegen_tests", "google/protobuf/cpp_features.proto"]) {
        cpSync(join(corpus, "protobuf", path), join(project.root, "contracts", path), { recursive: true });
      }
      const wanted = await generated(project, "contracts");
      const run = { plugin, modules: ["contracts"], out: "by-buf", strategy: "directory" } as const;
      const { code, stderr } = await runBuf(project.root, run);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expectSame(await emittedTree(join(project.root, "by-buf")), wanted);
      expect(wanted.size).toBeGreaterThan(20);
    });
  });
});
