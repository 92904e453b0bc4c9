import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createPipeline, type PipelineResult } from "../../src/pipeline.js";
import { pipelineSettings } from "../support/pipeline.js";
import { createProject } from "../support/project.js";

function outputs({ outputs: files, diagnostics }: PipelineResult): Map<string, string> {
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return new Map(files.map(({ path, content }) => [path, content]));
}

const events = (key = "id"): string => `
asyncapi: 3.0.0
info: { title: T, version: 1.0.0 }
servers: { main: { host: localhost, protocol: amqp } }
channels:
  a:
    address: a
    messages:
      a: { payload: { $ref: "p/a.proto#/p.A" }, x-key: "$message.payload#/${key}" }
operations:
  get: { action: receive, channel: { $ref: "#/channels/a" }, x-dead-letter: {} }
`;
const a = (body: string, more = ""): string =>
  `syntax = "proto3";\npackage p;\nimport "google/api/annotations.proto";\nimport public "p/b.proto";\n${more}message A { ${body} }\n` +
  `service S { rpc Get(A) returns (B) { option (google.api.http) = { get: "/v1/{id}" }; } }\n`;
const b = (body: string): string => `syntax = "proto3";\npackage p;\n// What comes back.\nmessage B { ${body} }\n`;

/** Edits one after the other; each must give what a fresh run over the same files gives. */
const edits: readonly (readonly [name: string, file: string, content: string])[] = [
  ["a field of an imported message", "p/b.proto", b("string title = 1; string text = 2;")],
  ["a comment of an imported message", "p/b.proto", b("string title = 1; string text = 2;").replace("comes", "goes")],
  ["the key field moves into a oneof", "p/a.proto", a("string o = 2; oneof choice { string id = 1; }")],
  ["a message that takes a derived name", "p/a.proto", a("string id = 1;", "message AInit { string x = 1; }\n")],
  ["a route", "p/a.proto", a("string id = 1;").replace("/v1/", "/v2/")],
  [
    "a description of a channel",
    "users.events.yaml",
    events().replace("    address: a", "    description: New.\n    address: a"),
  ],
  ["an enum of an import public", "p/b.proto", b("E e = 1; enum E { ZERO = 0; }")],
];

describe("a pipeline that stays open", () => {
  test("gives after each edit what a fresh one gives", { timeout: 60_000 }, async () => {
    const project = createProject({
      "p/a.proto": a("string id = 1;"),
      "p/b.proto": b("string title = 1;"),
      "users.events.yaml": events(),
    });
    const open = createPipeline(pipelineSettings(project.root));
    let last = outputs(await open.run());
    for (const [name, file, content] of edits) {
      project.write(file, content);
      const kept = outputs(await open.run());
      expect(kept, name).toEqual(outputs(await createPipeline(pipelineSettings(project.root)).run()));
      expect(kept, `${name} changes something`).not.toEqual(last);
      last = kept;
    }
  });

  test("documents follow an edit of a comment that they show", async () => {
    const project = createProject({ "p/a.proto": a("string id = 1;"), "p/b.proto": b("string title = 1;") });
    const open = createPipeline(pipelineSettings(project.root));
    expect(outputs(await open.run()).get("openapi/p.yaml")).toContain("What comes back.");
    project.write("p/b.proto", b("string title = 1;").replace("What comes back", "The answer"));
    expect(outputs(await open.run()).get("openapi/p.yaml")).toContain("The answer.");
  });

  test("parses what changed and renders what it touches", async () => {
    const files = Array.from({ length: 50 }, (_, i) => i);
    const source = (i: number, field = "id"): string =>
      `syntax = "proto3";\npackage p;\n${i > 0 && i % 10 === 0 ? 'import "p/f0.proto";\n' : ""}message M${i} { string ${field} = 1;${i > 0 && i % 10 === 0 ? " M0 first = 2;" : ""} }\n`;
    const project = createProject(Object.fromEntries(files.map((i) => [`p/f${i}.proto`, source(i)])));
    const open = createPipeline(pipelineSettings(project.root));
    expect((await open.run()).stats).toMatchObject({ parsed: 50, rendered: 50, reused: 0 });
    project.write("p/f7.proto", `${source(7)}// a comment\n`);
    expect((await open.run()).stats).toMatchObject({ parsed: 1, rendered: 1, reused: 49 });
    project.write("p/f0.proto", source(0, "name"));
    expect((await open.run()).stats).toMatchObject({ parsed: 1, rendered: 5, reused: 45 });
    expect((await open.run()).stats).toMatchObject({ parsed: 0, rendered: 0, reused: 50 });
  });

  test("knows which files would change the result if they appeared: those of earlier roots, too", async () => {
    const project = createProject({
      "one/.keep": "",
      "two/x.proto": 'syntax = "proto3";\n',
      "a.proto": 'syntax = "proto3";\nimport "x.proto";\n',
    });
    const open = createPipeline(pipelineSettings(project.root, { inputs: ["a.proto"], include: ["one", "two", "."] }));
    const { missing } = await open.run();
    expect(missing).toContain(join(project.root, "one/x.proto"));
    expect(missing).not.toContain(join(project.root, "two/x.proto"));
  });

  test("an aborted run rejects, the next one is whole", async () => {
    const project = createProject({ "p/b.proto": b("string title = 1;") });
    const open = createPipeline(pipelineSettings(project.root));
    const expected = outputs(await open.run());
    project.write("p/c.proto", 'syntax = "proto3";\npackage p;\nmessage C {}\n');
    await expect(open.run({ signal: AbortSignal.abort(new Error("stale")) })).rejects.toThrow("stale");
    expect([...outputs(await open.run()).keys()]).toEqual([...expected.keys(), "p/c.pb.ts"]);
  });
});

