import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { describe, expect, test } from "vitest";
import { createWriter, type WritePlan } from "../../../src/write/index.js";
import { noOwnership, parseOwnership, printOwnership, type OwnedFile } from "../../../src/write/ownership.js";
import { cli } from "../../support/cli.js";
import { createProject, type Project } from "../../support/project.js";

const proto = (packageName: string, message: string, route = ""): string =>
  `syntax = "proto3";\npackage ${packageName};\n` +
  (route === ""
    ? ""
    : `import "google/api/annotations.proto";\nservice ${message}Service { rpc Get(${message}) returns (${message}) { option (google.api.http) = { get: "${route}" }; } }\n`) +
  `message ${message} { string id = 1; }\n`;

async function run(project: Project, ...argv: string[]): Promise<{ code: number; stderr: string; stdout: string }> {
  return cli(project.root, argv);
}

test("M62: the ownership file is what prettier prints, whatever the length of paths and lists", async () => {
  const paths = (count: number): string[] => Array.from({ length: count }, (_, i) => `${"d".repeat(i + 1)}.proto`);
  const entry = { generator: "docs", hash: "0" };
  const files = new Map<string, OwnedFile>(paths(60).map((path) => [path, { ...entry, sources: [path] }]));
  for (const count of [0, 5, 6, 7, 8, 30]) files.set(`${count}.html`, { ...entry, sources: paths(count), before: "1" });
  const sources = new Map(paths(60).map((path) => [path, `../${path}`]));
  for (const owned of [noOwnership, { sources, files }]) {
    const text = printOwnership(owned);
    expect(await format(text, { parser: "json" })).toBe(text);
    expect(parseOwnership(text)).toEqual(owned);
  }
});

describe("what a run leaves alone", () => {
  test("outputs of contracts that it did not read, with implied and with given roots", async () => {
    const project = createProject({
      "a/proto/acme/x/v1/x.proto": proto("acme.x.v1", "X"),
      "b/proto/acme/y/v1/y.proto": proto("acme.y.v1", "Y"),
    });
    await run(project, "generate", "a/proto/acme/x/v1/x.proto", "--out", "gen");
    await run(project, "generate", "b/proto/acme/y/v1/y.proto", "--out", "gen");
    expect(project.list("gen")).toEqual([".wirespan.json", "acme/x/v1/x.pb.ts", "acme/y/v1/y.pb.ts"]);
    await run(project, "generate", "a", "--include", "a/proto", "--out", "given");
    await run(project, "generate", "b", "--include", "b/proto", "--out", "given");
    expect(project.list("given")).toEqual(project.list("gen"));
  });

  test("outputs of generators that it did not run", async () => {
    const project = createProject({ "a.proto": proto("p", "A", "/v1/a/{id}") });
    await run(project, "generate", "--out", "gen");
    const all = project.list("gen");
    await run(project, "generate", "--out", "gen", "--only", "messages");
    expect(project.list("gen")).toEqual(all);
  });

  test("a document that other contracts are part of, with a warning; --force writes it", async () => {
    const project = createProject({
      "p/a.proto": proto("p", "A", "/v1/a/{id}"),
      "p/b.proto": proto("p", "B", "/v1/b/{id}"),
    });
    await run(project, "generate", "--out", "gen");
    const document = project.read("gen/openapi/p.yaml");
    const partial = await run(project, "generate", "p/b.proto", "--out", "gen");
    expect(partial).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/warning E6007: openapi\/p\.yaml .* p\/a\.proto/),
    });
    expect(project.read("gen/openapi/p.yaml")).toBe(document);
    expect((await run(project, "check", "--out", "gen")).code).toBe(0);
    await run(project, "generate", "p/b.proto", "--out", "gen", "--force");
    expect(project.read("gen/openapi/p.yaml")).not.toContain("/v1/a/{id}");
  });

  test("everything, when one file was edited by hand", async () => {
    const project = createProject({ "a.proto": proto("p", "A"), "b.proto": proto("q", "B") });
    await run(project, "generate", "--out", "gen");
    project.write("gen/b.pb.ts", "// mine\n");
    project.write("a.proto", proto("p", "Renamed"));
    const before = project.read("gen/a.pb.ts");
    const refused = await run(project, "generate", "--out", "gen");
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("error E6002") });
    expect([project.read("gen/a.pb.ts"), project.read("gen/b.pb.ts")]).toEqual([before, "// mine\n"]);
  });

  test("everything, when a folder of contracts cannot be read", async () => {
    const project = createProject({ "a.proto": proto("p", "A"), "secret/z.proto": proto("q", "Z") });
    await run(project, "generate", "--out", "gen");
    const all = project.list("gen");
    chmodSync(project.root, 0o755);
    chmodSync(join(project.root, "secret"), 0);
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    try {
      const refused = await run(project, "generate", "--out", "gen");
      expect(refused).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/E1020: cannot read secret: permission denied/),
      });
    } finally {
      if (root) process.seteuid?.(0);
      chmodSync(join(project.root, "secret"), 0o755);
    }
    expect(project.list("gen")).toEqual(all);
  });

  test("a link of somebody's that leads nowhere", async () => {
    const project = createProject({ "a.proto": proto("p", "A") });
    mkdirSync(join(project.root, "gen"));
    symlinkSync("nowhere", join(project.root, "gen/a.pb.ts"));
    expect(await run(project, "generate", "--out", "gen")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("E6005"),
    });
    expect(lstatSync(join(project.root, "gen/a.pb.ts")).isSymbolicLink()).toBe(true);
  });

  test("what lies behind a symbolic link", async () => {
    const project = createProject({ "acme/a.proto": proto("acme", "A"), "elsewhere/keep": "" });
    mkdirSync(join(project.root, "gen"));
    symlinkSync(join(project.root, "elsewhere"), join(project.root, "gen/acme"));
    const refused = await run(project, "generate", "acme/a.proto", "--include", ".", "--out", "gen");
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("error E6005") });
    expect(project.list("elsewhere")).toEqual(["keep"]);
  });
});

