import { expect, test } from "vitest";
import { cli } from "../support/cli.js";
import { createProject } from "../support/project.js";

test("protobufjs is asked by check alone: generate trusts our parser", async () => {
  const project = createProject({
    "a.proto": `syntax = "proto2";
package p;
import "google/protobuf/descriptor.proto";
message Rule { optional Rule inner = 1; }
extend google.protobuf.FileOptions { optional Rule rule = 50000; }
option (rule) = { inner < > };
message A { optional string id = 1; }
`,
  });
  const generated = await cli(project.root, ["generate", "--out", "gen", "--fail-on", "warn"]);
  expect(generated).toMatchObject({ code: 0, stderr: expect.not.stringContaining("E1010") });
  const checked = await cli(project.root, ["check", "--out", "gen"]);
  expect(checked).toMatchObject({ code: 0, stderr: expect.stringContaining("warning E1010") });
  expect(await cli(project.root, ["check", "--out", "gen", "--fail-on", "warn"])).toMatchObject({ code: 1 });
});
