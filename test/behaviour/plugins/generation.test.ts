import { join } from "node:path";
import { expect, test } from "vitest";
import { createPluginSession } from "../../../src/plugins/generation.js";
import { createProject, helloProto } from "../../support/project.js";

const contract = "contracts/hello/v1/hello.proto";

test("nothing changed, nothing runs; overlapping calls share one run", async () => {
  const project = createProject({ [contract]: helloProto });
  const session = createPluginSession({ cwd: project.root, inputs: ["contracts"], only: ["messages"] });
  const [first, second] = await Promise.all([session.generate(), session.generate()]);
  expect(first.written).toEqual([join(project.root, "src/gen/hello/v1/hello.pb.ts")]);
  expect(second.written).toEqual([]);
  project.remove("src/gen");
  await session.generate();
  expect(project.list()).not.toContain("src/gen/hello/v1/hello.pb.ts");
  expect(session.changed(join(project.root, contract))).toBe(true);
  await session.generate();
  expect(project.list()).toContain("src/gen/hello/v1/hello.pb.ts");
});

test("only contracts, their folders and the configuration count as changes; outputs do not", async () => {
  const project = createProject({
    [contract]: helloProto,
    "wirespan.config.yaml": "inputs: [contracts]\n",
    "src/main.ts": "",
  });
  const session = createPluginSession({ cwd: project.root });
  const { files, folders } = await session.generate();
  expect(files).toEqual([join(project.root, "wirespan.config.yaml"), join(project.root, contract)]);
  expect(folders).toEqual([join(project.root, "contracts/hello/v1"), join(project.root, "contracts")]);
  const counts = (path: string): boolean => session.changed(join(project.root, path));
  expect([contract, "contracts", "contracts/new.proto", "wirespan.config.yaml"].map(counts)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(["src/main.ts", "src/gen/hello/v1/hello.pb.ts", "src/gen/.wirespan.json", "dist/out.js"].map(counts)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test("configuration edits are taken, faults told, the last good output kept", async () => {
  const project = createProject({ [contract]: helloProto, "wirespan.config.yaml": "inputs: [contracts]\nout: one\n" });
  const session = createPluginSession({ cwd: project.root });
  await session.generate();
  expect(project.list("one")).toContain("hello/v1/hello.pb.ts");

  project.write("wirespan.config.yaml", "inputs: [contracts]\notu: one\n");
  session.refresh();
  expect((await session.generate()).errors).toMatchObject([
    { text: expect.stringContaining("E5001"), file: join(project.root, "wirespan.config.yaml"), line: 2, column: 1 },
  ]);
  expect(project.list("one")).toContain("hello/v1/hello.pb.ts");

  project.write("wirespan.config.yaml", "inputs: [contracts]\nout: two\n");
  session.refresh();
  expect((await session.generate()).errors).toEqual([]);
  expect(project.list("two")).toContain("hello/v1/hello.pb.ts");
});
