import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { cli } from "../../support/cli.js";
import { protosBelow } from "../../support/corpus.js";
import { buildPlugin, emittedTree, runProtoc } from "../../support/plugin.js";
import { createProject, helloProto } from "../../support/project.js";
import { provideProtoc } from "../../support/protoc.js";
import { createContracts, expectSame, generated } from "./support.js";

const protoc = await provideProtoc();
let plugin = "";
beforeAll(async () => {
  plugin = await buildPlugin();
});

describe.skipIf(protoc === undefined)("M4: protoc --wirespan_out", () => {
  const compiler = protoc ?? "";

  test("writes what the command writes: proto2, proto3, editions, groups, services, options, comments", async () => {
    const project = createContracts();
    const wanted = await generated(project, "contracts");
    const files = protosBelow(join(project.root, "contracts"));
    const { code, stderr } = await runProtoc(project.root, {
      protoc: compiler,
      plugin,
      roots: ["contracts"],
      files,
      out: "by-protoc",
    });
    expect(stderr.split("\n").filter((line) => !/warning/i.test(line) && line !== "")).toEqual([]);
    expect(code).toBe(0);
    expectSame(await emittedTree(join(project.root, "by-protoc")), wanted);
    expect(wanted.size).toBeGreaterThan(15);
    expect(project.list("by-protoc").filter((path) => !path.endsWith(".ts"))).toEqual([]);
  });

  test("emits the files that were asked for and nothing else", async () => {
    const project = createProject({
      "a.proto":
        'syntax = "proto3"; import "b.proto"; import "google/protobuf/timestamp.proto"; ' +
        "message A { B b = 1; google.protobuf.Timestamp at = 2; }",
      "b.proto": 'syntax = "proto3"; message B {}',
    });
    const run = { protoc: compiler, plugin, roots: ["."], out: "gen" };
    await runProtoc(project.root, { ...run, files: ["a.proto"] });
    expect(project.list("gen")).toEqual(["a.pb.ts"]);
    expect(project.read("gen/a.pb.ts")).toContain('from "./b.pb.js"');
    await runProtoc(project.root, { ...run, files: ["b.proto"] });
    expect(project.list("gen")).toEqual(["a.pb.ts", "b.pb.ts"]);
  });

  test("minds faults of HTTP bindings only where an output shows them", async () => {
    const project = createProject({
      "a.proto": `syntax = "proto3"; import "google/api/annotations.proto"; message M {}
service S { rpc A(M) returns (M) { option (google.api.http).get = "/v1/{missing}"; } }`,
    });
    const run = { protoc: compiler, plugin, roots: ["."], files: ["a.proto"], out: "gen" };
    expect((await runProtoc(project.root, run)).stderr).toContain("error E2051");
    expect(project.list("gen")).toEqual([]);
    expect((await runProtoc(project.root, { ...run, parameters: "only=messages,rpc" })).stderr).toBe("");
    expect(project.list("gen")).toEqual(["a.pb.ts", "a.rpc.ts"]);
  });

  test("knows what the options of imported files say about their names and their visibility", async () => {
    const project = createContracts();
    const wanted = await generated(project, "contracts");
    const path = "acme/editions/v1/editions.proto";
    const run = { protoc: compiler, plugin, roots: ["contracts"], files: [path], out: "gen" };
    const { code, stderr } = await runProtoc(project.root, run);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const found = await emittedTree(join(project.root, "gen"));
    expectSame(found, new Map([...wanted].filter(([file]) => file.startsWith("acme/editions/v1/editions."))));
    expect(found.size).toBe(2);
  });

  test("takes the options of the configuration as parameters", async () => {
    const project = createProject({ "contracts/hello.proto": helloProto });
    const flags = ["--only", "messages,rpc", "--import-extension", "ts", "--runtime-import", "#runtime"];
    const wanted = await generated(project, "contracts", ...flags);
    const run = { protoc: compiler, plugin, roots: ["contracts"], files: ["hello.proto"] };
    const parameters = "only=messages,rpc,import_extension=ts,runtime_import=#runtime";
    const { code, stderr } = await runProtoc(project.root, { ...run, parameters, out: "gen" });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expectSame(await emittedTree(join(project.root, "gen")), wanted);
  });

  test("writes documents for those who ask, as the command does: with the comments of imported files", async () => {
    const project = createProject({
      "a.proto": [
        'syntax = "proto3"; package doc.v1; import "b.proto"; import "google/api/annotations.proto";',
        'service S { rpc Get(Key) returns (Thing) { option (google.api.http) = { get: "/v1/{id}" }; } }',
      ].join("\n"),
      "b.proto": [
        'syntax = "proto3"; package doc.v1;',
        "// Names a thing.",
        "message Key { string id = 1; }",
        "// A thing of ours.",
        "message Thing { string text = 1; }",
      ].join("\n"),
    });
    await cli(project.root, ["generate", "a.proto", "-I", ".", "--out", "doc", "--only", "openapi"]);
    const run = { protoc: compiler, plugin, roots: ["."], files: ["a.proto"] };
    const { code, stderr } = await runProtoc(project.root, { ...run, out: "gen", parameters: "only=openapi" });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(project.list("gen")).toEqual(["openapi/doc.v1.yaml"]);
    expect(project.read("gen/openapi/doc.v1.yaml")).toContain("A thing of ours.");
    expect(project.read("gen/openapi/doc.v1.yaml")).toBe(project.read("doc/openapi/doc.v1.yaml"));
  });

  test("shows every fault, located, and writes nothing", async () => {
    const project = createProject({
      "bad.proto": [
        'syntax = "proto3";',
        'import "google/api/annotations.proto";',
        "service S {",
        '  rpc One(M) returns (M) { option (google.api.http) = { get: "/v1/{nope}" }; }',
        '  rpc Two(M) returns (M) { option (google.api.http) = { get: "/v1/{nor}" }; }',
        "}",
        "message M { string id = 1; }",
      ].join("\n"),
    });
    const run = { protoc: compiler, plugin, roots: ["."], files: ["bad.proto"], out: "gen" };
    const { code, stderr } = await runProtoc(project.root, run);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^--wirespan_out: error E2051: .*nope/);
    expect(stderr).toContain("bad.proto:4:");
    expect(stderr).toContain("bad.proto:5:");
    expect(stderr).toContain("2 errors");
    const wrong = await runProtoc(project.root, { ...run, parameters: "import_extention=js,only=nothing" });
    expect(wrong.stderr).toContain('error E1043: unknown parameter "import_extention"');
    expect(wrong.stderr).toContain("did you mean importExtension? The parameters are only, importExtension,");
    expect(wrong.stderr).toContain("error E5002: only takes a list of ");
    expect(project.list("gen")).toEqual([]);
  });
});