describe("what a run takes away", () => {
  test("outputs whose contract is gone, also when contracts are named", async () => {
    const project = createProject({ "c/a.proto": proto("p", "A"), "c/b.proto": proto("p", "B", "/v1/b/{id}") });
    await run(project, "generate", "c", "--include", "c", "--out", "gen");
    expect(project.list("gen")).toContain("b.rest.ts");
    project.remove("c/b.proto");
    await run(project, "generate", "c", "--include", "c", "--out", "gen");
    expect(project.list("gen")).toEqual([".wirespan.json", "a.pb.ts"]);
  });

  test("outputs that a contract does not call for any more", async () => {
    const project = createProject({ "a.proto": proto("p", "A", "/v1/a/{id}") });
    await run(project, "generate", "--out", "gen");
    project.write("a.proto", proto("p", "A"));
    await run(project, "generate", "--out", "gen");
    expect(project.list("gen")).toEqual([".wirespan.json", "a.pb.ts"]);
  });
});

describe("how files are written", () => {
  test("what killed processes left behind goes with the next run that writes", async () => {
    const project = createProject({ "a.proto": proto("p", "A") });
    const dead = spawnSync(process.execPath, ["--version"]).pid;
    const minute = 60_000;
    const leave = (pid: number, serial: number, age: number, file = "0"): string => {
      const name = `.wirespan.${pid}.${serial}.tmp`;
      project.write(join("gen", name, file), "half of a file");
      const then = new Date(Date.now() - age);
      utimesSync(join(project.root, "gen", name), then, then);
      return name;
    };
    const gone = [leave(dead, 0, 2 * minute), leave(process.pid, 1000, 25 * 60 * minute)];
    const kept = [
      leave(dead, 1, minute / 2),
      leave(process.pid, 1001, 60 * minute),
      leave(dead, 2, 60 * minute, "mine.txt"),
    ];
    symlinkSync("/", join(project.root, `gen/.wirespan.${dead}.3.tmp`));
    const left = (): string[] => readdirSync(join(project.root, "gen")).filter((name) => name.endsWith(".tmp"));
    const before = left().sort();
    await run(project, "check", "--out", "gen");
    expect(left().sort()).toEqual(before);
    expect((await run(project, "generate", "--out", "gen")).code).toBe(0);
    expect(left().sort()).toEqual([...kept, `.wirespan.${dead}.3.tmp`].sort());
    expect(before).toEqual(expect.arrayContaining(gone));
  });

  test("whole or not at all: an update replaces the file, it does not write into it", async () => {
    const project = createProject({ "a.proto": proto("p", "A") });
    await run(project, "generate", "--out", "gen");
    const reader = join(project.root, "reader");
    linkSync(join(project.root, "gen/a.pb.ts"), reader);
    const before = readFileSync(reader, "utf8");
    project.write("a.proto", proto("p", "Other"));
    await run(project, "generate", "--out", "gen");
    expect(project.read("gen/a.pb.ts")).not.toBe(before);
    expect(readFileSync(reader, "utf8"), "somebody who has the old file open").toBe(before);
  });

  test("a run that broke off is no hand edit", () => {
    const project = createProject({ "a.proto": "" });
    const gen = join(project.root, "gen");
    const covered = {
      generators: new Set(["messages"]),
      sources: new Map([["a.proto", join(project.root, "a.proto")]]),
      complete: true,
    };
    const write = (content: string, between: () => void = () => {}): WritePlan => {
      const writer = createWriter(gen, { write: true, force: false });
      try {
        for (const path of ["x/a.pb.ts", "x/b.pb.ts", `${content}/c.pb.ts`]) {
          writer.add({ path, content, sources: ["a.proto"], generator: "messages" });
        }
        const { plan, diagnostics } = writer.plan(covered);
        expect(diagnostics).toEqual([]);
        between();
        writer.apply();
        return plan;
      } finally {
        writer.discard();
      }
    };
    write("one");
    // the ownership file and the first output are in place, the second cannot be, the final ownership file is to come
    const breaks = (): void => {
      project.remove("gen/x/b.pb.ts");
      project.write("gen/x/b.pb.ts/in-the-way", "");
    };
    expect(() => write("two", breaks)).toThrow(expect.objectContaining({ path: join(gen, "x/b.pb.ts") }));
    project.remove("gen/x/b.pb.ts");
    project.write("gen/x/b.pb.ts", "one");
    expect([project.read("gen/x/a.pb.ts"), project.read("gen/.wirespan.json").includes("before")]).toEqual([
      "two",
      true,
    ]);
    expect(readdirSync(gen).sort(), "nothing of its own").toEqual([".wirespan.json", "one", "two", "x"]);

    expect(write("three")).toMatchObject({ update: ["x/a.pb.ts", "x/b.pb.ts"], conflicts: [] });
    expect(project.read("gen/x/a.pb.ts")).toBe("three");
    expect(project.read("gen/.wirespan.json")).not.toContain("before");
  });

  test("what is planned only is in the plan, and nothing of it on disk", () => {
    const project = createProject({ "gen/a.pb.ts": "mine" });
    const writer = createWriter(join(project.root, "gen"), { write: false, force: true });
    for (const path of ["a.pb.ts", "b.pb.ts"]) {
      writer.add({ path, content: "new", sources: ["a.proto"], generator: "messages" });
    }
    const { plan } = writer.plan({ generators: new Set(), sources: new Map(), complete: false });
    expect([...plan.contents, ...plan.before]).toEqual([
      ["a.pb.ts", "new"],
      ["b.pb.ts", "new"],
      ["a.pb.ts", "mine"],
    ]);
    expect(plan).toMatchObject({ create: ["b.pb.ts"], update: ["a.pb.ts"], changes: 3 });
    expect(project.list("gen")).toEqual(["a.pb.ts"]);
  });

  test("nothing, when one of the files cannot be written", async () => {
    const project = createProject({ "a.proto": proto("p", "A"), "z/z.proto": proto("q", "Z"), "gen/z": "in the way" });
    const failed = await run(project, "generate", "a.proto", "z/z.proto", "--include", ".", "--out", "gen");
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringMatching(/error E6006: .*gen\/z/) });
    expect(project.list("gen")).toEqual(["z"]);
  });

  test("an ownership file that nobody understands stops the run", async () => {
    const project = createProject({ "a.proto": proto("p", "A"), "gen/.wirespan.json": "{" });
    const refused = await run(project, "generate", "--out", "gen");
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("error E6004") });
    expect(existsSync(join(project.root, "gen/a.pb.ts"))).toBe(false);
  });

  test("into the folder that holds the contracts", async () => {
    const project = createProject({ "a.proto": proto("p", "A") });
    expect((await run(project, "generate", "--out", ".")).code).toBe(0);
    expect(project.list()).toEqual([".wirespan.json", "a.pb.ts", "a.proto"]);
  });

  test("a pipe is no contract, and nobody waits for it", async () => {
    const project = createProject();
    execFileSync("mkfifo", [join(project.root, "a.proto")]);
    expect(await run(project, "generate", "a.proto")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("it is no file"),
    });
  });

  test("a folder in the way is named", async () => {
    const project = createProject({ "a.proto": proto("p", "A"), "gen/a.pb.ts/keep": "" });
    const refused = await run(project, "generate", "--out", "gen");
    expect(refused.stderr).toMatch(/error E6006: .*a\.pb\.ts/);
    expect(refused.code).toBe(2);
  });
});