describe("implied include roots", () => {
  const doc = (name: string, proto: string): string =>
    events()
      .replace("p/a.proto#/p.A", proto)
      .replaceAll("  a:", `  ${name}:`)
      .replace("channels/a", `channels/${name}`)
      .replace("x-key", "x-none");
  const message = (pkg: string): string =>
    `syntax = "proto3";\npackage ${pkg};\nimport "common/x.proto";\nmessage A { common.X x = 1; }\n`;
  const common = (field: string): string => `syntax = "proto3";\npackage common;\nmessage X { string ${field} = 1; }\n`;

  test("two roots that hold different files of one name are a diagnostic, not a race", async () => {
    const project = createProject({
      "p/one/a.proto": message("one"),
      "q/two/a.proto": message("two"),
      "p/common/x.proto": common("fromP"),
      "q/common/x.proto": common("fromQ"),
      "one.events.yaml": doc("one", "p/one/a.proto#/one.A"),
      "two.events.yaml": doc("two", "q/two/a.proto#/two.A"),
    });
    const inputs = ["one.events.yaml", "two.events.yaml"];
    const { diagnostics } = await createPipeline(pipelineSettings(project.root, { inputs })).run();
    expect(diagnostics.map(({ code }) => code)).toContain("E1032");
    project.write("q/common/x.proto", common("fromP"));
    const copies = await createPipeline(pipelineSettings(project.root, { inputs })).run();
    expect(outputs(copies).get("common/x.pb.ts")).toContain("fromP");
  });

  test("the validator leaves Object.prototype as it is", async () => {
    const project = createProject({
      "x.events.yaml": `
asyncapi: 3.0.0
info: { title: T, version: 1.0.0 }
servers: { main: { host: localhost, protocol: amqp } }
channels:
  a: { address: a, messages: { a: { payload: { $ref: "#/components/schemas/__proto__" } } } }
operations:
  get: { action: receive, channel: { $ref: "#/channels/a" }, x-dead-letter: {} }
components:
  schemas:
    __proto__: { type: object, properties: { id: { type: string } } }
`,
    });
    const result = await createPipeline(pipelineSettings(project.root)).run();
    expect(result.diagnostics).toEqual([]);
    expect(outputs(result).get("x.events.ts")).toContain("id?: string");
    expect(Object.isFrozen(Object.prototype)).toBe(false);
  });
});
